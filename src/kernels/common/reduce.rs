//! WGSL reductions over the invocations of a workgroup; twins sum in their own fixed order.

use crate::kernels::Shader;

impl Shader {
    /// Adds `sum_of_lanes` and `max_of_lanes` over the `LANES` invocations of a workgroup, a power of two, and the number `LOWEST`.
    pub(in crate::kernels) fn reducing(self, lanes: u32) -> Self {
        self.shared("LANES", lanes).with(wgsl!("common/reduce"))
    }
}
