//! Judges of a representation.

pub mod clustering;
mod error;
pub mod judge;
pub mod judges;
pub mod knn;
pub mod metrics;
pub mod mixture;
pub mod probe;
mod representation;
mod rows;

pub use error::EvalError;
pub use representation::Representation;
pub use rows::{Labelled, Measured, Rows};
