//! Kernels of the judges.

pub mod nearest;
pub mod normalise;
pub mod squares;
