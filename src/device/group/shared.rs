//! An executor whose plans may stop for what the others of a group have computed.

use super::Member;
use crate::device::{DeviceError, Executor, Ticket, Timeline, Values};
use crate::kernels::common::clock::STEP;
use crate::plan::{Exchange, Layout, Meeting, Plan, PlanId, Tensor};
use std::ops::Range;

/// A member's executor. The first member's decides what is run: it announces how often, and the others hear it
/// ([`hear`](super::Collective::hear)) and do the same.
pub struct Shared {
    inner: Box<dyn Executor>,
    group: Member,
}

impl Shared {
    /// Makes an executor a member of a group.
    pub fn new(inner: Box<dyn Executor>, group: Member) -> Self {
        Self { inner, group }
    }

    fn together(&mut self, id: PlanId, meetings: &[Meeting]) -> Result<(), DeviceError> {
        let mut done = 0;
        for meeting in meetings {
            self.inner.run_part(id, done..meeting.after)?;
            done = meeting.after;
            self.exchange(meeting)?;
        }
        let all = self.inner.plan(id)?.dispatches.len();
        self.inner.run_part(id, done..all)
    }

    fn exchange(&mut self, meeting: &Meeting) -> Result<(), DeviceError> {
        let mut numbers = self.inner.read(meeting.tensor)?.into_f32();
        match &meeting.what {
            Exchange::Sum => self.group.sum(&mut numbers)?,
            Exchange::Gather { all, lengths } => {
                let gathered = self.group.gather(&numbers, lengths)?;
                return self.inner.write(*all, &Values::F32(gathered));
            }
            Exchange::First => self.group.hear(bytemuck::cast_slice_mut(&mut numbers))?,
            Exchange::Row { clock, rows } => {
                let step = self.inner.read(*clock)?.words()[STEP] as usize;
                let width = numbers.len() / rows;
                self.group.sum(&mut numbers[step % rows * width..][..width])?;
            }
        }
        self.inner.write(meeting.tensor, &Values::F32(numbers))
    }
}

impl Executor for Shared {
    fn device(&self) -> &str {
        self.inner.device()
    }

    fn layout(&self) -> &Layout {
        self.inner.layout()
    }

    fn load(&mut self, plan: Plan) -> Result<PlanId, DeviceError> {
        self.inner.load(plan)
    }

    fn allocated_bytes(&self) -> Option<u64> {
        self.inner.allocated_bytes()
    }

    fn plan(&self, id: PlanId) -> Result<&Plan, DeviceError> {
        self.inner.plan(id)
    }

    fn unload(&mut self, id: PlanId) {
        self.inner.unload(id);
    }

    fn run(&mut self, id: PlanId, times: u32) -> Result<(), DeviceError> {
        let meetings = self.inner.plan(id)?.meetings.clone();
        if meetings.is_empty() || times == 0 {
            return self.inner.run(id, times);
        }
        if self.group.rank() == 0 {
            self.group.hear(&mut [times])?;
        }
        let outcome = (0..times).try_for_each(|_| self.together(id, &meetings));
        if let Err(error) = &outcome {
            self.group.fail(&format!("{}: {error}", self.inner.device()));
        }
        outcome
    }

    fn run_part(&mut self, id: PlanId, dispatches: Range<usize>) -> Result<(), DeviceError> {
        self.inner.run_part(id, dispatches)
    }

    fn timeline(&mut self, id: PlanId) -> Result<Timeline, DeviceError> {
        self.inner.timeline(id)
    }

    fn write(&mut self, tensor: Tensor, values: &Values) -> Result<(), DeviceError> {
        self.inner.write(tensor, values)
    }

    fn read(&mut self, tensor: Tensor) -> Result<Values, DeviceError> {
        self.inner.read(tensor)
    }

    fn request(&mut self, tensor: Tensor) -> Result<Ticket, DeviceError> {
        self.inner.request(tensor)
    }

    fn arrived(&mut self, ticket: Ticket, wait: bool) -> Result<Option<Values>, DeviceError> {
        self.inner.arrived(ticket, wait)
    }
}
