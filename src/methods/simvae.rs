//! SimVAE's objective (Bizeul, Schölkopf and Allen, 2024, section 4).
//!
//! For J views of each image, minimises `L_rec + L_prior + L_H` per row: the reconstruction of each view, the spread of
//! the views' latents around their mean, and minus the posteriors' entropy.

use super::{Batch, Example, Facts, Forward, Golden, Latents, Method, Model, Needs, Objective, TermMeans};
use crate::kernels::loss::simvae::{ContentPrior, SimVae as Kernel};
use crate::kernels::loss::variance::Variance;
use crate::nn::{Init, Networks, Params, Sizes};
use crate::plan::Graph;
use crate::setting::settings_table;

settings_table! {
    /// SimVAE: the settings of its latent terms.
    pub struct SimVae("simvae") {
        /// Variance of z given the content y, s^2 of p(z given y).
        pub variance_z: f64 = 0.15 => Allowed::real(1e-6, 1e6),
        /// Whether s^2 is trained, from `variance_z` on; needs a gaussian content, whose unit is given.
        pub learn_variance_z: bool = false => Allowed::Switch,
        /// Prior over the content, p(y): uniform in the paper, gaussian in the authors' code.
        pub prior: ContentPrior = ContentPrior::Uniform => Allowed::Words(ContentPrior::names),
        /// Factor of the entropy term: 1 in the paper, 2 pi in the authors' code.
        pub entropy_scale: f64 = 1.0 => Allowed::weight(),
    }
}

impl Method for SimVae {
    const NAME: &'static str = "simvae";
    const ABOUT: &'static str =
        "SimVAE (Bizeul, Schölkopf and Allen, 2024): a VAE whose prior gathers the views of an image";
    const NEEDS: Needs = Needs { fewest_views: 2, ..Needs::ANY };
    const GOLDEN: &'static [&'static str] = &["simvae_", "adam_trajectory_"];

    fn golden(facts: &Facts) -> Golden<Self> {
        let (variance_z, prior) = (facts.var_z_y.unwrap_or(0.15), facts.p_y.unwrap_or(ContentPrior::Uniform));
        Golden {
            method: Self {
                variance_z,
                learn_variance_z: facts.learned_variances,
                prior,
                entropy_scale: facts.entropy_scale.unwrap_or(1.0),
            },
            views: facts.views.unwrap_or(1),
            terms: vec![("rec_sum", 1.0), ("prior_sum", 1.0), ("entropy_sum", 1.0)],
            summed: true,
        }
    }

    fn examples() -> Vec<Example<Self>> {
        let method = |prior| Self { variance_z: 0.15, learn_variance_z: false, prior, entropy_scale: 1.5 };
        let with = |name, prior| Example::with_likelihoods(name, 3, method(prior));
        let learning = Self { learn_variance_z: true, ..method(ContentPrior::Gaussian) };
        [
            with("simvae_uniform", ContentPrior::Uniform),
            with("simvae_gaussian", ContentPrior::Gaussian),
            vec![Example::with_learned_variance("simvae_learned", 3, learning)],
        ]
        .concat()
    }
}

impl SimVae {
    /// What the terms leave out of the bound of a view, for one latent dimension. The J latents of an image have the density
    /// of N(0, s^2 I + 1 1^T), of which the determinant is s^2J (1 + J / s^2); the posteriors' entropies have J / 2 ln 2 pi e. What
    /// is logged of a Gaussian content, half the squared mean, is more than the density has, by the factor 1 + s^2 / J: the bound
    /// is so much looser. A uniform content has no density. It counts as one of the height that a standard normal has at its mode,
    /// which both share where s^2 is small.
    fn constant(&self, views: f64) -> f64 {
        if self.learn_variance_z {
            return 0.5; // the terms have the determinant
        }
        let spread = match self.prior {
            ContentPrior::Gaussian => 1.0 + views / self.variance_z,
            ContentPrior::Uniform => views / self.variance_z,
        };
        0.5 * (1.0 - self.variance_z.ln()) - 0.5 * spread.ln() / views
    }
}

impl Objective for SimVae {
    fn terms(&self) -> &'static [&'static str] {
        &["reconstruction", "prior", "entropy"]
    }

    fn networks(&self, params: &mut Params, sizes: &Sizes<'_>) -> Networks {
        let networks = Networks::autoencoder(params, sizes);
        let begin = Init::Constant(self.variance_z.ln());
        let prior_logvar = self.learn_variance_z.then(|| params.add("prior.logvar", [1], begin));
        Networks { prior_logvar, ..networks }
    }

    fn conflict(&self) -> Option<(&'static str, &'static str)> {
        (self.learn_variance_z && self.prior == ContentPrior::Uniform).then_some((
            "simvae.learn_variance_z",
            "a uniform content leaves the unit of z open, and s^2 would grow without end: set simvae.prior = \"gaussian\"",
        ))
    }

    fn emit(&self, g: &mut Graph, model: &Model, batch: &Batch<'_>) -> Forward {
        let (images, views, latent) = (batch.images(), batch.views, model.networks.latent);
        let scale = batch.scale();
        let (forward, reconstruction) = model.autoencode(g, batch, scale);
        let kernel = Kernel {
            images,
            views,
            latent,
            variance: if self.learn_variance_z { Variance::Learned } else { Variance::Fixed(self.variance_z) },
            prior: self.prior,
            entropy_scale: self.entropy_scale,
            gradient_scale: scale,
        };
        let [prior, entropy] = model.gathering(g, &forward, kernel);
        model.record(g, &[reconstruction, prior, entropy], scale);
        forward
    }

    fn bound(&self, means: &TermMeans<'_>) -> Option<f64> {
        let [reconstruction, prior, entropy] = *means.terms else { return None };
        let constant = means.latent as f64 * self.constant(means.views as f64);
        (self.entropy_scale > 0.0).then(|| constant - (reconstruction + prior + entropy / self.entropy_scale))
    }

    fn latents(&self) -> Latents {
        Latents::Around { content: self.prior, variance: self.variance_z }
    }
}
