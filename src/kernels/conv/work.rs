//! What convolutions cost: as many useful multiply-adds for all three products.

use super::ConvShape;

impl ConvShape {
    /// Multiply-adds of the convolution: taps that lie inside the image, at every position.
    pub(super) fn multiply_adds(&self) -> u64 {
        let along = |side: usize, positions: usize| {
            (0..self.kernel).map(|tap| self.inside(tap, side, positions).len()).sum::<usize>()
        };
        let [channels, height, width] = self.image;
        let [filters, rows, columns] = self.map;
        (self.images * channels * filters * along(height, rows) * along(width, columns)) as u64
    }
}
