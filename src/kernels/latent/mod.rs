//! The latent variable: noise and the reparameterisation.

pub mod normal;
pub mod reparameterise;
