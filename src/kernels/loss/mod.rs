//! Loss terms. A loss kernel writes its value and its gradient in one pass: it stands at the end of the forward pass, so
//! nothing would be gained by coming back to it.

pub mod centre;
pub mod consistency;
pub mod covariance;
pub mod cross_entropy;
pub mod infonce;
pub mod invariance;
pub mod kl;
pub mod likelihood;
pub mod normalise;
pub mod record;
pub mod simvae;
pub mod variance;
