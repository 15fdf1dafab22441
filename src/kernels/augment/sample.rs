//! Twin of `shaders/augment/sample.wgsl`: draws the views of a step.

use crate::kernels::common::clock::{self, CURSOR, EPOCH, SEED};
use crate::kernels::common::permute::permute;
use crate::kernels::common::philox::{Purpose, philox, unit};
use crate::kernels::common::view;
pub use crate::kernels::common::view::VIEW_WORDS;
use crate::kernels::{Access, Args, Binding, Kernel, Launch, Tuning, common};
use crate::math::Real;
use crate::math::pieces::{rows_mut, side_by_side};
use encase::ShaderType;

/// Attempts at a random crop, as in torchvision's `RandomResizedCrop`.
const ATTEMPTS: u32 = 10;

/// Draws `rows` views into `[rows, 8]` words: row `i * views + j` is view `j` of the batch's image `first + i`.
///
/// Everything is drawn from (seed, epoch, image, view), so a view does not depend on the batch that it falls into.
#[derive(Clone, Debug)]
pub struct Sample {
    /// Images in the data set.
    pub images: u32,
    /// The first of the batch's images that is drawn.
    pub first: u32,
    /// Rows, views of each image that is drawn.
    pub rows: u32,
    /// Views of each image, J.
    pub views: u32,
    /// Image height in pixels.
    pub height: u32,
    /// Image width in pixels.
    pub width: u32,
    /// The first so many views of an image are the whole image as it is.
    pub plain: u32,
    /// Visit the images in a shuffled order, another one each epoch.
    pub shuffle: bool,
    /// Crop at random; else the view is the whole image.
    pub crop: bool,
    /// Range of the crop's area as a fraction of the image's.
    pub area: [f64; 2],
    /// Range of the crop's aspect, width over height.
    pub aspect: [f64; 2],
    /// Probability of a horizontal flip.
    pub horizontal_flip: f64,
    /// Probability of a vertical flip.
    pub vertical_flip: f64,
}

/// The shader's uniform block.
#[derive(ShaderType)]
pub struct Params {
    images: u32,
    first: u32,
    rows: u32,
    views: u32,
    plain: u32,
    height: u32,
    width: u32,
    shuffle: u32,
    crop: u32,
    area_low: f32,
    area_high: f32,
    log_aspect_low: f32,
    log_aspect_high: f32,
    horizontal_flip: f32,
    vertical_flip: f32,
}

impl Kernel for Sample {
    type Params = Params;

    fn bindings(&self) -> Vec<Binding> {
        vec![clock::binding(Access::Read), view::binding(Access::Write, self.rows as usize)]
    }

    fn params(&self) -> Params {
        Params {
            images: self.images,
            first: self.first,
            rows: self.rows,
            views: self.views,
            plain: self.plain,
            height: self.height,
            width: self.width,
            shuffle: self.shuffle.into(),
            crop: self.crop.into(),
            area_low: self.area[0] as f32,
            area_high: self.area[1] as f32,
            log_aspect_low: self.aspect[0].ln() as f32,
            log_aspect_high: self.aspect[1].ln() as f32,
            horizontal_flip: self.horizontal_flip as f32,
            vertical_flip: self.vertical_flip as f32,
        }
    }

    fn launch(&self, _tuning: &Tuning) -> Launch {
        let shader = shader!("augment/sample")
            .with(common::clock::WGSL)
            .with(common::philox::WGSL)
            .with(common::permute::WGSL)
            .with(view::WGSL)
            .shared("PURPOSE_SHUFFLE", Purpose::Shuffle)
            .shared("PURPOSE_VIEW", Purpose::View);
        Launch::elementwise(shader, self.rows as usize)
    }

