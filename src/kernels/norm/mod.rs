//! Batch normalisation.
//!
//! Channels are summed in parts, each of some images, which the next kernel adds in order: a dispatch with a workgroup for each channel
//! would leave most of a card idle where channels are few and their elements many.
//!
//! Where several devices share a step, each sums its own images, and the next kernel adds the parts of all of them, so that a channel is
//! normalised with the moments of the whole step.

pub mod batch_norm;
pub mod batch_norm_backward;
pub mod batch_norm_sums;
pub mod moments;

use super::planes::Planes;
use super::{Launch, Shader};
use crate::math::Real;
use encase::ShaderType;
use std::ops::Range;

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

/// Invocations of a workgroup.
const LANES: u32 = 256;
/// Elements of a part, at least: enough to keep a workgroup busy for longer than it takes to start.
const PART: usize = 1 << 14;
/// Parts of a channel, at most, as every workgroup of the next kernel adds them.
const MOST_PARTS: usize = 32;
/// Elements that a workgroup normalises, about.
const STRETCH: usize = 1 << 12;

impl Normalisation {
    /// Images of a part.
    fn slice(&self) -> usize {
        let Planes { images, .. } = self.planes;
        images.div_ceil((self.planes.per_channel() / PART).clamp(1, MOST_PARTS.min(images)))
    }

    /// Parts in which a channel is summed.
    pub fn parts(&self) -> usize {
        self.planes.images.div_ceil(self.slice())
    }

    /// The images of a part.
    fn part(&self, index: usize) -> Range<usize> {
        index * self.slice()..((index + 1) * self.slice()).min(self.planes.images)
    }

    /// The sizes of a part, and its elements among those of x.
    fn piece<'a, T>(&self, index: usize, x: &'a [T]) -> (Planes, &'a [T]) {
        let (images, row) = (self.part(index), self.planes.channels * self.planes.area);
        // A tensor that is not used has no elements.
        let x = x.get(images.start * row..images.end * row).unwrap_or_default();
        (Planes { images: images.len(), ..self.planes }, x)
    }

    /// Elements of the moments, `[channels, parts, 2]`: of each part the sum, and the sum of the squared distances from its own mean.
    pub fn moments(&self) -> usize {
        2 * self.planes.channels * self.parts()
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
        3 + 2 * self.parts()
    }

    /// Elements of a channel on all devices.
    fn count(&self) -> usize {
        self.members * self.planes.per_channel()
    }

    /// Mean and sum of squared distances of a channel, of the moments of its parts on all devices.
    fn whole<T: Real>(&self, moments: &[T], channel: usize) -> [T; 2] {
        let parts = self.parts();
        let of_parts = moments[..self.moments_of_all()]
            .chunks_exact(self.moments())
            .flat_map(|member| member[2 * channel * parts..2 * (channel + 1) * parts].chunks_exact(2));
        let sum = of_parts.clone().fold(T::ZERO, |sum, part| sum + part[0]);
        let mean = sum / T::of(self.count() as f64);
        let squares = of_parts.enumerate().fold(T::ZERO, |squares, (index, part)| {
            let count = T::of((self.part(index % parts).len() * self.planes.area) as f64);
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
            [images, channels, area, self.slice(), self.parts()].map(|size| size as u32);
        let [momentum, epsilon] = [self.momentum, self.epsilon].map(|x| x as f32);
        Params { images, channels, area, slice, parts, members, member, momentum, epsilon }
    }

    /// A workgroup for each part of each channel.
    fn by_part(&self, shader: Shader) -> Launch {
        self.launch(shader.reducing(LANES), self.parts())
    }

    /// Workgroups for some thousand elements of a channel each.
    fn by_stretch(&self, shader: Shader) -> Launch {
        let images = (STRETCH / self.planes.area).clamp(1, self.planes.images);
        self.launch(shader.shared("LANES", LANES), self.planes.images.div_ceil(images))
    }

    fn launch(&self, shader: Shader, groups: usize) -> Launch {
        let shader = shader.with(wgsl!("norm/normalisation")).with(wgsl!("common/planes"));
        Launch { shader, workgroups: [self.planes.channels as u32, groups as u32, 1] }
    }

    /// Sizes for the examples: of one part, and of several, of which the last is smaller; on one device, and on several.
    fn examples() -> impl Iterator<Item = Self> {
        let several = Planes { images: 50, channels: 3, area: 1000 };
        let shared = [(Planes { images: 5, channels: 7, area: 64 }, 2, 1), (several, 3, 1)];
        let alone = Planes::examples().chain([several]).map(|planes| (planes, 1, 0));
        alone.chain(shared).map(|(planes, members, member)| Self { members, member, ..Self::of(planes) })
    }

    /// On one device.
    fn of(planes: Planes) -> Self {
        Self { planes, members: 1, member: 0, momentum: 0.1, epsilon: 1e-5 }
    }
}

#[test]
fn parts_make_the_whole() {
    let norm = Normalisation::of(Planes { images: 50, channels: 1, area: 1000 });
    assert_eq!((norm.parts(), norm.part(2)), (3, 34..50));
    let x: Vec<f64> = (0..50_000).map(|i| 3.0 + f64::from(i % 911) / 911.0 + f64::from(i) / 50_000.0).collect();
    let moments = |x: &[f64]| {
        let mean = x.iter().sum::<f64>() / x.len() as f64;
        [mean * x.len() as f64, x.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>()]
    };
    let parts: Vec<f64> = (0..3).flat_map(|part| moments(norm.piece(part, &x).1)).collect();
    let ([sum, squares], [mean, whole]) = (moments(&x), norm.whole(&parts, 0));
    assert!(
        (mean - sum / 50_000.0).abs() < 1e-12 && (whole / squares - 1.0).abs() < 1e-12,
        "{mean}, {whole}, {squares}"
    );
    // The same elements on two devices.
    let half = Normalisation { members: 2, ..Normalisation::of(Planes { images: 25, ..norm.planes }) };
    let images = x.chunks_exact(25_000).flat_map(moments);
    let [mean_of_both, of_both] = half.whole(&images.collect::<Vec<_>>(), 0);
    assert_eq!(half.parts(), 1);
    assert!((mean_of_both - mean).abs() < 1e-12 && (of_both / whole - 1.0).abs() < 1e-12, "{mean_of_both}, {of_both}");
}
