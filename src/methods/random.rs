//! The random reference: the encoder as it was initialised.

use super::{Batch, Forward, Model, Objective};
use crate::nn::{Networks, Params, Sizes};
use crate::plan::Graph;

/// An encoder that is not trained.
#[derive(Clone, Debug)]
pub struct Random;

impl Objective for Random {
    fn terms(&self) -> &'static [&'static str] {
        &[]
    }

    fn networks(&self, params: &mut Params, sizes: &Sizes<'_>) -> Networks {
        Networks::with_head(params, sizes, "none", &[])
    }

    fn emit(&self, g: &mut Graph, model: &Model, batch: &Batch<'_>) -> Forward {
        model.project(g, batch.x)
    }

    fn trains(&self) -> bool {
        false
    }
}
