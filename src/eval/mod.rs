//! Judges of a representation.

pub mod knn;
