//! Twin of `shaders/augment/cut.wgsl`: renders the views of a step from pictures that are kept at another size.

use super::views::{MAX_SIDE, VISIBLE};
use crate::kernels::common::clock;
use crate::kernels::common::stored::{self, Ring, Stored};
use crate::kernels::common::view::{self, VIEW_WORDS, unflipped};
use crate::kernels::cost::Work;
use crate::kernels::{Access, Args, Binding, Kernel, Launch, Tuning, common};
use crate::math::Real;
use crate::math::pieces::{rows, rows_mut, side_by_side};
use encase::ShaderType;

/// Renders `[rows, channels, height, width]` images in 0..=1 from views (`[rows, 8]` words) of packed bytes, which are pictures of
/// another size.
///
/// Tensors: clock, views, pixels, images. The clock only matters for a [`Ring`].
///
/// One resize leads from the crop to the view: torchvision's `resized_crop` with `antialias=True`, which is PIL's bilinear one: a
/// triangle filter whose support is scaled by the reduction.
#[derive(Clone, Debug)]
pub struct Cut {
    /// Images in the data set.
    pub images: usize,
    /// Rows.
    pub rows: usize,
    /// Colour channels.
    pub channels: usize,
    /// Height and width of a picture in pixels, each at most [`MAX_SIDE`].
    pub stored: [usize; 2],
    /// Height and width of a view in pixels, each at most [`MAX_SIDE`].
    pub size: [usize; 2],
    /// Make black and white pictures: a value of at least one half becomes 1, any other 0.
    pub threshold: bool,
    /// Rows of an image, J.
    pub views: usize,
    /// How the pixels lie where they are only those of some steps; none where they are all images.
    pub ring: Option<Ring>,
}

/// The shader's uniform block.
#[derive(ShaderType)]
pub struct Params {
    rows: u32,
    channels: u32,
    stored_height: u32,
    stored_width: u32,
    height: u32,
    width: u32,
    threshold: u32,
    views: u32,
    ring: u32,
    stride: u32,
    before: u32,
}

impl Cut {
    fn pixels_of_row(&self) -> usize {
        self.channels * self.size[0] * self.size[1]
    }

    fn bytes_of_image(&self) -> usize {
        self.channels * self.stored[0] * self.stored[1]
    }
}

impl Kernel for Cut {
    type Params = Params;

    fn bindings(&self) -> Vec<Binding> {
        let words = Stored::words(self.images, self.bytes_of_image(), self.ring);
        vec![
            clock::binding(Access::Read),
            view::binding_for(Access::Read, self.rows, self.stored),
            Binding::uint("pixels", Access::Read, words).of_bytes(),
            Binding::real("images", Access::Write, self.rows * self.pixels_of_row()),
        ]
    }

    fn params(&self) -> Params {
        debug_assert!(self.stored.iter().chain(&self.size).all(|&side| side <= MAX_SIDE));
        let [ring, stride, before] = stored::ring_words(self.ring);
        Params {
            rows: self.rows as u32,
            channels: self.channels as u32,
            stored_height: self.stored[0] as u32,
            stored_width: self.stored[1] as u32,
            height: self.size[0] as u32,
            width: self.size[1] as u32,
            threshold: self.threshold.into(),
            views: self.views as u32,
            ring,
            stride,
            before,
        }
    }

    fn launch(&self, _tuning: &Tuning) -> Launch {
        let shader = shader!("augment/cut").with(common::clock::WGSL).with(view::WGSL).with(stored::WGSL);
        Launch::elementwise(shader, self.rows * self.pixels_of_row())
    }

    fn work(&self, _tuning: &Tuning) -> Work {
        Work::looking_up(self.bindings(), "pixels", (self.rows * self.bytes_of_image()) as u64)
    }

