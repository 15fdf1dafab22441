//! SimVAE's objective (Bizeul, Schölkopf and Allen, 2024, section 4).
//!
//! For J views of each image, minimises `L_rec + L_prior + L_H` per row: the reconstruction of each view, the spread of
//! the views' latents around their mean, and minus the posteriors' entropy.

use super::{Batch, Forward, LikelihoodSettings, Model, Objective};
use crate::kernels::loss::simvae::{ContentPrior, SimVae as Kernel};
use crate::nn::{Networks, Params, Sizes};
use crate::plan::Graph;
use serde::{Deserialize, Serialize};

/// Settings of the latent terms.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Variance of z given the content y, s^2.
    pub variance_z: f64,
    /// Prior over the content.
    pub prior: ContentPrior,
    /// Factor of the entropy term.
    pub entropy_scale: f64,
}

/// SimVAE.
#[derive(Clone, Debug)]
pub struct SimVae {
    /// Distribution of the pixels.
    pub likelihood: LikelihoodSettings,
    /// The latent terms.
    pub settings: Settings,
}

impl Objective for SimVae {
    fn terms(&self) -> &'static [&'static str] {
        &["reconstruction", "prior", "entropy"]
    }

    fn networks(&self, params: &mut Params, sizes: &Sizes<'_>) -> Networks {
        Networks::autoencoder(params, sizes)
    }

    fn emit(&self, g: &mut Graph, model: &Model, batch: &Batch<'_>) -> Forward {
        let (images, views, latent) = (batch.images(), batch.views, model.networks.latent);
        let scale = 1.0 / batch.rows() as f64;
        let forward = model.autoencode(g, batch, self.likelihood, scale);
        let prior = g.tensor("prior", [images, latent]);
        let entropy = g.tensor("entropy", [images, latent]);
        let dz = g.grad_first(forward.z);
        let dencoded = g.grad_first(forward.encoded);
        let kernel = Kernel {
            images,
            views,
            latent,
            variance: self.settings.variance_z,
            prior: self.settings.prior,
            entropy_scale: self.settings.entropy_scale,
            gradient_scale: scale,
        };
        g.push("simvae", kernel, &[forward.encoded, forward.z, prior, entropy, dz, dencoded]);
        model.record(g, 1, prior, scale);
        model.record(g, 2, entropy, scale);
        forward
    }

    fn bound(&self, terms: &[f64]) -> Option<f64> {
        let [reconstruction, prior, entropy] = *terms else { return None };
        let scale = self.settings.entropy_scale;
        (scale > 0.0).then(|| -(reconstruction + prior + entropy / scale))
    }
}
