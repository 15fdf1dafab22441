//! Judges of a representation.

pub mod clustering;
mod error;
pub mod judge;
pub mod knn;
pub mod latents;
pub mod metrics;
pub mod probe;
pub mod projection;

pub use error::JudgeError;
