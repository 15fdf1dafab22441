//! Judges of a representation.

pub mod judge;
pub mod judges;
mod representation;

#[doc(inline)]
pub use crate::measure::{
    EvalError, Labelled, Measured, Rows, clustering, collapse, knn, metrics, mixture, near, probe,
};
pub use representation::Representation;
