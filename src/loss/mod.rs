//! Objectives, one file each. An objective emits its terms after the forward pass and records them in the log.

mod autoencode;
mod log;
pub mod simvae;
pub mod vae;

pub use autoencode::{Forward, LikelihoodSettings, Model, reparameterise};
pub use log::{CAPACITY, LossLog};

use crate::plan::{Graph, Tensor};

/// What is minimised; a new objective is its file and a line in each match below.
#[derive(Clone, Debug, PartialEq)]
pub enum Objective {
    /// SimVAE (Bizeul, Schölkopf and Allen, 2024).
    SimVae(simvae::Settings),
    /// VAE and beta-VAE (Kingma and Welling, 2014; Higgins et al., 2017).
    Vae(vae::Settings),
}

impl Objective {
    /// Names of the terms, in the log's order.
    pub fn terms(&self) -> &'static [&'static str] {
        match self {
            Objective::SimVae(_) => &simvae::TERMS,
            Objective::Vae(_) => &vae::TERMS,
        }
    }

    /// Emits the forward pass and the loss of `x` `[images * views, pixels]`, whose row is `image * views + view`, with
    /// `noise` `[rows, latent]`. [`Graph::backward`] then yields the gradients.
    pub fn emit(&self, g: &mut Graph, model: &Model, views: usize, x: Tensor, noise: Tensor) -> Forward {
        let forward = model.emit(g, x, noise);
        match self {
            Objective::SimVae(settings) => simvae::emit(g, settings, model, views, &forward),
            Objective::Vae(settings) => vae::emit(g, settings, model, &forward),
        }
        forward
    }
}
