//! The supervised reference: softmax cross-entropy through a classifier on the same encoder.

use super::{Batch, Example, Facts, Forward, Golden, Method, Model, Objective};
use crate::kernels::loss::cross_entropy::CrossEntropy;
use crate::nn::{Networks, Params, Sizes};
use crate::plan::Graph;
use crate::setting::{Described, Setting};
use serde::{Deserialize, Serialize};

/// The supervised reference, which has no settings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Supervised {
    /// Whether a linear classifier follows the representation, or the representation is the logits.
    #[serde(skip, default = "with_classifier")]
    pub classifier: bool,
}

fn with_classifier() -> bool {
    true
}

impl Default for Supervised {
    fn default() -> Self {
        Self { classifier: with_classifier() }
    }
}

impl Described for Supervised {
    const TABLE: &'static str = "supervised";
    const SETTINGS: &'static [Setting] = &[];
}

impl Method for Supervised {
    const NAME: &'static str = "supervised";
    const ABOUT: &'static str = "a reference: cross-entropy with the labels";
    const GOLDEN: &'static [&'static str] = &["cross_entropy_"];

    fn golden(_: &Facts) -> Golden<Self> {
        Golden { method: Self { classifier: false }, views: 1, terms: vec![("total", 1.0)], summed: false }
    }

    fn examples() -> Vec<Example<Self>> {
        vec![Example::with_projector("supervised", 1, &[], Self::default())]
    }
}

impl Objective for Supervised {
    fn terms(&self) -> &'static [&'static str] {
        &["cross_entropy"]
    }

    fn networks(&self, params: &mut Params, sizes: &Sizes<'_>) -> Networks {
        let widths: &[usize] = if self.classifier { &[sizes.classes] } else { &[] };
        Networks::with_head(params, sizes, "cls", widths)
    }

    fn needs_labels(&self) -> bool {
        true
    }

    fn emit(&self, g: &mut Graph, model: &Model, batch: &Batch<'_>) -> Forward {
        let forward = model.project(g, batch.x);
        let (rows, classes) = forward.z.shape.as_matrix();
        let scale = batch.scale();
        let labels = (batch.labels)(g);
        let terms = g.tensor("cross-entropy", [rows]);
        let dlogits = g.grad_first(forward.z);
        let kernel = CrossEntropy { rows, classes, gradient_scale: scale };
        g.push("cross-entropy", kernel, &[forward.z, labels, terms, dlogits]);
        model.record(g, &[terms], scale);
        forward
    }
}
