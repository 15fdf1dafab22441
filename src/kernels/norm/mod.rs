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
use super::{Launch, Shader};
use crate::math::Real;
use encase::ShaderType;

/// What the kernels of a batch normalisation share.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Normalisation {
    /// Sizes of x.
    pub planes: Planes,
    /// How many devices normalise together, each so many images.
    pub members: usize,
    /// This device's place among them.
    pub member: usize,
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
    /// Elements of the moments, `[channels, parts, 2]`: of each part the sum, and the sum of the squared distances from its own mean.
    pub fn moments(&self) -> usize {
        2 * self.planes.channels * self.planes.parts()
    }

    /// Elements of the moments of all devices, `[members, channels, parts, 2]`.
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
        3 + 2 * self.planes.parts()
    }

    /// Elements of a channel on all devices.
    fn count(&self) -> usize {
        self.members * self.planes.per_channel()
    }

    /// Mean and sum of squared distances of a channel, of the moments of its parts on all devices.
    fn whole<T: Real>(&self, moments: &[T], channel: usize) -> [T; 2] {
        let parts = self.planes.parts();
        let of_parts = moments[..self.moments_of_all()]
            .chunks_exact(self.moments())
            .flat_map(|member| member[2 * channel * parts..2 * (channel + 1) * parts].chunks_exact(2));
        let sum = of_parts.clone().fold(T::ZERO, |sum, part| sum + part[0]);
        let mean = sum / T::of(self.count() as f64);
        let squares = of_parts.enumerate().fold(T::ZERO, |squares, (index, part)| {
            let count = T::of((self.planes.part(index % parts).len() * self.planes.area) as f64);
            let distance = part[0] / count - mean;
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
        let (members, member) = (self.members as u32, self.member as u32);
        let [images, channels, area, slice, parts] =
            [images, channels, area, self.planes.slice(), self.planes.parts()].map(|size| size as u32);
        let [momentum, epsilon] = [self.momentum, self.epsilon].map(|x| x as f32);
        Params { images, channels, area, slice, parts, members, member, momentum, epsilon }
    }

    /// A workgroup for each part of each channel.
    fn by_part(&self, shader: Shader) -> Launch {
        self.planes.by_part(shader.with(wgsl!("norm/normalisation")))
    }

    /// Workgroups for some thousand elements of a channel each.
    fn by_stretch(&self, shader: Shader) -> Launch {
        let elements = (self.planes.count() / GROUPS).clamp(STRETCH, LONGEST_STRETCH);
        let images = (elements / self.planes.area).clamp(1, self.planes.images);
        let shader = shader.with(wgsl!("norm/normalisation")).shared("LANES", LANES);
        self.planes.launch(shader, self.planes.images.div_ceil(images))
    }

    /// Sizes for the examples: of one part, and of several; on one device, and on several.
    fn examples() -> impl Iterator<Item = Self> {
        let shared = [(Planes { images: 5, channels: 7, area: 64 }, 2, 1), (Planes::IN_PARTS, 3, 1)];
        let alone = Planes::examples().map(|planes| (planes, 1, 0));
        alone.chain(shared).map(|(planes, members, member)| Self { members, member, ..Self::of(planes) })
    }

    /// On one device.
    fn of(planes: Planes) -> Self {
        Self { planes, members: 1, member: 0, momentum: 0.1, epsilon: 1e-5 }
    }
}

#[test]
fn parts_make_the_whole() {
    let norm = Normalisation::of(Planes { channels: 1, ..Planes::IN_PARTS });
    assert_eq!((norm.planes.parts(), norm.planes.part(10)), (11, 50..52));
    let x: Vec<f64> = (0..52_000).map(|i| 3.0 + f64::from(i % 911) / 911.0 + f64::from(i) / 52_000.0).collect();
    let moments = |x: &[f64]| {
        let mean = x.iter().sum::<f64>() / x.len() as f64;
        [mean * x.len() as f64, x.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>()]
    };
    let of_parts = |planes: Planes, x: &[f64]| -> Vec<f64> {
        (0..planes.parts()).flat_map(|part| moments(planes.piece(part, x).1)).collect()
    };
    let ([sum, squares], [mean, whole]) = (moments(&x), norm.whole(&of_parts(norm.planes, &x), 0));
    assert!(
        (mean - sum / 52_000.0).abs() < 1e-12 && (whole / squares - 1.0).abs() < 1e-12,
        "{mean}, {whole}, {squares}"
    );
    // The same elements on two devices.
    let half = Normalisation { members: 2, ..Normalisation::of(Planes { images: 26, ..norm.planes }) };
    let of_both = x.chunks_exact(26_000).flat_map(|x| of_parts(half.planes, x));
    let [mean_of_both, of_both] = half.whole(&of_both.collect::<Vec<_>>(), 0);
    assert_eq!((half.planes.parts(), half.planes.part(5)), (6, 25..26));
    assert!((mean_of_both - mean).abs() < 1e-12 && (of_both / whole - 1.0).abs() < 1e-12, "{mean_of_both}, {of_both}");
}
