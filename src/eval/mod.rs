//! Judges of a representation.

pub mod knn;
pub mod latents;
