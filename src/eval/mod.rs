//! Judges of a representation.

pub mod clustering;
mod error;
pub mod knn;
pub mod latents;
pub mod metrics;
pub mod probe;

pub use error::JudgeError;
