//! Views: what a step sees of the data set, drawn and rendered on the device.

mod effects;

pub use crate::kernels::augment::effects::{BlurSettings, EffectSettings, JitterSettings, SolariseSettings};

use crate::kernels::augment::cut::Cut;
use crate::kernels::augment::labels::Labels;
use crate::kernels::augment::sample::{Sample, VIEW_WORDS};
use crate::kernels::augment::views::{Ring, Views};
use crate::plan::{Graph, Share, Tensor};
use crate::setting::settings_table;

settings_table! {
    /// Random changes that make the views of an image.
    pub struct Augmentation("augment") {
        /// Images as they are in place of views, for methods that do not compare the views of an image: `vae`, `beta-vae`,
        /// `supervised`.
        pub plain: bool = false => Allowed::Switch,
        /// Range of the crop's area, as a fraction of the image's.
        pub area: [f64; 2] = [0.4, 1.0] => Allowed::Span { low: 1e-6, high: 1.0 },
        /// Range of the crop's aspect, width over height.
        pub aspect: [f64; 2] = [0.75, 1.3] => Allowed::Span { low: 1e-3, high: 1e3 },
        /// Probability of a horizontal flip.
        pub horizontal_flip: f64 = 0.0 => Allowed::probability(),
        /// Probability of a vertical flip.
        pub vertical_flip: f64 = 0.5 => Allowed::probability(),
        /// Colour jitter.
        pub jitter: JitterSettings = JitterSettings::default() => Allowed::Table,
        /// Probability that a view loses its colours.
        pub grey: f64 = 0.0 => Allowed::probability(),
        /// Gaussian blur.
        pub blur: BlurSettings = BlurSettings::default() => Allowed::Table,
        /// Inversion of bright pixels.
        pub solarise: SolariseSettings = SolariseSettings::default() => Allowed::Table,
        /// Make pixels black or white at one half, after everything else.
        pub threshold: bool = false => Allowed::Switch,
    }
}

/// How many views of an image there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ViewCount {
    /// Views of each image, J.
    pub views: usize,
    /// The first so many of them are the image as it is.
    pub plain: usize,
}

/// Which of a step's images are drawn: all, or a part of them that lie behind each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// Images of the whole step.
    pub step: usize,
    /// The first that is drawn.
    pub first: usize,
    /// How many are.
    pub images: usize,
}

impl Part {
    /// The parts of this part, equal ones where `count` divides it.
    pub fn split(self, count: usize) -> impl Iterator<Item = Self> + Clone {
        let (images, end) = (self.images.div_ceil(count), self.first + self.images);
        (self.first..end).step_by(images).map(move |first| Self { first, images: images.min(end - first), ..self })
    }

    /// What a member of a group computes of this part.
    pub fn of(self, share: &Share) -> Self {
        let split = share.split(self.images);
        let first = self.first + split.iter().take(share.rank).sum::<usize>();
        Self { first, images: split.get(share.rank).copied().unwrap_or(0), ..self }
    }

    /// The share of the step's images.
    pub fn share(&self) -> f64 {
        self.images as f64 / self.step as f64
    }
}

/// A whole step.
impl From<usize> for Part {
    fn from(images: usize) -> Self {
        Self { step: images, first: 0, images }
    }
}

/// The views of a step.
#[derive(Clone, Copy, Debug)]
pub struct Drawn {
    /// Which image and crop each row is, `[rows, 8]` words; see [`Sample`].
    pub boxes: Tensor,
    /// The views, `[rows, channels, height, width]`.
    pub x: Tensor,
}

impl Drawn {
    /// Emits the rows' labels, `[rows]` words, from those of all images `[images]`.
    pub fn labels(&self, g: &mut Graph, known: Tensor) -> Tensor {
        let (rows, _) = self.boxes.shape.as_matrix();
        let labels = g.uints("labels", [rows]);
        g.push("labels", Labels { images: known.len(), rows }, &[self.boxes, known, labels]);
        labels
    }
}

