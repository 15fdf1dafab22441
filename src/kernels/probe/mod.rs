//! Kernels of the judges: nearest neighbours, and what probes on frozen embeddings need.

pub mod agree;
pub mod correct;
pub mod gather;
pub mod nearest;
pub mod squared_error;
pub mod squares;
