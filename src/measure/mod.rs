//! What representations are worth in numbers: neighbours, probes, clusters, and signs that they collapse. Knows rows, not runs.

pub mod clustering;
pub mod collapse;
mod error;
pub mod knn;
pub mod metrics;
pub mod mixture;
pub mod near;
pub mod probe;
mod rows;

pub use error::EvalError;
pub(crate) use rows::with_class;
pub use rows::{Labelled, Measured, Rows};
