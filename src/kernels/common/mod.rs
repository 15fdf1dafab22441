//! WGSL that several kernels share, with its Rust twin.

pub mod clock;
pub mod effects;
pub mod math;
pub mod permute;
pub mod philox;
mod reduce;
pub mod stored;
pub mod view;
