//! The CPU executor: runs a plan through the kernels' Rust twins.
//!
//! In `f32` it trains on machines without a GPU; in `f64` it is the reference of the gradient checks.

mod memory;
mod room;

pub use room::{check_f32, room};

use crate::device::plans::Plans;
use crate::device::{DeviceError, Executor, Ticket, Values};
use crate::kernels::{Access, AnyKernel, Args};
use crate::math::Real;
use crate::plan::{Layout, Plan, PlanId, Tensor};
use memory::{Memory, Span};
use std::ops::Range;
use std::sync::Arc;

struct Call {
    kernel: Arc<dyn AnyKernel>,
    spans: Vec<(Span, Access)>,
}

/// Runs plans through the twins, in the precision `T`.
pub struct CpuExecutor<T: Element> {
    device: String,
    layout: Layout,
    memory: Memory<T>,
    plans: Plans<Call>,
    copies: Vec<(Ticket, Values)>,
}

/// A precision that the CPU executor runs in: `f32` or `f64`.
pub trait Element: Real {
    /// Calls the twin of this precision.
    fn call(kernel: &dyn AnyKernel, args: Args<'_, Self>);
    /// Wraps numbers of this precision.
    fn values(numbers: Vec<Self>) -> Values;
    /// The name for messages.
    const NAME: &'static str;
}

impl Element for f32 {
    fn call(kernel: &dyn AnyKernel, args: Args<'_, f32>) {
        kernel.twin_f32(args);
    }
    fn values(numbers: Vec<f32>) -> Values {
        Values::F32(numbers)
    }
    const NAME: &'static str = "f32";
}

impl Element for f64 {
    fn call(kernel: &dyn AnyKernel, args: Args<'_, f64>) {
        kernel.twin_f64(args);
    }
    fn values(numbers: Vec<f64>) -> Values {
        Values::F64(numbers)
    }
    const NAME: &'static str = "f64";
}

impl<T: Element> CpuExecutor<T> {
    /// Allocates the persistent memory of `layout`, all zero.
    ///
    /// # Errors
    /// When it needs more memory than the machine has available.
    pub fn new(layout: &Layout) -> Result<Self, DeviceError> {
        let device = format!("CPU ({} threads, {})", rayon::current_num_threads(), T::NAME);
        room::check::<T>("model and data", &device, [layout.elements()])?;
        Ok(Self {
            memory: Memory::new(layout)
                .map_err(|_| room::refused::<T>("model and data", &device, layout.elements()))?,
            plans: Plans::new(&device),
            device,
            layout: layout.clone(),
            copies: Vec::new(),
        })
    }

    fn failed(&self, message: String) -> DeviceError {
        DeviceError::Failed { device: self.device.clone(), message }
    }

    /// The dispatches of a plan whose arena is there, with their tensors located.
    fn calls(&self, plan: &Plan) -> Result<Vec<Call>, DeviceError> {
        let mut calls = Vec::with_capacity(plan.dispatches.len());
        for dispatch in &plan.dispatches {
            let mut spans = Vec::with_capacity(dispatch.tensors.len());
            for (binding, tensor) in dispatch.kernel.bindings().iter().zip(&dispatch.tensors) {
                spans.push((self.memory.locate(*tensor)?, binding.access));
            }
            calls.push(Call { kernel: dispatch.kernel.clone(), spans });
        }
        Ok(calls)
    }
}

/// Works on one of the threads that twins share their work with: from any other, each dispatch would wait to be taken up by them.
fn among_threads<R: Send>(work: impl FnOnce() -> R + Send) -> R {
    rayon::scope(|_| work())
}

impl<T: Element> Executor for CpuExecutor<T> {
    fn device(&self) -> &str {
        &self.device
    }

    fn layout(&self) -> &Layout {
        &self.layout
    }

    fn load(&mut self, plan: Plan) -> Result<PlanId, DeviceError> {
        let elements = plan.arena.elements();
        room::check::<T>(&plan.name, &self.device, [elements])?;
        self.plans.check(&plan, &self.layout)?;
        self.memory.add_arena(&plan).map_err(|_| room::refused::<T>(&plan.name, &self.device, elements))?;
        match self.calls(&plan) {
            Ok(calls) => Ok(self.plans.insert(plan, calls, ())),
            Err(error) => {
                self.memory.remove_arena(plan.id);
                Err(error)
            }
        }
    }

    fn plan(&self, id: PlanId) -> Result<&Plan, DeviceError> {
        self.plans.plan(id)
    }

    fn unload(&mut self, id: PlanId) {
        self.plans.remove(id);
        self.memory.remove_arena(id);
    }

    fn run(&mut self, id: PlanId, times: u32) -> Result<(), DeviceError> {
        let all = self.plans.all(id)?;
        among_threads(|| (0..times).try_for_each(|_| self.run_part(id, all.clone())))
    }

    fn run_part(&mut self, id: PlanId, dispatches: Range<usize>) -> Result<(), DeviceError> {
        among_threads(|| {
            for call in self.plans.part(id, dispatches)? {
                T::call(call.kernel.as_ref(), self.memory.args(&call.spans));
            }
            Ok(())
        })
    }

    fn write(&mut self, tensor: Tensor, values: &Values) -> Result<(), DeviceError> {
        self.memory.write(tensor, values)
    }

    fn read(&mut self, tensor: Tensor) -> Result<Values, DeviceError> {
        self.memory.read(tensor)
    }

    fn request(&mut self, tensor: Tensor) -> Result<Ticket, DeviceError> {
        let (ticket, copy) = (Ticket::unique(), self.memory.read(tensor)?);
        self.copies.push((ticket, copy));
        Ok(ticket)
    }

    fn arrived(&mut self, ticket: Ticket, _wait: bool) -> Result<Option<Values>, DeviceError> {
        match self.copies.iter().position(|(of, _)| *of == ticket) {
            Some(at) => Ok(Some(self.copies.remove(at).1)),
            None => Err(self.failed("this copy was not asked for, or has been taken".to_owned())),
        }
    }
}
