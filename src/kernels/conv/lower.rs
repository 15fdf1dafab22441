//! Convolutions as matrix products on the CPU: images unfolded into columns, and columns folded back.
//!
//! A few images at a time are unfolded, so that their columns stay in the cache while the product reads them.

use super::ConvShape;
use crate::math::Real;
use std::ops::Range;

/// Elements of unfolded images that suit a core's cache.
const CACHED: usize = 1 << 17;
/// Columns that a product needs to be fast.
const ENOUGH_COLUMNS: usize = 512;

impl ConvShape {
    /// Images to unfold together.
    pub(super) fn block(&self) -> usize {
        let columns = (CACHED / self.depth()).max(ENOUGH_COLUMNS);
        (columns / self.positions()).clamp(1, self.images)
    }

    /// Images that a task of a pass unfolds together: no more than leave work to every thread.
    pub(super) fn task(&self) -> usize {
        self.block().min(self.images.div_ceil(rayon::current_num_threads()))
    }

    /// Whether the unfolded image is the image itself.
    pub(super) fn is_pointwise(&self) -> bool {
        self.kernel == 1 && self.stride == 1 && self.padding == 0
    }

    /// Along one side: the positions whose tap `tap` lies inside the image.
    fn inside(&self, tap: usize, side: usize, positions: usize) -> Range<usize> {
        let first = self.padding.saturating_sub(tap).div_ceil(self.stride).min(positions);
        let last = (side + self.padding).saturating_sub(tap).div_ceil(self.stride).min(positions);
        first..last.max(first)
    }

    /// Calls `row` for each row of positions of each tap of these channels of these images (numbered from the first image):
    /// the first column, and the first of the image's elements that the row's taps inside the image read, with those columns.
    fn each_row(
        &self,
        images: usize,
        channels: Range<usize>,
        mut row: impl FnMut(usize, Option<(usize, Range<usize>)>),
    ) {
        let [all, height, width] = self.image;
        let [_, rows, columns] = self.map;
        for (tap, channel) in channels.clone().flat_map(|c| (0..self.kernel * self.kernel).map(move |tap| (tap, c))) {
            let (ky, kx) = (tap / self.kernel, tap % self.kernel);
            let (down, along) = (self.inside(ky, height, rows), self.inside(kx, width, columns));
            let line = (channel - channels.start) * self.kernel * self.kernel + tap;
            for n in 0..images {
                let plane = (n * all + channel) * height * width;
                for y in 0..rows {
                    let at = ((line * images + n) * rows + y) * columns;
                    let inside = down.contains(&y) && !along.is_empty();
                    let source = inside.then(|| {
                        let (y, x) =
                            (y * self.stride + ky - self.padding, along.start * self.stride + kx - self.padding);
                        (plane + y * width + x, along.clone())
                    });
                    row(at, source);
                }
            }
        }
    }

    /// Writes `[channel, ky, kx, image, y, x]`: what each tap of these channels reads at each position of the images, whose
    /// elements `image` holds.
    pub(super) fn unfold<T: Real>(&self, image: &[T], images: usize, channels: Range<usize>, columns: &mut [T]) {
        let width = self.map[2];
        self.each_row(images, channels, |at, source| {
            let row = &mut columns[at..at + width];
            let Some((from, inside)) = source else { return row.fill(T::ZERO) };
            row[..inside.start].fill(T::ZERO);
            row[inside.end..].fill(T::ZERO);
            let row = &mut row[inside];
            if self.stride == 1 {
                row.copy_from_slice(&image[from..from + row.len()]);
            } else {
                row.iter_mut().zip(image[from..].iter().step_by(self.stride)).for_each(|(to, &x)| *to = x);
            }
        });
    }

    /// Adds columns `[channel, ky, kx, image, y, x]` to the elements of the images that [`ConvShape::unfold`] reads them from.
    pub(super) fn fold<T: Real>(&self, columns: &[T], images: usize, image: &mut [T]) {
        self.each_row(images, 0..self.image[0], |at, source| {
            let Some((from, inside)) = source else { return };
            let row = &columns[at + inside.start..at + inside.end];
            image[from..].iter_mut().step_by(self.stride).zip(row).for_each(|(to, &x)| *to += x);
        });
    }
}

/// Writes maps `[image, channel, position]` as `[channel, image, position]`.
pub(super) fn gather_channels<T: Copy>(maps: &[T], channels: usize, positions: usize, gathered: &mut [T]) {
    let images = maps.len() / (channels * positions);
    for (n, map) in maps.chunks_exact(channels * positions).enumerate() {
        for (channel, plane) in map.chunks_exact(positions).enumerate() {
            gathered[(channel * images + n) * positions..][..positions].copy_from_slice(plane);
        }
    }
}
