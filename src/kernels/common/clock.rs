//! The clock's layout: twin of `shaders/common/clock.wgsl`.

use crate::kernels::{Access, Binding, Content, Draw};

/// The shared WGSL.
pub const WGSL: &str = wgsl!("common/clock");

/// Words of the clock.
pub const CLOCK_WORDS: usize = 8;
/// Numbers of the rates.
pub const RATES: usize = 4;

/// Steps begun so far; 1 during the first.
pub const STEP: usize = 0;
/// Epoch of this step's first image.
pub const EPOCH: usize = 1;
/// Position of this step's first image within that epoch.
pub const CURSOR: usize = 2;
/// [`EPOCH`] of the next step.
pub const NEXT_EPOCH: usize = 3;
/// [`CURSOR`] of the next step.
pub const NEXT_CURSOR: usize = 4;
/// The seed's two words.
pub const SEED: usize = 5;

/// Index of the learning rate in the rates.
pub const LEARNING_RATE: usize = 0;
/// Index of 1 / (1 - beta1^step).
pub const CORRECTION1: usize = 1;
/// Index of 1 / sqrt(1 - beta2^step).
pub const CORRECTION2: usize = 2;

/// The binding of the clock; its example is in the middle of a run.
pub fn binding(access: Access) -> Binding {
    let example = |_: &Draw| Content::Words(vec![7, 3, 5, 3, 1, 0x1234_5678, 0x9abc_def0, 0]);
    Binding::uint("clock", access, CLOCK_WORDS).drawn(example)
}

/// The binding of the rates.
pub fn rates_binding(access: Access) -> Binding {
    Binding::real("rates", access, RATES).drawn(|_| Content::Reals(vec![1e-2, 1.3, 2.7, 0.0]))
}

/// A clock before the first step.
pub fn fresh(seed: u64) -> [u32; CLOCK_WORDS] {
    let [low, high] = super::philox::split(seed);
    [0, 0, 0, 0, 0, low, high, 0]
}
