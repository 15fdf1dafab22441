//! SimVAE's objective (Bizeul, Schölkopf and Allen, 2024, section 4).
//!
//! For J views of each image, minimises `L_rec + L_prior + L_H` per row: the reconstruction of each view, the spread of
//! the views' latents around their mean, and minus the posteriors' entropy.

use super::LossLog;
use crate::kernels::latent::reparameterise::{Reparameterise, ReparameteriseBackward};
use crate::kernels::loss::likelihood::{Likelihood, LikelihoodKind};
use crate::kernels::loss::simvae::{ContentPrior, SimVae};
use crate::nn::{AutoEncoder, ParamMemory};
use crate::plan::{Graph, Tensor};
use serde::{Deserialize, Serialize};

/// Settings of the objective.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Distribution of the pixels given the latent.
    pub likelihood: LikelihoodKind,
    /// Variance of the pixels, s_x^2.
    pub variance_x: f64,
    /// Variance of z given the content y, s^2.
    pub variance_z: f64,
    /// Prior over the content.
    pub prior: ContentPrior,
    /// Factor of the entropy term.
    pub entropy_scale: f64,
}

/// Names of the terms, in the log's order.
pub const TERMS: [&str; 3] = ["reconstruction", "prior", "entropy"];

/// The tensors of one SimVAE forward pass.
#[derive(Clone, Copy, Debug)]
pub struct Forward {
    /// Rows `[mu, logvar]`, `[rows, 2 latent]`.
    pub encoded: Tensor,
    /// Samples of the posterior, `[rows, latent]`.
    pub z: Tensor,
    /// The decoder's output before the sigmoid, `[rows, pixels]`.
    pub logits: Tensor,
}

/// The objective of one model, ready to be recorded.
#[derive(Clone, Debug)]
pub struct Objective {
    /// Settings.
    pub settings: Settings,
    /// Encoder and decoder.
    pub model: AutoEncoder,
    /// Their parameters' memory.
    pub memory: ParamMemory,
    /// The step's clock.
    pub clock: Tensor,
    /// Where the terms go.
    pub log: LossLog,
    /// Views of each image, J.
    pub views: usize,
}

impl Objective {
    /// Emits the forward pass and the loss of `x` `[images * views, pixels]`, whose row is `image * views + view`, with
    /// `noise` `[rows, latent]`. [`Graph::backward`] then yields the gradients.
    pub fn emit(&self, g: &mut Graph, x: Tensor, noise: Tensor) -> Forward {
        let (rows, width) = x.shape.as_matrix();
        let (views, latent) = (self.views, self.model.latent);
        let images = rows / views;
        let scale = 1.0 / rows as f64;
        let settings = &self.settings;

        let encoded = self.model.encoder.forward(g, &self.memory, x, false);
        let z = reparameterise(g, encoded, noise);
        let logits = self.model.decoder.forward(g, &self.memory, z, true);

        let reconstruction = g.tensor("reconstruction", [rows]);
        let (dlogits, _) = g.grad_target(logits);
        let likelihood =
            Likelihood { kind: settings.likelihood, rows, width, variance: settings.variance_x, gradient_scale: scale };
        g.push("likelihood", likelihood, &[logits, x, reconstruction, dlogits]);
        self.log.record(g, self.clock, 0, reconstruction, scale);

        let prior = g.tensor("prior", [images, latent]);
        let entropy = g.tensor("entropy", [images, latent]);
        let (dz, _) = g.grad_target(z);
        let (dencoded, _) = g.grad_target(encoded);
        let terms = SimVae {
            images,
            views,
            latent,
            variance: settings.variance_z,
            prior: settings.prior,
            entropy_scale: settings.entropy_scale,
            gradient_scale: scale,
        };
        g.push("simvae", terms, &[encoded, z, prior, entropy, dz, dencoded]);
        self.log.record(g, self.clock, 1, prior, scale);
        self.log.record(g, self.clock, 2, entropy, scale);
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
