//! CR-VAE (Sinha and Dieng, 2021): the bounds of an image and of an augmented view, plus lambda times the divergence of
//! the view's posterior from the image's. Terms are per image.

use super::{Batch, Example, Facts, Forward, Golden, Method, Model, Needs, Objective, TermMeans};
use crate::kernels::loss::consistency::Consistency;
use crate::nn::{Networks, Params, Sizes};
use crate::plan::Graph;
use crate::setting::settings_table;

settings_table! {
    /// CR-VAE: the settings of its divergences; the logged terms are weighted. Its batches have two views; the first is the image
    /// as it is.
    pub struct CrVae("cr_vae") {
        /// Weight of the divergence from the prior.
        pub beta: f64 = 1.0 => Allowed::weight(),
        /// Weight of the consistency: the divergence of a view's posterior from its image's.
        pub lambda: f64 = 0.1 => Allowed::weight(),
    }
}

impl Method for CrVae {
    const NAME: &'static str = "cr-vae";
    const ABOUT: &'static str = "CR-VAE (Sinha and Dieng, 2021): a VAE with a consistency of an image and a view";
    const NEEDS: Needs = Needs { fewest_views: 2, most_views: 2, ..Needs::ANY };
    const GOLDEN: &'static [&'static str] = &["cr_vae_"];

    fn golden(facts: &Facts) -> Golden<Self> {
        let (beta, lambda) = (facts.beta.unwrap_or(1.0), facts.lambda.unwrap_or(0.1));
        Golden {
            method: Self { beta, lambda },
            views: 2,
            terms: vec![("rec_sum", 1.0), ("kl_sum", beta), ("consistency_sum", lambda)],
            summed: true,
        }
    }

    fn examples() -> Vec<Example<Self>> {
        Example::with_likelihoods("cr_vae", 2, Self { beta: 0.9, lambda: 0.6 })
    }
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
        let scale = batch.share / pairs as f64;
        let (forward, reconstruction) = model.autoencode(g, batch, scale);
        let kl = model.divergence(g, &forward, self.beta, scale);
        let consistency = g.tensor("consistency", [pairs, latent]);
        let dencoded = g.grad_first(forward.encoded);
        let kernel = Consistency { pairs, latent, lambda: self.lambda, gradient_scale: scale };
        g.push("consistency", kernel, &[forward.encoded, consistency, dencoded]);
        model.record(g, &[reconstruction, kl, consistency], scale);
        forward
    }

    fn plain_views(&self) -> usize {
        1
    }

    fn bound(&self, means: &TermMeans<'_>) -> Option<f64> {
        let [reconstruction, kl, _] = *means.terms else { return None };
        // The terms are sums over an image and its view.
        (self.beta > 0.0).then(|| -0.5 * (reconstruction + kl / self.beta))
    }
}
