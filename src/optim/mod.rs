//! The optimiser's dispatches: the one that begins a step and the one that ends it.

use crate::kernels::DType;
use crate::kernels::common::clock::{CLOCK_WORDS, RATES};
use crate::kernels::optim::adam::Adam;
use crate::kernels::optim::clock::Clock;
use crate::nn::ParamMemory;
use crate::plan::{Graph, Layout, Tensor};

/// What changes from step to step, kept on the device.
#[derive(Clone, Copy, Debug)]
pub struct StepState {
    /// Step number, position in the data and seed; see [`crate::kernels::common::clock`].
    pub clock: Tensor,
    /// The step's learning rate and bias corrections.
    pub rates: Tensor,
}

impl StepState {
    /// Adds the regions.
    pub fn new(layout: &mut Layout) -> Self {
        Self {
            clock: layout.add("clock", DType::Uint, [CLOCK_WORDS]),
            rates: layout.add("rates", DType::Real, [RATES]),
        }
    }
}

/// Settings of Adam and its schedule.
#[derive(Clone, Debug, PartialEq)]
pub struct Optimiser {
    /// Peak learning rate.
    pub learning_rate: f64,
    /// Decay of the first moment.
    pub beta1: f64,
    /// Decay of the second moment.
    pub beta2: f64,
    /// Added to the denominator.
    pub epsilon: f64,
    /// Decoupled weight decay.
    pub weight_decay: f64,
    /// Steps of linear warm-up.
    pub warmup_steps: u32,
    /// Last step of a cosine decay to zero; `None` keeps the rate constant.
    pub cosine_until: Option<u32>,
}

impl Optimiser {
    /// Emits the beginning of a step over a data set of `images` in batches of `batch`.
    pub fn begin_step(&self, g: &mut Graph, state: &StepState, images: usize, batch: usize) {
        let kernel = Clock {
            images: images as u32,
            batch: batch as u32,
            warmup_steps: self.warmup_steps,
            total_steps: self.cosine_until.unwrap_or(0),
            learning_rate: self.learning_rate,
            beta1: self.beta1,
            beta2: self.beta2,
        };
        g.push("begin step", kernel, &[state.clock, state.rates]);
    }

    /// Emits the update of all parameters.
    pub fn update(&self, g: &mut Graph, state: &StepState, memory: &ParamMemory) {
        let kernel = Adam {
            count: memory.weights.len(),
            beta1: self.beta1,
            beta2: self.beta2,
            epsilon: self.epsilon,
            weight_decay: self.weight_decay,
        };
        let ParamMemory { weights, gradients, first, second, .. } = *memory;
        g.push("adam", kernel, &[state.rates, gradients, weights, first, second]);
    }
}
