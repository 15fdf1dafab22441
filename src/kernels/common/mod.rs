//! WGSL that several kernels share, with its Rust twin.

pub mod clock;
pub mod effects;
pub mod lanes;
pub mod math;
pub mod permute;
pub mod philox;
pub mod total;
pub mod view;
