//! Objectives, one file each: what a method trains and what it minimises.

mod autoencode;
pub mod cr_vae;
mod log;
mod model;
pub mod random;
pub mod simclr;
pub mod simvae;
pub mod supervised;
pub mod vae;
pub mod vicreg;

pub use autoencode::{LikelihoodSettings, reparameterise};
pub use log::{CAPACITY, LossLog};
pub use model::{Batch, Forward, Model};

use crate::nn::{Networks, Params, Sizes};
use crate::plan::Graph;
use std::fmt::Debug;

/// A method: the networks that it trains, and its loss.
pub trait Objective: Debug + Send + Sync {
    /// Names of the loss terms, in the log's order.
    fn terms(&self) -> &'static [&'static str];

    /// Declares the networks.
    fn networks(&self, params: &mut Params, sizes: &Sizes) -> Networks;

    /// Emits forward pass and loss of a step; [`Graph::backward`] then yields the gradients.
    fn emit(&self, g: &mut Graph, model: &Model, batch: &Batch<'_>) -> Forward;

    /// How many of an image's views are the image as it is; the others are augmented.
    fn plain_views(&self) -> usize {
        0
    }

    /// The evidence bound of a view in nats, from the means of the loss terms: the weights of the objective taken out, and
    /// without the constants that the terms leave out. None where the method has no likelihood, or a weight of zero hides a
    /// part of it.
    fn bound(&self, _terms: &[f64]) -> Option<f64> {
        None
    }

    /// Whether there is anything to train.
    fn trains(&self) -> bool {
        true
    }
}
