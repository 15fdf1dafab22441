//! What every network can do.

use super::ParamMemory;
use crate::plan::{Graph, Tensor};
use std::fmt::Debug;

/// Whether a network trains or is looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// Batch normalisation uses the batch's statistics, and its running ones follow them.
    #[default]
    Training,
    /// As in training, but the running statistics stay: the same batch comes again.
    Rehearsal,
    /// Batch normalisation uses the running statistics; there is no backward.
    Evaluation,
}

/// How a network is passed.
#[derive(Clone, Copy, Debug)]
pub struct Pass {
    /// Whether it trains.
    pub mode: Mode,
    /// Whether the gradient of the input is wanted: pixels need none.
    pub differentiate_input: bool,
}

impl Pass {
    /// The network is looked at.
    pub const LOOK: Self = Self { mode: Mode::Evaluation, differentiate_input: false };
}

/// A network.
pub trait Module: Debug + Send + Sync {
    /// Emits the forward pass of `x`, one row per image view, `[rows, inputs]` or `[rows, channels, height, width]`, to
    /// `[rows, outputs]`, and remembers the backward.
    fn forward(&self, g: &mut Graph, memory: &ParamMemory, x: Tensor, pass: Pass) -> Tensor;
}
