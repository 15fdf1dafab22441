//! SimVAE's objective (Bizeul, Schölkopf and Allen, 2024, section 4).
//!
//! For J views of each image, minimises `L_rec + L_prior + L_H` per row: the reconstruction of each view, the spread of
//! the views' latents around their mean, and minus the posteriors' entropy.

use super::{Forward, Model};
use crate::kernels::loss::simvae::{ContentPrior, SimVae};
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

/// Names of the terms, in the log's order.
pub const TERMS: [&str; 3] = ["reconstruction", "prior", "entropy"];

/// Emits the latent terms with their gradients.
pub(super) fn emit(g: &mut Graph, settings: &Settings, model: &Model, views: usize, forward: &Forward) {
    let (rows, latent) = forward.z.shape.as_matrix();
    let images = rows / views;
    let scale = 1.0 / rows as f64;
    let prior = g.tensor("prior", [images, latent]);
    let entropy = g.tensor("entropy", [images, latent]);
    let (dz, _) = g.grad_target(forward.z);
    let (dencoded, _) = g.grad_target(forward.encoded);
    let kernel = SimVae {
        images,
        views,
        latent,
        variance: settings.variance_z,
        prior: settings.prior,
        entropy_scale: settings.entropy_scale,
        gradient_scale: scale,
    };
    g.push("simvae", kernel, &[forward.encoded, forward.z, prior, entropy, dz, dencoded]);
    model.log.record(g, model.clock, 1, prior, scale);
    model.log.record(g, model.clock, 2, entropy, scale);
}
