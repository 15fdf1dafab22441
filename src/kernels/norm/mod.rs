//! Batch normalisation.
//!
//! Channels are summed in the parts of their planes, which the next kernel adds in order.
//!
//! Where several devices share a step, each sums its own images, and the next kernel adds the parts of all of them, so that a channel is
//! normalised with the moments of the whole step.

pub mod batch_norm;
pub mod batch_norm_backward;
pub mod batch_norm_sums;
pub mod moments;

use super::planes::{LANES, Planes};
use super::product::Variant;
use super::{Launch, Shader, Tuning};
use crate::math::Real;
use encase::ShaderType;

/// What the kernels of a batch normalisation share.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Normalisation {
    /// Sizes of x.
    pub planes: Planes,
    /// How many devices normalise together.
    pub members: usize,
    /// This device's place among them.
    pub member: usize,
    /// The images of all of them.
    pub images_of_all: usize,
    /// Parts in which each of them sums a channel; of a device with fewer images than another the last ones may be empty.
    pub parts: usize,
    /// Part of the way that the running values go toward the batch's.
    pub momentum: f64,
    /// Added to the variance.
    pub epsilon: f64,
}

/// The shaders' uniform block.
#[derive(ShaderType)]
pub struct Params {
    images: u32,
    channels: u32,
    area: u32,
    slice: u32,
    parts: u32,
    members: u32,
    member: u32,
    images_of_all: u32,
    momentum: f32,
    epsilon: f32,
}

/// Elements that a workgroup normalises, at least: it adds the parts of its channel first.
const STRETCH: usize = 1 << 10;
/// The same at most, so that those which end last leave a card idle for a short time.
const LONGEST_STRETCH: usize = 1 << 12;
/// Workgroups that normalise, about, between these two: enough to fill a large card, whose memory answers late.
const GROUPS: usize = 1 << 11;

impl Normalisation {
    /// Elements of the moments, `[channels, parts, 3]`: of each part the sum, the sum of the squared distances from its own mean, and the
    /// number of its elements.
    pub fn moments(&self) -> usize {
        3 * self.planes.channels * self.parts
    }

    /// Elements of the moments of all devices, `[members, channels, parts, 3]`.
    pub fn moments_of_all(&self) -> usize {
        self.members * self.moments()
    }

    /// Elements of the sums of the backward pass, `[channels, 3 + 2 parts]`: mean of x, 1 / deviation and scale / deviation, then of each part
    /// the sum of g and the sum of g (x - mean).
    pub fn sums(&self) -> usize {
        self.planes.channels * self.sums_of_channel()
    }

    /// Elements of the sums of all devices, `[members, channels, 3 + 2 parts]`.
    pub fn sums_of_all(&self) -> usize {
        self.members * self.sums()
    }

    fn sums_of_channel(&self) -> usize {
        3 + 2 * self.parts
    }

    /// Elements of a channel on all devices.
    fn count(&self) -> usize {
        self.images_of_all * self.planes.area
    }

    /// Mean and sum of squared distances of a channel, of the moments of its parts on all devices.
    fn whole<T: Real>(&self, moments: &[T], channel: usize) -> [T; 2] {
        let parts = self.parts;
        let of_parts = moments[..self.moments_of_all()]
            .chunks_exact(self.moments())
            .flat_map(|member| member[3 * channel * parts..3 * (channel + 1) * parts].chunks_exact(3));
        let sum = of_parts.clone().fold(T::ZERO, |sum, part| sum + part[0]);
        let mean = sum / T::of(self.count() as f64);
        let squares = of_parts.fold(T::ZERO, |squares, part| {
            let count = part[2];
            let distance = part[0] / count.max(T::ONE) - mean;
            squares + (part[1] + count * distance * distance)
        });
        [mean, squares]
    }

    /// `1 / sqrt(variance + epsilon)`.
    fn inverse<T: Real>(&self, variance: T) -> T {
        T::ONE / (variance + T::of(self.epsilon)).sqrt()
    }

    fn params(&self) -> Params {
        let Planes { images, channels, area } = self.planes;
        let [members, member, images_of_all] =
            [self.members, self.member, self.images_of_all].map(|count| count as u32);
        let [images, channels, area, slice, parts] =
            [images, channels, area, self.planes.slice(), self.parts].map(|size| size as u32);
        let [momentum, epsilon] = [self.momentum, self.epsilon].map(|x| x as f32);
        Params { images, channels, area, slice, parts, members, member, images_of_all, momentum, epsilon }
    }

