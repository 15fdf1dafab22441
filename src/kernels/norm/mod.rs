//! Batch normalisation.

pub mod batch_norm;
pub mod batch_norm_backward;
pub mod batch_norm_sums;
pub mod moments;
