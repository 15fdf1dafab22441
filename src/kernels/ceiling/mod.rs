//! What a device can do at most: kernels that train nothing, to hold the others against.

pub mod copy;
pub mod fma;
