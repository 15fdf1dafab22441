//! WGSL of the functions that the language lacks; their twins are methods of [`Real`](crate::math::Real).

/// The shared WGSL.
pub const WGSL: &str = wgsl!("common/math");
