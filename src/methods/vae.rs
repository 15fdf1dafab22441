//! VAE (Kingma and Welling, 2014) and beta-VAE (Higgins et al., 2017): `L_rec + beta * KL` per row.

use super::{Batch, Example, Facts, Forward, Golden, Method, Model, Objective, TermMeans};
use crate::kernels::loss::simvae::{ContentPrior, SimVae as Gathering};
use crate::kernels::loss::variance::Variance;
use crate::nn::{Networks, Params, Sizes};
use crate::plan::Graph;
use crate::setting::settings_table;
use serde::{Deserialize, Serialize};

settings_table! {
    /// The plain VAE: how its divergence from the prior is computed.
    pub struct Vae("vae") {
        /// The divergence from the prior: exact, or sampled: that of the sampled latent, as in the VAE of SimVAE's authors.
        pub divergence: Divergence = Divergence::Exact => Allowed::Words(Divergence::names),
        /// Factor of the entropy in a sampled divergence: 1 in the bound, 2 pi in the authors' code; an exact one has none.
        pub entropy_scale: f64 = 1.0 => Allowed::weight(),
    }
}

/// How the divergence of the posterior from the prior is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Divergence {
    /// In closed form.
    Exact,
    /// Of the sampled latent, `z^2 / 2`, and minus the posterior's entropy.
    Sampled,
}

impl Divergence {
    /// The words for it in the settings.
    pub fn names() -> Vec<&'static str> {
        vec!["exact", "sampled"]
    }
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
        match facts.entropy_scale {
            None => Golden { method: Self::default(), views, terms, summed },
            Some(entropy_scale) => Golden {
                method: Self { divergence: Divergence::Sampled, entropy_scale },
                views,
                terms: vec![("rec_sum", 1.0), ("prior_sum", 1.0), ("entropy_sum", 1.0)],
                summed,
            },
        }
    }

    fn examples() -> Vec<Example<Self>> {
        let sampled = Self { divergence: Divergence::Sampled, entropy_scale: 1.5 };
        let mut all = Example::with_likelihoods("vae_sampled", 2, sampled);
        all.push(Example::with_learned_variance("vae_learned", 1, Self::default()));
        all
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
        match self.divergence {
            Divergence::Exact => PLAIN.terms(),
            Divergence::Sampled => &["reconstruction", "prior", "entropy"],
        }
    }

    fn networks(&self, params: &mut Params, sizes: &Sizes<'_>) -> Networks {
        PLAIN.networks(params, sizes)
    }

    fn emit(&self, g: &mut Graph, model: &Model, batch: &Batch<'_>) -> Forward {
        if self.divergence == Divergence::Exact {
            return PLAIN.emit(g, model, batch);
        }
        let (rows, latent) = (batch.rows(), model.networks.latent);
        let scale = batch.scale();
        let (forward, reconstruction) = model.autoencode(g, batch, scale);
        // A view alone is its own mean: of SimVAE's terms z^2 / 2 and the entropy stay, and no variance around the content.
        let kernel = Gathering {
            images: rows,
            views: 1,
            latent,
            variance: Variance::Fixed(1.0),
            prior: ContentPrior::Gaussian,
            entropy_scale: self.entropy_scale,
            gradient_scale: scale,
        };
        let [prior, entropy] = model.gathering(g, &forward, kernel);
        model.record(g, &[reconstruction, prior, entropy], scale);
        forward
    }

    fn bound(&self, means: &TermMeans<'_>) -> Option<f64> {
        match *means.terms {
            [reconstruction, prior, entropy] => {
                // The sampled terms leave out the prior's ln 2 pi and the entropy's ln 2 pi e, half of each.
                let (scale, constant) = (self.entropy_scale, 0.5 * means.latent as f64);
                (scale > 0.0).then(|| constant - (reconstruction + prior + entropy / scale))
            }
            _ => PLAIN.bound(means),
        }
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
        let scale = batch.scale();
        let (forward, reconstruction) = model.autoencode(g, batch, scale);
        let kl = model.divergence(g, &forward, self.beta, scale);
        model.record(g, &[reconstruction, kl], scale);
        forward
    }

    fn bound(&self, means: &TermMeans<'_>) -> Option<f64> {
        let [reconstruction, kl] = *means.terms else { return None };
        (self.beta > 0.0).then(|| -(reconstruction + kl / self.beta))
    }
}