    /// A workgroup for each part of each channel.
    fn by_part(&self, shader: Shader) -> Launch {
        self.planes.launch(shader.with(wgsl!("norm/normalisation")).reducing(LANES), self.parts)
    }

    /// Workgroups for some thousand elements of a channel each. A software adapter runs one after the other, and hides nothing by many.
    fn by_stretch(&self, shader: Shader, tuning: &Tuning) -> Launch {
        let elements = match tuning.matmul {
            Variant::Strip => LONGEST_STRETCH,
            Variant::Tile | Variant::Light => (self.planes.count() / GROUPS).clamp(STRETCH, LONGEST_STRETCH),
        };
        let images = (elements / self.planes.area).clamp(1, self.planes.images);
        let shader = shader.with(wgsl!("norm/normalisation")).shared("LANES", LANES);
        self.planes.launch(shader, self.planes.images.div_ceil(images))
    }

    /// Sizes for the examples: of one part, and of several; on one device, and on several, which have as many images or fewer.
    fn examples() -> impl Iterator<Item = Self> {
        let few = Planes { images: 5, channels: 7, area: 64 };
        let many = Planes::IN_PARTS;
        let shared = [(few, vec![5, 5], 1), (many, vec![52; 3], 1), (many, vec![52, 90], 0)];
        let alone = Planes::examples().map(Self::of);
        alone.chain(shared.map(|(planes, images, member)| Self::of(planes).among(&images, member)))
    }

    /// On one device.
    pub fn alone(planes: Planes, momentum: f64, epsilon: f64) -> Self {
        let (images_of_all, parts) = (planes.images, planes.parts());
        Self { planes, members: 1, member: 0, images_of_all, parts, momentum, epsilon }
    }

    /// On devices that have so many images, of which this one is `member`.
    pub fn among(self, images: &[usize], member: usize) -> Self {
        let parts = images.iter().map(|&images| Planes { images, ..self.planes }.parts()).max().unwrap_or(self.parts);
        Self { members: images.len(), member, images_of_all: images.iter().sum(), parts, ..self }
    }

    fn of(planes: Planes) -> Self {
        Self::alone(planes, 0.1, 1e-5)
    }
}

#[test]
fn parts_make_the_whole() {
    let norm = Normalisation::of(Planes { channels: 1, ..Planes::IN_PARTS });
    assert_eq!((norm.parts, norm.planes.part(10)), (11, 50..52));
    let x: Vec<f64> = (0..52_000).map(|i| 3.0 + f64::from(i % 911) / 911.0 + f64::from(i) / 52_000.0).collect();
    let moments = |x: &[f64]| {
        let mean = x.iter().sum::<f64>() / x.len().max(1) as f64;
        [mean * x.len() as f64, x.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>(), x.len() as f64]
    };
    let of_parts = |norm: Normalisation, x: &[f64]| -> Vec<f64> {
        (0..norm.parts).flat_map(|part| moments(norm.planes.piece(part, x).1)).collect()
    };
    let ([sum, squares, _], [mean, whole]) = (moments(&x), norm.whole(&of_parts(norm, &x), 0));
    assert!(
        (mean - sum / 52_000.0).abs() < 1e-12 && (whole / squares - 1.0).abs() < 1e-12,
        "{mean}, {whole}, {squares}"
    );
    // The same elements on two devices, of which one has fewer parts: its last ones are empty.
    let of = |images: usize, member| Normalisation::of(Planes { images, ..norm.planes }).among(&[38, 14], member);
    let [most, least] =
        [(38, 0, &x[..38_000]), (14, 1, &x[38_000..])].map(|(images, member, x)| of_parts(of(images, member), x));
    let (two, elements) = (of(14, 1), |moments: &[f64]| moments.iter().skip(2).step_by(3).sum::<f64>());
    let [mean_of_both, of_both] = two.whole(&[&most[..], &least].concat(), 0);
    assert_eq!((most.len(), elements(&most)), (3 * two.parts, 38_000.0));
    assert_eq!((least.len(), elements(&least), least.last()), (3 * two.parts, 14_000.0, Some(&0.0)));
    assert!((mean_of_both - mean).abs() < 1e-12 && (of_both / whole - 1.0).abs() < 1e-12, "{mean_of_both}, {of_both}");
}
