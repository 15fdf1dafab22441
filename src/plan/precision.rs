//! Products in single or in half precision, and the loss scale of the latter.

use super::{Graph, Tensor};
use crate::kernels::optim::loss_scale::{Largest, LossScale, STRANDS};
use crate::kernels::product::Multiply;
use crate::kernels::product::half::{Half, Operand};

/// In what precision the matrix products of networks see their operands. Everything else is in single precision: sums, weights, what lies in
/// memory, losses, statistics, and the optimiser.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Precision {
    /// As they are.
    #[default]
    Single,
    /// Rounded to half precision, gradients under a loss scale.
    Mixed,
}

impl Precision {
    /// The words for it in the settings.
    pub fn names() -> Vec<&'static str> {
        vec!["single", "mixed"]
    }
}

impl Graph {
    /// The same graph, whose networks' products are in this precision.
    pub fn precise(mut self, precision: Precision) -> Self {
        self.precision = precision;
        self
    }

    /// Appends a product of a network in the graph's precision; `gradient` says which of its operands is a gradient.
    pub fn push_product<K: Multiply>(
        &mut self,
        label: &str,
        product: K,
        tensors: &[Tensor],
        gradient: Option<Operand>,
    ) {
        if self.precision == Precision::Single {
            return self.push(label, product, tensors);
        }
        let scale = gradient.zip(self.loss_scale);
        let tensors: Vec<Tensor> = tensors.iter().copied().chain(scale.map(|(_, scale)| scale)).collect();
        self.push(label, Half { product, gradient: scale.map(|(gradient, _)| gradient) }, &tensors);
    }

    /// Emits the loss scale of the backward pass that begins here, which starts from the gradients that losses have written.
    pub(super) fn scale_loss(&mut self) {
        let written = std::mem::take(&mut self.loss_gradients);
        self.loss_scale = None;
        if self.precision == Precision::Single {
            return;
        }
        let mut largest: Option<Tensor> = None;
        for gradient in written {
            let strands = self.tensor("largest gradients", [STRANDS]);
            let kernel = Largest { count: gradient.len(), continued: largest.is_some() };
            self.push("largest gradient", kernel, &[gradient, largest.unwrap_or(gradient), strands]);
            largest = Some(strands);
        }
        if let Some(strands) = largest {
            let scale = self.tensor("loss scale", [2]);
            self.push("loss scale", LossScale, &[strands, scale]);
            self.loss_scale = Some(scale);
        }
    }
}
