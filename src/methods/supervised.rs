//! The supervised reference: softmax cross-entropy through a classifier on the same encoder.

use super::{Batch, Forward, Model, Objective};
use crate::kernels::loss::cross_entropy::CrossEntropy;
use crate::nn::{Networks, Params, Sizes};
use crate::plan::Graph;

/// The supervised reference.
#[derive(Clone, Debug)]
pub struct Supervised {
    /// Whether a linear classifier follows the representation, or the representation is the logits.
    pub classifier: bool,
}

impl Objective for Supervised {
    fn terms(&self) -> &'static [&'static str] {
        &["cross_entropy"]
    }

    fn networks(&self, params: &mut Params, sizes: &Sizes<'_>) -> Networks {
        let widths: &[usize] = if self.classifier { &[sizes.classes] } else { &[] };
        Networks::with_head(params, sizes, "cls", widths)
    }

    fn emit(&self, g: &mut Graph, model: &Model, batch: &Batch<'_>) -> Forward {
        let forward = model.project(g, batch.x);
        let (rows, classes) = forward.z.shape.as_matrix();
        let scale = 1.0 / rows as f64;
        let labels = (batch.labels)(g);
        let terms = g.tensor("cross-entropy", [rows]);
        let dlogits = g.grad_first(forward.z);
        let kernel = CrossEntropy { rows, classes, gradient_scale: scale };
        g.push("cross-entropy", kernel, &[forward.z, labels, terms, dlogits]);
        model.record(g, 0, terms, scale);
        forward
    }
}
