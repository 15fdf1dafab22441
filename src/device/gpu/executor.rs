//! Records plans into command buffers and submits them.

use super::adapter::AdapterEntry;
use super::interface::check_shader;
use super::memory::{ELEMENT, Memory};
use super::opened::Opened;
use super::pace::{AIM, Pace};
use super::readback::Readback;
use super::timestamps::seconds;
use crate::device::plans::Plans;
use crate::device::timeline::by_the_host;
use crate::device::{DeviceError, Executor, Ticket, Timeline, Values};
use crate::kernels::{DType, Launch, Tuning};
use crate::plan::{Layout, Plan, PlanId, Tensor};
use std::collections::VecDeque;
use std::num::NonZeroU64;
use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant};
use wgpu::{
    BindGroup, BindGroupDescriptor, BindGroupEntry, BindingResource, Buffer, BufferBinding, BufferDescriptor,
    BufferUsages, CommandEncoderDescriptor, ComputePass, ComputePassDescriptor, ComputePipeline, Features, PollType,
    SubmissionIndex,
};

/// Submissions that may be under way before the host waits for the oldest.
const MAX_IN_FLIGHT: usize = 4;
/// Copies that may be under way before the host waits for the oldest.
const MAX_COPIES: usize = 4;

/// How to open a GPU.
#[derive(Clone, Debug, Default)]
pub struct GpuOptions {
    /// The kernels to use where there is a device.
    pub tuning: Tuning,
    /// Keep wgpu's run-time bounds checks in the shaders.
    pub bounds_checks: bool,
    /// What a submission is to take; where nothing is said, 30 milliseconds. Results do not depend on it.
    pub submission: Option<Duration>,
}

pub(super) struct Step {
    pipeline: ComputePipeline,
    bindings: BindGroup,
    workgroups: [u32; 3],
}

impl Step {
    pub(super) fn record(&self, pass: &mut ComputePass<'_>) {
        pass.set_pipeline(&self.pipeline);
        pass.set_bind_group(0, &self.bindings, &[]);
        let [x, y, z] = self.workgroups;
        pass.dispatch_workgroups(x, y, z);
    }
}

/// The uniform blocks of a plan: where each begins and how long it is, in bytes.
struct Uniforms {
    buffer: Buffer,
    blocks: Vec<[u64; 2]>,
}

/// Runs plans on a wgpu adapter.
pub struct GpuExecutor {
    name: String,
    layout: Layout,
    memory: Memory,
    pub(super) options: GpuOptions,
    pub(super) plans: Plans<Step, Pace>,
    in_flight: VecDeque<SubmissionIndex>,
    readback: Readback,
    pub(super) opened: Arc<Opened>,
}

impl GpuExecutor {
    /// Opens an adapter and allocates the persistent memory of `layout`, all zero.
    ///
    /// # Errors
    /// When the adapter cannot be opened, or a region is larger than it can bind.
    pub fn new(adapter: &AdapterEntry, layout: &Layout, options: GpuOptions) -> Result<Self, DeviceError> {
        let opened = adapter.opened.take(adapter, options.tuning.cooperative, options.bounds_checks)?;
        let name = adapter.describe();
        let executor = Self {
            memory: Memory::new(&opened.device, &name, layout)?,
            plans: Plans::new(&name),
            name,
            layout: layout.clone(),
            options,
            in_flight: VecDeque::new(),
            readback: Readback::default(),
            opened,
        };
        executor.check()?;
        Ok(executor)
    }

    /// The tuning in use.
    pub fn tuning(&self) -> &Tuning {
        &self.options.tuning
    }

    pub(super) fn failed(&self, message: String) -> DeviceError {
        DeviceError::Failed { device: self.name.clone(), message }
    }

    pub(super) fn check(&self) -> Result<(), DeviceError> {
        match self.opened.error() {
            Some(message) => Err(self.failed(message)),
            None => Ok(()),
        }
    }

    fn poll(&self, how: PollType) -> Result<(), DeviceError> {
        self.opened.device.poll(how).map_err(|error| self.failed(error.to_string()))?;
        self.check()
    }

    pub(super) fn wait(&self, submission: Option<SubmissionIndex>) -> Result<(), DeviceError> {
        self.poll(PollType::Wait { submission_index: submission, timeout: None })
    }

