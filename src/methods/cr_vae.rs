//! CR-VAE (Sinha and Dieng, 2021): the bounds of an image and of an augmented view, plus lambda times the divergence of
//! the view's posterior from the image's. Terms are per image.

use super::{Batch, Forward, LikelihoodSettings, Model, Objective};
use crate::kernels::loss::consistency::Consistency;
use crate::nn::{Networks, Params, Sizes};
use crate::plan::Graph;
use serde::{Deserialize, Serialize};

/// Settings of the divergences.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Weight of the divergence from the prior.
    pub beta: f64,
    /// Weight of the consistency.
    pub lambda: f64,
}

/// CR-VAE. Its batches have two views; the first is the image as it is.
#[derive(Clone, Debug)]
pub struct CrVae {
    /// Distribution of the pixels.
    pub likelihood: LikelihoodSettings,
    /// The divergences; the logged terms are weighted.
    pub settings: Settings,
}

impl Objective for CrVae {
    fn terms(&self) -> &'static [&'static str] {
        &["reconstruction", "kl", "consistency"]
    }

    fn networks(&self, params: &mut Params, sizes: &Sizes<'_>) -> Networks {
        Networks::autoencoder(params, sizes)
    }

    fn emit(&self, g: &mut Graph, model: &Model, batch: &Batch<'_>) -> Forward {
        let (pairs, latent) = (batch.rows() / 2, model.networks.latent);
        let scale = 1.0 / pairs as f64;
        let forward = model.autoencode(g, batch, self.likelihood, scale);
        model.divergence(g, &forward, self.settings.beta, scale);
        let terms = g.tensor("consistency", [pairs, latent]);
        let dencoded = g.grad_first(forward.encoded);
        let kernel = Consistency { pairs, latent, lambda: self.settings.lambda, gradient_scale: scale };
        g.push("consistency", kernel, &[forward.encoded, terms, dencoded]);
        model.record(g, 2, terms, scale);
        forward
    }

    fn plain_views(&self) -> usize {
        1
    }

    fn bound(&self, terms: &[f64]) -> Option<f64> {
        let [reconstruction, kl, _] = *terms else { return None };
        // The terms are sums over an image and its view.
        (self.settings.beta > 0.0).then(|| -0.5 * (reconstruction + kl / self.settings.beta))
    }
}
