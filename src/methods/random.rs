//! The random reference: the encoder as it was initialised.

use super::{Batch, Forward, Method, Model, Objective};
use crate::nn::{Networks, Params, Sizes};
use crate::plan::Graph;
use crate::setting::settings_table;

settings_table! {
    /// An encoder that is not trained; it has no settings.
    pub struct Random("random") {}
}

impl Method for Random {
    const NAME: &'static str = "random";
    const ABOUT: &'static str = "a reference: the encoder as it was initialised";
}

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
