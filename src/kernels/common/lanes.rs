//! WGSL reductions over the invocations of a workgroup; twins sum in their own fixed order.

/// The shared WGSL: `sum_of_lanes`, `max_of_lanes` and the constants `LANES` and `LOWEST`.
pub const WGSL: &str = wgsl!("common/lanes");
