//! Views of made-up images, step by step on an executor: what the tests of views share.

use wgpu_simvae::augment::{Augmentation, ImageSource, ViewCount};
use wgpu_simvae::device::cpu::CpuExecutor;
use wgpu_simvae::device::gpu::{GpuExecutor, GpuOptions};
use wgpu_simvae::device::{Executor, Values};
use wgpu_simvae::kernels::DType;
use wgpu_simvae::kernels::common::clock::fresh;
use wgpu_simvae::kernels::optim::clock::Clock;
use wgpu_simvae::optim::StepState;
use wgpu_simvae::plan::{Graph, Layout, PlanId, Tensor};

/// The images that views are made of.
pub struct Images {
    pub bytes: Vec<u8>,
    /// Channels, height and width.
    pub shape: [usize; 3],
    /// Height and width of the views.
    pub size: [usize; 2],
    /// Whether views are made black and white.
    pub threshold: bool,
}

/// A plan that advances the clock and renders the views of so many images.
pub struct Renderer {
    executor: Box<dyn Executor>,
    clock: Tensor,
    plan: PlanId,
    x: Tensor,
}

impl Renderer {
    /// On the adapter, if there is one and the tests are not to go without, or on the CPU.
    pub fn new(
        gpu: bool,
        images: &Images,
        (batch, count): (usize, ViewCount),
        how: &Augmentation,
        seed: u64,
    ) -> Option<Self> {
        let held = images.bytes.len() / images.shape.iter().product::<usize>();
        let mut layout = Layout::default();
        let state = StepState::new(&mut layout);
        let pixels = layout.add("pixels", DType::Uint, [images.bytes.len().div_ceil(4)]);
        let ([channels, stored @ ..], [height, width]) = (images.shape, images.size);
        let shape = [channels, height, width];
        let source = ImageSource { pixels, images: held, shape, stored, threshold: images.threshold };
        let mut g = Graph::new("views");
        let clock = Clock {
            images: held as u32,
            batch: batch as u32,
            warmup_steps: 0,
            total_steps: 0,
            learning_rate: 1.0,
            beta1: 0.9,
            beta2: 0.999,
        };
        g.push("clock", clock, &[state.clock, state.rates]);
        let x = source.augmented(&mut g, state.clock, batch, count, how).x;
        g.keep(x);
        let mut executor: Box<dyn Executor> = if gpu {
            let adapter = crate::common::adapter()?;
            Box::new(GpuExecutor::new(&adapter, &layout, GpuOptions::default()).expect("the adapter opens"))
        } else {
            Box::new(CpuExecutor::<f32>::new(&layout).expect("enough memory"))
        };
        let plan = executor.load(g.finish().expect("a valid plan")).expect("it loads");
        let mut words = vec![0u32; images.bytes.len().div_ceil(4)];
        bytemuck::cast_slice_mut(&mut words)[..images.bytes.len()].copy_from_slice(&images.bytes);
        executor.write(pixels, &Values::U32(words)).expect("it is written");
        executor.write(state.clock, &Values::U32(fresh(seed).to_vec())).expect("it is written");
        Some(Self { executor, clock: state.clock, plan, x })
    }

    /// The views of the next step, and the words of the clock after it.
    pub fn step(&mut self) -> (Vec<f32>, Vec<u32>) {
        self.executor.run(self.plan, 1).expect("it runs");
        let mut read = |tensor| self.executor.read(tensor).expect("it is read");
        (read(self.x).to_f32(), read(self.clock).words().to_vec())
    }
}
