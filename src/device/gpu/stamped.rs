//! Plans run under the device's own clock.

use super::executor::GpuExecutor;
use super::timestamps::{Timestamps, seconds};
use crate::device::DeviceError;
use crate::kernels::{AnyKernel, Launch, Tuning};
use crate::plan::PlanId;
use std::ops::Range;
use wgpu::{CommandEncoder, CommandEncoderDescriptor, ComputePassDescriptor, Features};

impl GpuExecutor {
    /// Runs a stretch of a plan, a pass for each dispatch, and returns begin and end of each in ticks of the device's clock.
    pub(super) fn stamped(&mut self, id: PlanId, part: Range<usize>) -> Result<Vec<[u64; 2]>, DeviceError> {
        let steps = self.plans.part(id, part)?;
        let stamps = Timestamps::new(&self.opened.device, steps.len() as u32);
        let mut encoder =
            self.opened.device.create_command_encoder(&CommandEncoderDescriptor { label: Some("timeline") });
        for (step, index) in steps.iter().zip(0..) {
            let timestamp_writes = Some(stamps.around(index));
            let descriptor = ComputePassDescriptor { label: None, timestamp_writes };
            step.record(&mut encoder.begin_compute_pass(&descriptor));
        }
        self.ticks(&stamps, encoder)
    }

    /// Seconds of so many replays of a plan in one pass; none where the device has no clock.
    pub(super) fn replayed(&mut self, id: PlanId, times: u32) -> Result<Option<f64>, DeviceError> {
        if !self.opened.device.features().contains(Features::TIMESTAMP_QUERY) {
            return Ok(None);
        }
        let steps = self.plans.part(id, self.plans.all(id)?)?;
        let stamps = Timestamps::new(&self.opened.device, 1);
        let mut encoder =
            self.opened.device.create_command_encoder(&CommandEncoderDescriptor { label: Some("replays") });
        {
            let descriptor = ComputePassDescriptor { label: None, timestamp_writes: Some(stamps.around(0)) };
            let mut pass = encoder.begin_compute_pass(&descriptor);
            for _ in 0..times {
                steps.iter().for_each(|step| step.record(&mut pass));
            }
        }
        let ticks = self.ticks(&stamps, encoder)?;
        Ok(seconds(&ticks, self.opened.queue.get_timestamp_period()).first().map(|[begin, end]| end - begin))
    }

    /// Submits what was recorded between timestamps and waits for them.
    fn ticks(&self, stamps: &Timestamps, mut encoder: CommandEncoder) -> Result<Vec<[u64; 2]>, DeviceError> {
        stamps.resolve(&mut encoder);
        let submission = self.opened.queue.submit([encoder.finish()]);
        let read = stamps.ask();
        self.wait(Some(submission))?;
        read.ticks().map_err(|message| self.failed(message))
    }

    /// Loads later plans with these kernels.
    pub(super) fn retune(&mut self, tuning: Tuning) {
        self.options.tuning = tuning;
    }

    /// Compiles kernels as their tunings have them, side by side.
    pub(super) fn prepare(&mut self, kernels: &[(&dyn AnyKernel, Tuning)]) -> Result<(), DeviceError> {
        let launches = kernels.iter().map(|(kernel, tuning)| (*kernel, kernel.launch(tuning)));
        let launches: Vec<(&dyn AnyKernel, Launch)> = launches.collect();
        let shaders = launches.iter().map(|(kernel, launch)| (*kernel, &launch.shader));
        self.opened.pipelines().compile(&self.opened.device, shaders).map_err(|message| self.failed(message))?;
        self.check()
    }
}
