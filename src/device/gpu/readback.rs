//! Reading device memory back: copies that arrive later, so that a training loop never waits for one.

use super::memory::Located;
use crate::device::{Ticket, Values};
use crate::kernels::DType;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use wgpu::{Buffer, BufferDescriptor, BufferUsages, CommandEncoderDescriptor, Device, MapMode, Queue, SubmissionIndex};

const PENDING: u8 = 0;
const READY: u8 = 1;
const FAILED: u8 = 2;

/// A copy under way from the device to the host.
struct Copy {
    ticket: Ticket,
    staging: Buffer,
    dtype: DType,
    state: Arc<AtomicU8>,
    submission: SubmissionIndex,
}

/// Copies under way.
#[derive(Default)]
pub struct Readback {
    copies: Vec<Copy>,
}

impl Readback {
    /// Starts a copy of a tensor as it is after all submitted work.
    pub fn start(&mut self, device: &Device, queue: &Queue, tensor: &Located<'_>, dtype: DType) -> Ticket {
        let staging = device.create_buffer(&BufferDescriptor {
            label: Some("read-back"),
            size: tensor.size,
            usage: BufferUsages::MAP_READ | BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        let mut encoder = device.create_command_encoder(&CommandEncoderDescriptor { label: Some("read-back") });
        encoder.copy_buffer_to_buffer(tensor.buffer, tensor.offset, &staging, 0, tensor.size);
        let submission = queue.submit([encoder.finish()]);
        let state = Arc::new(AtomicU8::new(PENDING));
        let outcome = state.clone();
        staging.slice(..).map_async(MapMode::Read, move |result| {
            outcome.store(if result.is_ok() { READY } else { FAILED }, Ordering::Release);
        });
        let ticket = Ticket::unique();
        self.copies.push(Copy { ticket, staging, dtype, state, submission });
        ticket
    }

    /// Copies under way.
    pub fn len(&self) -> usize {
        self.copies.len()
    }

    /// A copy's submission, to wait for; none where there is no such copy.
    pub fn submission(&self, ticket: Ticket) -> Option<SubmissionIndex> {
        self.copies.iter().find(|copy| copy.ticket == ticket).map(|copy| copy.submission.clone())
    }

    /// A copy, if it has arrived.
    pub fn take(&mut self, ticket: Ticket) -> Option<Result<Values, String>> {
        let arrived = |copy: &Copy| copy.ticket == ticket && copy.state.load(Ordering::Acquire) != PENDING;
        let at = self.copies.iter().position(arrived)?;
        Some(self.copies.remove(at).values())
    }
}

impl Copy {
    fn values(self) -> Result<Values, String> {
        if self.state.load(Ordering::Acquire) != READY {
            return Err("the copy from the device failed".to_owned());
        }
        let bytes = self.staging.slice(..).get_mapped_range().map_err(|error| error.to_string())?;
        Ok(match self.dtype {
            DType::Real => Values::F32(bytemuck::pod_collect_to_vec(&bytes)),
            DType::Uint => Values::U32(bytemuck::pod_collect_to_vec(&bytes)),
        })
    }
}
