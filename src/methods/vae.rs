//! VAE (Kingma and Welling, 2014) and beta-VAE (Higgins et al., 2017): `L_rec + beta * KL` per row.

use super::{Batch, Forward, LikelihoodSettings, Model, Objective};
use crate::nn::{Networks, Params, Sizes};
use crate::plan::Graph;
use serde::{Deserialize, Serialize};

/// Settings of the divergence.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Weight of the divergence; 1 is the plain VAE.
    pub beta: f64,
}

/// VAE, or beta-VAE.
#[derive(Clone, Debug)]
pub struct Vae {
    /// Distribution of the pixels.
    pub likelihood: LikelihoodSettings,
    /// The divergence; the logged term is weighted by beta.
    pub settings: Settings,
}

impl Objective for Vae {
    fn terms(&self) -> &'static [&'static str] {
        &["reconstruction", "kl"]
    }

    fn networks(&self, params: &mut Params, sizes: &Sizes<'_>) -> Networks {
        Networks::autoencoder(params, sizes)
    }

    fn emit(&self, g: &mut Graph, model: &Model, batch: &Batch<'_>) -> Forward {
        let scale = 1.0 / batch.rows() as f64;
        let forward = model.autoencode(g, batch, self.likelihood, scale);
        model.divergence(g, &forward, self.settings.beta, scale);
        forward
    }

    fn bound(&self, terms: &[f64]) -> Option<f64> {
        let [reconstruction, kl] = *terms else { return None };
        (self.settings.beta > 0.0).then(|| -(reconstruction + kl / self.settings.beta))
    }
}
