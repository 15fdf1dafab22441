//! The optimiser's dispatches: the one that begins a step and the one that ends it.

use crate::kernels::DType;
use crate::kernels::common::clock::{CLOCK_WORDS, RATES};
use crate::kernels::optim::adam::Adam;
use crate::kernels::optim::clock::Clock;
use crate::nn::ParamMemory;
use crate::plan::{Graph, Layout, Tensor};
use crate::setting::settings_table;
use serde::{Deserialize, Serialize};

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

settings_table! {
    /// Adam and its schedule.
    pub struct OptimConfig("optim") {
        /// Adam's peak learning rate.
        pub lr: f64 = 8e-5 => Allowed::real(1e-12, 1e3),
        /// Decay of Adam's first moment.
        pub beta1: f64 = 0.9 => Allowed::real(1e-6, 0.999999),
        /// Decay of Adam's second moment.
        pub beta2: f64 = 0.999 => Allowed::real(1e-6, 0.999999),
        /// Added to the root of the second moment.
        pub eps: f64 = 1e-8 => Allowed::real(1e-20, 1.0),
        /// Decoupled weight decay (AdamW).
        pub weight_decay: f64 = 0.0 => Allowed::Real { low: 1e-12, high: 1e3, zero: true },
        /// Epochs of linear warm-up.
        pub warmup_epochs: u32 = 0 => Allowed::at_least(0),
        /// Steps of linear warm-up; 0 counts `optim.warmup_epochs`.
        pub warmup_steps: u32 = 0 => Allowed::whole(0, u32::MAX as u64),
        /// How the rate changes after the warm-up: not at all, or along half a cosine to zero at the end of the run.
        pub schedule: Schedule = Schedule::Constant => Allowed::Words(Schedule::names),
    }
}

/// How the learning rate changes after the warm-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Schedule {
    /// Not at all.
    Constant,
    /// Half a cosine down to zero at the end of the run.
    Cosine,
}

impl Schedule {
    /// The words for it in the settings.
    pub fn names() -> Vec<&'static str> {
        vec!["constant", "cosine"]
    }
}

/// Adam with its schedule in steps.
#[derive(Clone, Debug, PartialEq)]
pub struct Optimiser {
    /// Its settings.
    pub settings: OptimConfig,
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
            learning_rate: self.settings.lr,
            beta1: self.settings.beta1,
            beta2: self.settings.beta2,
        };
        g.push("begin step", kernel, &[state.clock, state.rates]);
    }

    /// Emits the update of all parameters.
    pub fn update(&self, g: &mut Graph, state: &StepState, memory: &ParamMemory) {
        let kernel = Adam {
            count: memory.weights.len(),
            beta1: self.settings.beta1,
            beta2: self.settings.beta2,
            epsilon: self.settings.eps,
            weight_decay: self.settings.weight_decay,
        };
        let ParamMemory { weights, gradients, first, second, .. } = *memory;
        g.push("adam", kernel, &[state.rates, gradients, weights, first, second]);
    }
}