    /// Computes in single precision whatever `T` is: a crop is drawn, not differentiated, and rounding it must not
    /// make the reference see another picture than the device.
    fn twin<T: Real>(&self, mut args: Args<'_, T>) {
        let clock = args.uint(0);
        let views = args.uint_mut(1);
        let params = self.params();
        let seed = [clock[SEED], clock[SEED + 1]];
        let views = &mut views[..self.rows as usize * VIEW_WORDS];
        side_by_side(rows_mut(views, VIEW_WORDS), 1, |row, out| {
            let mut epoch = clock[EPOCH];
            let mut position = clock[CURSOR] + self.first + row as u32 / self.views;
            if position >= self.images {
                position -= self.images;
                epoch += 1;
            }
            let mut image = position;
            if self.shuffle {
                image = shuffled(seed, epoch, position, self.images);
            }
            let view = row as u32 % self.views;
            let plain = view < self.plain;
            let [left, top, width, height] = if self.crop && !plain {
                random_crop(&params, |attempt| philox(seed, [image, epoch, view * 16 + attempt, Purpose::View as u32]))
            } else {
                [0, 0, self.width, self.height]
            };
            let coin = philox(seed, [image, epoch, view * 16 + ATTEMPTS, Purpose::View as u32]);
            let flips = u32::from(!plain && (unit(coin[0]) as f32) < params.horizontal_flip)
                + 2 * u32::from(!plain && (unit(coin[1]) as f32) < params.vertical_flip);
            out.copy_from_slice(&[image, left, top, width, height, flips, epoch, view]);
        });
    }

    fn examples() -> Vec<Self> {
        let sizes = [(6, 1, 1, 2, 3), (7, 14, 2, 5, 9), (11, 33, 3, 28, 28), (9, 6, 6, 32, 17)];
        let example = |(images, rows, views, height, width), crop| Self {
            images,
            first: images / 3 * u32::from(crop),
            rows,
            views,
            plain: u32::from(crop && views == 3),
            height,
            width,
            shuffle: crop,
            crop,
            area: [0.4, 1.0],
            aspect: [0.75, 4.0 / 3.0],
            horizontal_flip: 0.5,
            vertical_flip: 0.5,
        };
        sizes.into_iter().flat_map(|size| [false, true].map(|crop| example(size, crop))).collect()
    }
}

/// The image at a position of an epoch, in the shuffled order of `images` images.
pub fn shuffled(seed: [u32; 2], epoch: u32, position: u32, images: u32) -> u32 {
    permute(position, images, philox(seed, [epoch, 0, 0, Purpose::Shuffle as u32]))
}

/// torchvision's `RandomResizedCrop.get_params`: left, top, width, height.
fn random_crop(params: &Params, draw: impl Fn(u32) -> [u32; 4]) -> [u32; 4] {
    let whole = [params.width as f32, params.height as f32];
    let between = |low: f32, high: f32, word: u32| low + (high - low) * unit(word) as f32;
    let below = |word: u32, n: u32| ((u64::from(word) * u64::from(n)) >> 32) as u32;
    for attempt in 0..ATTEMPTS {
        let words = draw(attempt);
        let area = whole[0] * whole[1] * between(params.area_low, params.area_high, words[0]);
        let aspect = between(params.log_aspect_low, params.log_aspect_high, words[1]).exp();
        let width = (area * aspect).sqrt().round_ties_even() as u32;
        let height = (area / aspect).sqrt().round_ties_even() as u32;
        if width >= 1 && height >= 1 && width <= params.width && height <= params.height {
            let left = below(words[2], params.width - width + 1);
            let top = below(words[3], params.height - height + 1);
            return [left, top, width, height];
        }
    }
    let aspect = (whole[0] / whole[1]).clamp(params.log_aspect_low.exp(), params.log_aspect_high.exp());
    let width = ((whole[1] * aspect).round_ties_even() as u32).clamp(1, params.width);
    let height = ((whole[0] / aspect).round_ties_even() as u32).clamp(1, params.height);
    [(params.width - width) / 2, (params.height - height) / 2, width, height]
}