    /// The dispatches of a plan whose arena is there: compiled, and bound to their memory.
    fn steps(&mut self, plan: &Plan, launches: &[Launch]) -> Result<Vec<Step>, DeviceError> {
        let limits = self.opened.device.limits();
        let kernels = || plan.dispatches.iter().map(|dispatch| dispatch.kernel.as_ref());
        for (kernel, launch) in kernels().zip(launches) {
            // Our own are looked at by the tests, in every permutation; here that would double the time they take to load.
            if !launch.shader.is_own() {
                check_shader(kernel, launch, &limits)?;
            }
        }
        let shaders = kernels().zip(launches.iter().map(|launch| &launch.shader));
        let mut pipelines = self.opened.pipelines();
        pipelines.compile(&self.opened.device, shaders).map_err(|message| self.failed(message))?;
        self.check()?;

        let uniforms = self.uniforms(plan, limits.min_uniform_buffer_offset_alignment as usize);
        let bind = |buffer, offset, size| {
            BindingResource::Buffer(BufferBinding { buffer, offset, size: NonZeroU64::new(size) })
        };
        let mut steps = Vec::with_capacity(plan.dispatches.len());
        for ((dispatch, launch), [offset, size]) in plan.dispatches.iter().zip(launches).zip(uniforms.blocks) {
            let missing = || self.failed(format!("shader `{}` was not compiled", launch.shader.label()));
            let compiled = pipelines.get(&launch.shader).ok_or_else(missing)?;
            let mut entries = vec![BindGroupEntry { binding: 0, resource: bind(&uniforms.buffer, offset, size) }];
            for (tensor, binding) in dispatch.tensors.iter().zip(1..) {
                let at = self.memory.locate(*tensor)?;
                entries.push(BindGroupEntry { binding, resource: bind(at.buffer, at.offset, at.size) });
            }
            let bindings = self.opened.device.create_bind_group(&BindGroupDescriptor {
                label: Some(&dispatch.label),
                layout: &compiled.layout,
                entries: &entries,
            });
            self.check()?;
            steps.push(Step { pipeline: compiled.pipeline.clone(), bindings, workgroups: launch.workgroups });
        }
        Ok(steps)
    }

