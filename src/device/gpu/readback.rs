//! Reading device memory back: copies that arrive later, so that a training loop never waits for one.

use super::memory::Located;
use crate::device::Values;
use crate::kernels::DType;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use wgpu::{Buffer, BufferDescriptor, BufferUsages, CommandEncoderDescriptor, Device, MapMode, Queue, SubmissionIndex};

const PENDING: u8 = 0;
const READY: u8 = 1;
const FAILED: u8 = 2;

/// A copy under way from the device to the host.
struct Copy {
    staging: Buffer,
    dtype: DType,
    state: Arc<AtomicU8>,
    submission: SubmissionIndex,
}

/// Copies under way, oldest first.
#[derive(Default)]
pub struct Readback {
    copies: VecDeque<Copy>,
}

impl Readback {
    /// Starts a copy of a tensor as it is after all submitted work.
    pub fn start(&mut self, device: &Device, queue: &Queue, tensor: &Located<'_>, dtype: DType) {
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
        self.copies.push_back(Copy { staging, dtype, state, submission });
    }

    /// Copies under way.
    pub fn len(&self) -> usize {
        self.copies.len()
    }

    /// The oldest copy's submission, to wait for.
    pub fn oldest(&self) -> Option<SubmissionIndex> {
        self.copies.front().map(|copy| copy.submission.clone())
    }

    /// The newest copy, taken out of turn.
    pub fn take_newest(&mut self) -> Option<Result<Values, String>> {
        self.copies.pop_back().map(Copy::values)
    }

    /// The newest copy's submission, to wait for.
    pub fn newest(&self) -> Option<SubmissionIndex> {
        self.copies.back().map(|copy| copy.submission.clone())
    }

    /// The oldest copy, if it has arrived.
    pub fn take_arrived(&mut self) -> Option<Result<Values, String>> {
        if self.copies.front()?.state.load(Ordering::Acquire) == PENDING {
            return None;
        }
        self.copies.pop_front().map(Copy::values)
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
