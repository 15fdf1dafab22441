//! Twin of `shaders/optim/clock.wgsl`: begins a step.

use crate::kernels::common::clock::{
    self, CORRECTION1, CORRECTION2, CURSOR, EPOCH, LEARNING_RATE, NEXT_CURSOR, NEXT_EPOCH, STEP,
};
use crate::kernels::{Access, Args, Binding, Kernel, Launch, Tuning, common};
use crate::math::Real;
use encase::ShaderType;

/// Advances the clock (`[8]` words) and writes this step's rates (`[4]`).
///
/// Batches are cut from an endless stream of shuffled epochs: a batch that reaches the end of an epoch takes its
/// remaining images from the next one, so every step has the same size and every image comes once per epoch.
#[derive(Clone, Debug)]
pub struct Clock {
    /// Images in the data set.
    pub images: u32,
    /// Images in a step, at most `images`.
    pub batch: u32,
    /// Steps of linear warm-up.
    pub warmup_steps: u32,
    /// Last step of the cosine decay; 0 keeps the rate constant.
    pub total_steps: u32,
    /// Peak learning rate.
    pub learning_rate: f64,
    /// Decay of Adam's first moment.
    pub beta1: f64,
    /// Decay of Adam's second moment.
    pub beta2: f64,
}

/// The shader's uniform block.
#[derive(ShaderType)]
pub struct Params {
    images: u32,
    batch: u32,
    warmup_steps: u32,
    total_steps: u32,
    learning_rate: f32,
    log_beta1: f32,
    log_beta2: f32,
}

impl Kernel for Clock {
    type Params = Params;

    fn bindings(&self) -> Vec<Binding> {
        vec![clock::binding(Access::Update), clock::rates_binding(Access::Update)]
    }

    fn params(&self) -> Params {
        Params {
            images: self.images,
            batch: self.batch,
            warmup_steps: self.warmup_steps,
            total_steps: self.total_steps,
            learning_rate: self.learning_rate as f32,
            log_beta1: self.beta1.ln() as f32,
            log_beta2: self.beta2.ln() as f32,
        }
    }

    fn launch(&self, _tuning: &Tuning) -> Launch {
        let shader = shader!("optim/clock").with(common::clock::WGSL).with(common::math::WGSL);
        Launch::groups(shader, 1)
    }

    fn twin<T: Real>(&self, mut args: Args<'_, T>) {
        let clock = args.uint_mut(0);
        let rates = args.real_mut(1);
        let step = clock[STEP] + 1;
        clock[STEP] = step;
        clock[EPOCH] = clock[NEXT_EPOCH];
        clock[CURSOR] = clock[NEXT_CURSOR];
        clock[NEXT_CURSOR] += self.batch;
        if clock[NEXT_CURSOR] >= self.images {
            clock[NEXT_CURSOR] -= self.images;
            clock[NEXT_EPOCH] += 1;
        }

        let mut rate = self.learning_rate;
        if step <= self.warmup_steps {
            rate *= f64::from(step) / f64::from(self.warmup_steps);
        } else if self.total_steps > self.warmup_steps {
            let progress = f64::from(step - self.warmup_steps) / f64::from(self.total_steps - self.warmup_steps);
            rate *= 0.5 + 0.5 * (std::f64::consts::PI * progress.min(1.0)).cos();
        }
        rates[LEARNING_RATE] = T::of(rate);
        let correction = |beta: f64| -(f64::from(step) * beta.ln()).exp_m1();
        rates[CORRECTION1] = T::of(1.0 / correction(self.beta1));
        rates[CORRECTION2] = T::of(1.0 / correction(self.beta2).sqrt());
    }

    fn examples() -> Vec<Self> {
        let example = |(warmup_steps, total_steps)| Self {
            images: 1000,
            batch: 999,
            warmup_steps,
            total_steps,
            learning_rate: 1e-3,
            beta1: 0.9,
            beta2: 0.999,
        };
        [(0, 0), (10_000, 0), (3, 10_000)].map(example).into()
    }
}