    /// The uniform blocks of a plan in one buffer, each at an aligned offset.
    fn uniforms(&self, plan: &Plan, alignment: usize) -> Uniforms {
        let mut bytes = Vec::new();
        let mut blocks = Vec::with_capacity(plan.dispatches.len());
        for dispatch in &plan.dispatches {
            bytes.resize(bytes.len().next_multiple_of(alignment), 0);
            let block = dispatch.kernel.uniform();
            blocks.push([bytes.len(), block.len()].map(|x| x as u64));
            bytes.extend_from_slice(&block);
        }
        bytes.resize(bytes.len().next_multiple_of(4).max(4), 0);
        let buffer = self.opened.device.create_buffer(&BufferDescriptor {
            label: Some("uniforms"),
            size: bytes.len() as u64,
            usage: BufferUsages::UNIFORM | BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        self.opened.queue.write_buffer(&buffer, 0, &bytes);
        Uniforms { buffer, blocks }
    }

    /// Queues whole steps: many in a submission, or one in several.
    fn submit_steps(&mut self, id: PlanId, times: u32) -> Result<(), DeviceError> {
        let all = self.plans.all(id)?;
        match times {
            1 => self.run_part(id, all),
            _ => self.submit(id, all, times),
        }
    }

    fn submit(&mut self, id: PlanId, part: Range<usize>, times: u32) -> Result<(), DeviceError> {
        let steps = self.plans.part(id, part)?;
        let mut encoder = self.opened.device.create_command_encoder(&CommandEncoderDescriptor { label: Some("steps") });
        {
            let mut pass = encoder.begin_compute_pass(&ComputePassDescriptor::default());
            for _ in 0..times {
                steps.iter().for_each(|step| step.record(&mut pass));
            }
        }
        let submission = self.opened.queue.submit([encoder.finish()]);
        self.in_flight.push_back(submission);
        if self.in_flight.len() > MAX_IN_FLIGHT {
            let oldest = self.in_flight.pop_front();
            self.wait(oldest)?;
        }
        self.check()
    }
}

impl Executor for GpuExecutor {
    fn device(&self) -> &str {
        &self.name
    }

    fn layout(&self) -> &Layout {
        &self.layout
    }

    fn allocated_bytes(&self) -> Option<u64> {
        Some(self.opened.device.generate_allocator_report()?.total_allocated_bytes)
    }

    fn load(&mut self, plan: Plan) -> Result<PlanId, DeviceError> {
        self.plans.check(&plan, &self.layout)?;
        let launches: Vec<Launch> = plan.dispatches.iter().map(|d| d.kernel.launch(&self.options.tuning)).collect();
        let pace =
            Pace::new(&plan, &launches, &self.options.tuning, &self.name, self.options.submission.unwrap_or(AIM))?;
        match self.memory.add_arena(&self.opened.device, &plan).and_then(|()| self.steps(&plan, &launches)) {
            Ok(steps) => Ok(self.plans.insert(plan, steps, pace)),
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
        self.plans.plan(id)?;
        let mut left = times;
        while left > 0 {
            let pace = self.plans.known(id)?;
            let steps = pace.steps().min(left);
            if pace.is_due(steps) {
                self.wait(None)?;
                let start = Instant::now();
                self.submit_steps(id, steps)?;
                self.wait(None)?;
                self.in_flight.clear();
                self.plans.known(id)?.took(steps, start.elapsed());
            } else {
                self.submit_steps(id, steps)?;
            }
            left -= steps;
        }
        Ok(())
    }

    fn run_part(&mut self, id: PlanId, dispatches: Range<usize>) -> Result<(), DeviceError> {
        self.plans.part(id, dispatches.clone())?;
        for part in self.plans.known(id)?.parts(dispatches) {
            self.submit(id, part, 1)?;
        }
        Ok(())
    }

    fn timeline(&mut self, id: PlanId) -> Result<Timeline, DeviceError> {
        if !self.opened.device.features().contains(Features::TIMESTAMP_QUERY) {
            return by_the_host(self, id, |executor| executor.wait(None));
        }
        let all = self.plans.all(id)?;
        let mut ticks = Vec::with_capacity(all.len());
        for part in self.plans.known(id)?.parts(all) {
            ticks.extend(self.stamped(id, part)?);
        }
        Ok(Timeline::from_timestamps(&seconds(&ticks, self.opened.queue.get_timestamp_period())))
    }

    fn write(&mut self, tensor: Tensor, values: &Values) -> Result<(), DeviceError> {
        let at = self.memory.locate(tensor)?;
        if values.len() as u64 * ELEMENT != at.size {
            return Err(DeviceError::bad(tensor, format!("{} values were given for it", values.len())));
        }
        match (tensor.dtype, values) {
            (DType::Uint, Values::U32(x)) => {
                self.opened.queue.write_buffer(at.buffer, at.offset, bytemuck::cast_slice(x))
            }
            (DType::Real, Values::F32(x)) => {
                self.opened.queue.write_buffer(at.buffer, at.offset, bytemuck::cast_slice(x))
            }
            (DType::Real, Values::F64(_)) => {
                self.opened.queue.write_buffer(at.buffer, at.offset, bytemuck::cast_slice(&values.to_f32()));
            }
            _ => return Err(DeviceError::bad(tensor, "words were given for reals, or reals for words")),
        }
        self.check()
    }

    fn read(&mut self, tensor: Tensor) -> Result<Values, DeviceError> {
        let ticket = self.request(tensor)?;
        let copy = self.arrived(ticket, true)?;
        // All work queued before is done.
        self.in_flight.clear();
        copy.ok_or_else(|| self.failed("a copy that was waited for has not come".to_owned()))
    }

    fn request(&mut self, tensor: Tensor) -> Result<Ticket, DeviceError> {
        let at = self.memory.locate(tensor)?;
        let ticket = self.readback.start(&self.opened.device, &self.opened.queue, &at, tensor.dtype);
        self.check()?;
        Ok(ticket)
    }

    fn arrived(&mut self, ticket: Ticket, wait: bool) -> Result<Option<Values>, DeviceError> {
        let Some(submission) = self.readback.submission(ticket) else {
            return Err(self.failed("this copy was not asked for, or has been taken".to_owned()));
        };
        if wait || self.readback.len() > MAX_COPIES {
            self.wait(Some(submission))?;
        } else {
            self.poll(PollType::Poll)?;
        }
        self.readback.take(ticket).transpose().map_err(|message| self.failed(message))
    }
}
