//! What every variational objective begins with: encode, sample, decode, and the reconstruction term.

use super::LossLog;
use crate::kernels::latent::reparameterise::{Reparameterise, ReparameteriseBackward};
use crate::kernels::loss::likelihood::{Likelihood, LikelihoodKind};
use crate::nn::{AutoEncoder, ParamMemory};
use crate::plan::{Graph, Tensor};
use serde::{Deserialize, Serialize};

/// Distribution of the pixels given the latent.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LikelihoodSettings {
    /// The distribution.
    pub kind: LikelihoodKind,
    /// Its variance, s_x^2.
    pub variance: f64,
}

/// Encoder and decoder in their place on a device.
#[derive(Clone, Debug)]
pub struct Model {
    /// The networks.
    pub networks: AutoEncoder,
    /// Their parameters' memory.
    pub memory: ParamMemory,
    /// Distribution of the pixels.
    pub likelihood: LikelihoodSettings,
    /// The step's clock.
    pub clock: Tensor,
    /// Where the terms go; its first one is the reconstruction.
    pub log: LossLog,
}

/// The tensors of one forward pass.
#[derive(Clone, Copy, Debug)]
pub struct Forward {
    /// Rows `[mu, logvar]`, `[rows, 2 latent]`.
    pub encoded: Tensor,
    /// Samples of the posterior, `[rows, latent]`.
    pub z: Tensor,
    /// The decoder's output before the sigmoid, `[rows, pixels]`.
    pub logits: Tensor,
}

impl Model {
    /// Emits encoder, sample, decoder and the reconstruction term.
    pub(super) fn emit(&self, g: &mut Graph, x: Tensor, noise: Tensor) -> Forward {
        let (rows, width) = x.shape.as_matrix();
        let scale = 1.0 / rows as f64;
        let encoded = self.networks.encoder.forward(g, &self.memory, x, false);
        let z = reparameterise(g, encoded, noise);
        let logits = self.networks.decoder.forward(g, &self.memory, z, true);

        let terms = g.tensor("reconstruction", [rows]);
        let (dlogits, _) = g.grad_target(logits);
        let LikelihoodSettings { kind, variance } = self.likelihood;
        let likelihood = Likelihood { kind, rows, width, variance, gradient_scale: scale };
        g.push("likelihood", likelihood, &[logits, x, terms, dlogits]);
        self.log.record(g, self.clock, 0, terms, scale);
        Forward { encoded, z, logits }
    }
}

/// Emits `z = mu + exp(logvar / 2) * noise` and remembers its backward.
pub fn reparameterise(g: &mut Graph, encoded: Tensor, noise: Tensor) -> Tensor {
    let (rows, latent) = noise.shape.as_matrix();
    let z = g.tensor("z", [rows, latent]);
    g.push("reparameterise", Reparameterise { rows, latent }, &[encoded, noise, noise, z]);
    g.on_backward(move |g| {
        let Some(dz) = g.grad(z) else { return };
        let (dencoded, accumulate) = g.grad_target(encoded);
        let kernel = ReparameteriseBackward { rows, latent, accumulate };
        g.push("reparameterise backward", kernel, &[encoded, noise, dz, dencoded]);
    });
    z
}
