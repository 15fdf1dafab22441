//! Objectives, one file each. An objective emits its terms after the forward pass and records them in the log.

mod log;
pub mod simvae;

pub use log::{CAPACITY, LossLog};
