//! What convolutions cost: as many useful multiply-adds for all three products.

use super::ConvShape;

impl ConvShape {
    /// Multiply-adds of the convolution as usually counted: every tap at every position of a map, those on the zeros around an image too.
    pub(super) fn multiply_adds(&self) -> u64 {
        (self.images * self.positions() * self.weight_len()) as u64
    }
}
