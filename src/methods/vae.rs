//! VAE (Kingma and Welling, 2014) and beta-VAE (Higgins et al., 2017): `L_rec + beta * KL` per row.

use super::{Batch, Example, Facts, Forward, Golden, Method, Model, Objective};
use crate::nn::{Networks, Params, Sizes};
use crate::plan::Graph;
use crate::setting::settings_table;

settings_table! {
    /// The plain VAE, which has no settings of its own.
    pub struct Vae("vae") {}
}

settings_table! {
    /// beta-VAE: the setting of its divergence. The logged term is weighted by beta.
    pub struct BetaVae("beta_vae") {
        /// Weight of the divergence; 1 is the plain VAE.
        pub beta: f64 = 4.0 => Allowed::weight(),
    }
}

impl Method for Vae {
    const NAME: &'static str = "vae";
    const ABOUT: &'static str = "VAE (Kingma and Welling, 2014)";
    const GOLDEN: &'static [&'static str] = &["vae_"];

    fn golden(facts: &Facts) -> Golden<Self> {
        let Golden { views, terms, summed, .. } = BetaVae::golden(&Facts { beta: Some(1.0), ..facts.clone() });
        Golden { method: Self {}, views, terms, summed }
    }
}

impl Method for BetaVae {
    const NAME: &'static str = "beta-vae";
    const ABOUT: &'static str = "beta-VAE (Higgins et al., 2017): a VAE whose divergence has a weight";
    const GOLDEN: &'static [&'static str] = &["beta_vae_"];

    fn golden(facts: &Facts) -> Golden<Self> {
        let beta = facts.beta.unwrap_or(1.0);
        Golden { method: Self { beta }, views: 1, terms: vec![("rec_sum", 1.0), ("kl_sum", beta)], summed: true }
    }

    fn examples() -> Vec<Example<Self>> {
        Example::with_likelihoods("beta_vae", 1, Self { beta: 4.0 })
    }
}

/// The plain VAE is a beta-VAE of this weight.
const PLAIN: BetaVae = BetaVae { beta: 1.0 };

impl Objective for Vae {
    fn terms(&self) -> &'static [&'static str] {
        PLAIN.terms()
    }

    fn networks(&self, params: &mut Params, sizes: &Sizes<'_>) -> Networks {
        PLAIN.networks(params, sizes)
    }

    fn emit(&self, g: &mut Graph, model: &Model, batch: &Batch<'_>) -> Forward {
        PLAIN.emit(g, model, batch)
    }

    fn bound(&self, terms: &[f64]) -> Option<f64> {
        PLAIN.bound(terms)
    }
}

impl Objective for BetaVae {
    fn terms(&self) -> &'static [&'static str] {
        &["reconstruction", "kl"]
    }

    fn networks(&self, params: &mut Params, sizes: &Sizes<'_>) -> Networks {
        Networks::autoencoder(params, sizes)
    }

    fn emit(&self, g: &mut Graph, model: &Model, batch: &Batch<'_>) -> Forward {
        let scale = 1.0 / batch.rows() as f64;
        let forward = model.autoencode(g, batch, scale);
        model.divergence(g, &forward, self.beta, scale);
        forward
    }

    fn bound(&self, terms: &[f64]) -> Option<f64> {
        let [reconstruction, kl] = *terms else { return None };
        (self.beta > 0.0).then(|| -(reconstruction + kl / self.beta))
    }
}