    fn twin<T: Real>(&self, mut args: Args<'_, T>) {
        let (clock, views, pixels) = (args.uint(0), args.uint(1), args.uint(2));
        let images = args.real_mut(3);
        let ([height, width], [stored_height, stored_width]) = (self.size, self.stored);
        let stored = Stored { pixels, bytes: self.bytes_of_image(), views: self.views, ring: self.ring };
        let images = rows_mut(&mut images[..self.rows * self.pixels_of_row()], self.pixels_of_row());
        side_by_side((images, rows(views, VIEW_WORDS)), 1, |row, (out, view)| {
            let [left, top, crop_width, crop_height, flips] = VISIBLE.map(|word| view[word] as usize);
            let across = all_taps(width, crop_width, flips, 1);
            let down = all_taps(height, crop_height, flips, 2);
            let first = stored.first_byte(clock, row, view);
            let (mut line, mut lines) = (vec![0; crop_width], vec![0; crop_height * width]);
            let mut sums = vec![0; width];
            for (channel, out) in out.chunks_exact_mut(height * width).enumerate() {
                let corner = first + (channel * stored_height + top) * stored_width + left;
                // Across first, for every line of the crop.
                for (y, lines) in lines.chunks_exact_mut(width).enumerate() {
                    let start = corner + y * stored_width;
                    line.iter_mut().enumerate().for_each(|(x, byte)| *byte = stored.pixel(start + x));
                    for (sum, taps) in lines.iter_mut().zip(&across) {
                        let tapped = line[taps.first..].iter().zip(&taps.weights);
                        *sum = tapped.map(|(byte, weight)| byte * weight).sum::<u32>();
                    }
                }
                for (out, taps) in out.chunks_exact_mut(width).zip(&down) {
                    sums.fill(0u64);
                    for (line, &weight) in lines[taps.first * width..].chunks_exact(width).zip(&taps.weights) {
                        sums.iter_mut().zip(line).for_each(|(sum, &x)| *sum += u64::from(weight) * u64::from(x));
                    }
                    for ((out, &sum), column) in out.iter_mut().zip(&sums).zip(&across) {
                        let full = 255 * taps.total * column.total;
                        *out = if !self.threshold {
                            T::of(sum as f64 / full as f64)
                        } else if 2 * sum >= full {
                            T::ONE
                        } else {
                            T::ZERO
                        };
                    }
                }
            }
        });
    }

    fn examples() -> Vec<Self> {
        let mut all = Vec::new();
        for (rows, views, stored, size) in [
            (1, 1, [1, 1], [1, 1]),
            (6, 2, [1, 1], [3, 2]),
            (14, 2, [31, 29], [7, 5]),
            (9, 3, [64, 64], [32, 32]),
            (6, 1, [13, 37], [17, 11]),
            (2, 1, [101, 3], [1, 7]),
        ] {
            for (channels, threshold) in [(1, false), (1, true), (3, false)] {
                let before = channels * stored[0] * stored[1];
                let stride = Ring::stride((1 + rows / views) * before);
                for ring in [None, Some(Ring { steps: 2, stride, before })] {
                    all.push(Self { images: 6, rows, channels, stored, size, threshold, views, ring });
                }
            }
        }
        all
    }
}

/// The pixels of a crop that make an output position.
struct Taps {
    first: usize,
    /// What they and those behind the first weigh, in units of `1 / (2 * size)`.
    weights: Vec<u32>,
    total: u64,
}

/// Those of every output position out of `size`, from the last on where the view has this flip.
fn all_taps(size: usize, crop: usize, flips: usize, flip: usize) -> Vec<Taps> {
    (0..size).map(|at| taps(unflipped(at, size, flips, flip), size, crop)).collect()
}

fn taps(at: usize, size: usize, crop: usize) -> Taps {
    let (centre, reach) = ((2 * at + 1) * crop, 2 * crop.max(size));
    let first = (centre + size).saturating_sub(reach) / (2 * size);
    let end = (centre + reach - size).div_ceil(2 * size).min(crop);
    let weight = |tap: usize| (reach - ((2 * tap + 1) * size).abs_diff(centre)) as u32;
    let weights: Vec<u32> = (first..end).map(weight).collect();
    Taps { first, total: weights.iter().copied().map(u64::from).sum(), weights }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The sums of the shader fit their words at the largest sides.
    #[test]
    fn weighted_sums_fit() {
        for (size, crop) in [(1, MAX_SIDE), (MAX_SIDE, 1), (MAX_SIDE, MAX_SIDE), (3, MAX_SIDE), (1023, MAX_SIDE)] {
            for taps in all_taps(size, crop, 0, 1) {
                assert!(taps.weights.iter().all(|&weight| (1..=2048).contains(&weight)), "{size} of {crop}");
                assert!(255 * taps.total <= u64::from(u32::MAX) && taps.first + taps.weights.len() <= crop);
            }
        }
    }
}
