//! The evidence bound of VAE (Kingma and Welling, 2014) and beta-VAE (Higgins et al., 2017): `L_rec + beta * KL` per row.

use super::{Forward, Model};
use crate::kernels::loss::kl::Kl;
use crate::plan::Graph;
use serde::{Deserialize, Serialize};

/// Settings of the divergence.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Weight of the divergence; 1 is the plain VAE.
    pub beta: f64,
}

/// Names of the terms, in the log's order. `kl` is weighted by beta.
pub const TERMS: [&str; 2] = ["reconstruction", "kl"];

/// Emits the divergence with its gradient.
pub(super) fn emit(g: &mut Graph, settings: &Settings, model: &Model, forward: &Forward) {
    let (rows, latent) = forward.z.shape.as_matrix();
    let scale = 1.0 / rows as f64;
    let terms = g.tensor("kl", [rows, latent]);
    let (dencoded, _) = g.grad_target(forward.encoded);
    let kernel = Kl { rows, latent, beta: settings.beta, gradient_scale: scale };
    g.push("kl", kernel, &[forward.encoded, terms, dencoded]);
    model.log.record(g, model.clock, 1, terms, scale);
}
