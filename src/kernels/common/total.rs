//! A WGSL sum over the 256 invocations of a workgroup; twins sum in their own fixed order.

/// The shared WGSL: `total`.
pub const WGSL: &str = wgsl!("common/total");
