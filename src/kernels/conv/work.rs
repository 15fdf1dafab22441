//! What convolutions cost: the same multiply-adds for all three products.

use super::ConvShape;
use crate::kernels::cost::Work;
use crate::kernels::{Binding, Launch, product};

impl ConvShape {
    /// Multiply-adds of the convolution: taps that lie inside the image, at every position.
    fn multiply_adds(&self) -> u64 {
        let along = |side: usize, positions: usize| {
            (0..self.kernel).map(|tap| self.inside(tap, side, positions).len()).sum::<usize>()
        };
        let [channels, height, width] = self.image;
        let [filters, rows, columns] = self.map;
        (self.images * channels * filters * along(height, rows) * along(width, columns)) as u64
    }

    /// What one of the products costs that is started so, with slices of these depths.
    pub(super) fn work(&self, bindings: Vec<Binding>, launch: &Launch, depths: &[usize]) -> Work {
        product::work(bindings, launch, self.multiply_adds(), depths)
    }
}
