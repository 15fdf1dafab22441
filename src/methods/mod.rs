//! Methods, one file each: their settings, the networks that they train, what they minimise, and how they are checked.
//! [`registry`] has a line for each.

mod autoencode;
mod checks;
pub mod cr_vae;
mod log;
mod method;
mod model;
pub mod random;
pub mod registry;
pub mod simclr;
pub mod simvae;
mod step;
pub mod supervised;
pub mod vae;
pub mod vicreg;

pub use autoencode::{LikelihoodSettings, reparameterise};
pub use checks::{Example, Facts, Golden};
pub use log::{CAPACITY, LossLog};
pub use method::{Comparison, Latents, Method, Needs, Objective, TermMeans};
pub use model::{Batch, Forward, Model};
pub use step::{Parts, StepLoss};