/// A data set on the device: all of it, or a ring of the images of the next steps, which the host writes ahead.
#[derive(Clone, Copy, Debug)]
pub struct ImageSource {
    /// Planar bytes, four to a word: of all images, or, where there are fewer, a [`Ring`].
    pub pixels: Tensor,
    /// Number of images.
    pub images: usize,
    /// Channels, height and width of a view.
    pub shape: [usize; 3],
    /// Height and width of a stored image, from which views are cut.
    pub stored: [usize; 2],
    /// Turn every view into black and white, value >= 0.5.
    pub threshold: bool,
}

impl ImageSource {
    /// Bytes of a stored image.
    pub fn bytes(&self) -> usize {
        self.shape[0] * self.stored[0] * self.stored[1]
    }

    /// Numbers of a view.
    pub fn view_len(&self) -> usize {
        self.shape.iter().product()
    }

    /// Where steps of `batch` images find theirs; none where the device holds all images.
    pub fn ring(&self, batch: usize) -> Option<Ring> {
        let room = 4 * self.pixels.len();
        let stride = Ring::stride(batch * self.bytes());
        (room < self.images * self.bytes()).then(|| Ring { steps: (room / stride).max(1), stride, before: 0 })
    }

    /// Emits the random views of each image of a step, or of a part: `[images * views, channels, height, width]`, in a shuffled
    /// order that changes with the epoch.
    pub fn augmented(
        &self,
        g: &mut Graph,
        clock: Tensor,
        part: impl Into<Part>,
        count: ViewCount,
        how: &Augmentation,
    ) -> Drawn {
        self.emit(g, clock, part.into(), count, Some(how))
    }

    /// Emits the images of a step as they are, but for a reduction to the size of a view, in order.
    pub fn plain(&self, g: &mut Graph, clock: Tensor, batch: usize) -> Tensor {
        self.emit(g, clock, batch.into(), ViewCount { views: 1, plain: 1 }, None).x
    }

    fn emit(
        &self,
        g: &mut Graph,
        clock: Tensor,
        part: Part,
        ViewCount { views, plain }: ViewCount,
        how: Option<&Augmentation>,
    ) -> Drawn {
        let ([channels, height, width], stored, rows) = (self.shape, self.stored, part.images * views);
        let none = Augmentation {
            area: [1.0; 2],
            aspect: [1.0; 2],
            horizontal_flip: 0.0,
            vertical_flip: 0.0,
            ..Augmentation::default()
        };
        let drawn = how.unwrap_or(&none);
        let boxes = g.uints("views", [rows, VIEW_WORDS]);
        let sample = Sample {
            images: self.images as u32,
            first: part.first as u32,
            rows: rows as u32,
            views: views as u32,
            plain: plain as u32,
            height: stored[0] as u32,
            width: stored[1] as u32,
            shuffle: how.is_some(),
            crop: how.is_some(),
            area: drawn.area,
            aspect: drawn.aspect,
            horizontal_flip: drawn.horizontal_flip,
            vertical_flip: drawn.vertical_flip,
        };
        g.push("draw views", sample, &[clock, boxes]);
        let x = g.tensor("x", [rows, channels, height, width]);
        // Black and white comes last.
        let changes = effects::any(drawn);
        let threshold = self.threshold && !changes;
        let ring = self.ring(part.step).map(|ring| Ring { before: part.first * self.bytes(), ..ring });
        let (images, tensors) = (self.images, [clock, boxes, self.pixels, x]);
        if stored == [height, width] {
            let render = Views { images, rows, channels, height, width, threshold, views, ring };
            g.push("render views", render, &tensors);
        } else {
            let cut = Cut { images, rows, channels, stored, size: [height, width], threshold, views, ring };
            g.push("cut views", cut, &tensors);
        }
        let views = Drawn { boxes, x };
        if changes {
            effects::emit(g, clock, self, &views, (drawn, plain));
        }
        views
    }
}
