//! Twin of `shaders/augment/views.wgsl`: renders the views of a step.

use crate::kernels::common::clock;
pub use crate::kernels::common::stored::Ring;
use crate::kernels::common::stored::{self, Stored};
use crate::kernels::common::view::{self, VIEW_WORDS, unflipped};
use crate::kernels::cost::Work;
use crate::kernels::{Access, Args, Binding, Kernel, Launch, Tuning, common};
use crate::math::Real;
use crate::math::pieces::{rows, rows_mut, side_by_side};
use encase::ShaderType;

/// Renders `[rows, channels, height, width]` images in 0..=1 from views (`[rows, 8]` words) of packed bytes.
///
/// Tensors: clock, views, pixels, images. The clock only matters for a [`Ring`].
///
/// The resize is bilinear with pixel centres at half integers, as `torch.nn.functional.interpolate` and PIL do when they
/// enlarge; a crop is never larger than the image, so nothing is ever reduced. [`Cut`](super::cut::Cut) renders views smaller than
/// the images.
#[derive(Clone, Debug)]
pub struct Views {
    /// Images in the data set.
    pub images: usize,
    /// Rows.
    pub rows: usize,
    /// Colour channels.
    pub channels: usize,
    /// Height in pixels, at most [`MAX_SIDE`].
    pub height: usize,
    /// Width in pixels, at most [`MAX_SIDE`].
    pub width: usize,
    /// Make black and white pictures: a value of at least one half becomes 1, any other 0.
    pub threshold: bool,
    /// Rows of an image, J.
    pub views: usize,
    /// How the pixels lie where they are only those of some steps; none where they are all images.
    pub ring: Option<Ring>,
}

/// Largest side of an image: twice the weighted sum of four bytes must fit 32 bits.
pub const MAX_SIDE: usize = 1024;

/// The shader's uniform block.
#[derive(ShaderType)]
pub struct Params {
    rows: u32,
    channels: u32,
    height: u32,
    width: u32,
    threshold: u32,
    views: u32,
    ring: u32,
    stride: u32,
    before: u32,
}

/// The words of a view that tell which part of its image it shows, and how.
pub(super) const VISIBLE: [usize; 5] = [view::LEFT, view::TOP, view::WIDTH, view::HEIGHT, view::FLIPS];

impl Views {
    fn pixels_of_row(&self) -> usize {
        self.channels * self.height * self.width
    }
}

impl Kernel for Views {
    type Params = Params;

    fn bindings(&self) -> Vec<Binding> {
        let words = Stored::words(self.images, self.pixels_of_row(), self.ring);
        vec![
            clock::binding(Access::Read),
            view::binding(Access::Read, self.rows),
            Binding::uint("pixels", Access::Read, words).of_bytes(),
            Binding::real("images", Access::Write, self.rows * self.pixels_of_row()),
        ]
    }

    fn params(&self) -> Params {
        let [ring, stride, before] = stored::ring_words(self.ring);
        Params {
            rows: self.rows as u32,
            channels: self.channels as u32,
            height: self.height as u32,
            width: self.width as u32,
            threshold: self.threshold.into(),
            views: self.views as u32,
            ring,
            stride,
            before,
        }
    }

    fn launch(&self, _tuning: &Tuning) -> Launch {
        Launch::elementwise(
            shader!("augment/views").with(common::clock::WGSL).with(view::WGSL).with(stored::WGSL),
            self.rows * self.pixels_of_row(),
        )
    }

    fn work(&self, _tuning: &Tuning) -> Work {
        Work::looking_up(self.bindings(), "pixels", (self.rows * self.pixels_of_row()) as u64)
    }

    fn twin<T: Real>(&self, mut args: Args<'_, T>) {
        let (clock, views, pixels) = (args.uint(0), args.uint(1), args.uint(2));
        let images = args.real_mut(3);
        let (height, width) = (self.height, self.width);
        let plane = height * width;
        let full = (4 * plane * 255) as u32;
        let unit = 1.0 / f64::from(full);
        let stored = Stored { pixels, bytes: self.pixels_of_row(), views: self.views, ring: self.ring };
        let images = rows_mut(&mut images[..self.rows * self.pixels_of_row()], self.pixels_of_row());
        side_by_side((images, rows(views, VIEW_WORDS)), 1, |row, (out, view)| {
            let [left, top, crop_width, crop_height, flips] = VISIBLE.map(|word| view[word] as usize);
            let across: Vec<_> = (0..width).map(|x| source(unflipped(x, width, flips, 1), width, crop_width)).collect();
            let first = stored.first_byte(clock, row, view);
            let pixel = |index| stored.pixel(index);
            for (channel, out) in out.chunks_exact_mut(plane).enumerate() {
                let corner = first + channel * plane + top * width + left;
                for (y, out) in out.chunks_exact_mut(width).enumerate() {
                    let (first, second, down) = source(unflipped(y, height, flips, 2), height, crop_height);
                    let (upper, lower) = (corner + first * width, corner + second * width);
                    for (out, &(a, b, right)) in out.iter_mut().zip(&across) {
                        let stay = 2 * width as u32 - right;
                        let above = pixel(upper + a) * stay + pixel(upper + b) * right;
                        let below = pixel(lower + a) * stay + pixel(lower + b) * right;
                        let sum = above * (2 * height as u32 - down) + below * down;
                        *out = if !self.threshold {
                            T::of(f64::from(sum) * unit)
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
        for (images, rows, views, height, width) in
            [(6, 1, 1, 2, 3), (7, 14, 2, 5, 9), (11, 33, 3, 28, 28), (9, 6, 6, 32, 17)]
        {
            for (channels, threshold) in [(1, false), (1, true), (3, false)] {
                let before = channels * height * width;
                let stride = Ring::stride((1 + rows / views) * before);
                for ring in [None, Some(Ring { steps: 2, stride, before })] {
                    all.push(Self { images, rows, channels, height, width, threshold, views, ring });
                }
            }
        }
        all
    }
}

/// Source of output position `at`: first and second pixel within the crop, and the second's weight out of `2 * size`.
fn source(at: usize, size: usize, crop: usize) -> (usize, usize, u32) {
    let position = ((2 * at + 1) * crop).saturating_sub(size);
    let first = (position / (2 * size)).min(crop - 1);
    (first, (first + 1).min(crop - 1), (position % (2 * size)) as u32)
}
