//! Sums over the planes of channels, image by image: what normalisation and the gradient of a convolution's bias share.
//!
//! Channels are summed in parts, each of some images, which the next kernel adds: a dispatch with a workgroup for each channel would leave
//! most of a card idle where channels are few and their elements many.

use super::{Launch, Shader};
use crate::math::{Real, simd};
use encase::ShaderType;
use std::ops::Range;

/// Elements that a task of the twins sums over the images: they stay in the first cache.
const BLOCK: usize = 512;
/// Invocations of a workgroup.
pub(super) const LANES: u32 = 256;
/// Elements of a part, at least: few rounds of loads, each as long as memory takes to answer, but more than adding up the lanes takes.
const PART: usize = 1 << 12;
/// Parts of a channel, at most, as every workgroup of the next kernel adds them.
const MOST_PARTS: usize = 32;

/// The sizes of `[images, channels, area]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Planes {
    /// Images.
    pub images: usize,
    /// Channels.
    pub channels: usize,
    /// Positions of a plane.
    pub area: usize,
}

/// The shader's uniform block.
#[derive(ShaderType)]
pub struct Params {
    images: u32,
    channels: u32,
    area: u32,
    slice: u32,
}

impl Planes {
    /// Sizes for examples: of several parts, of which the last is smaller.
    pub(super) const IN_PARTS: Self = Self { images: 52, channels: 3, area: 1000 };

    /// Elements.
    pub fn count(&self) -> usize {
        self.images * self.channels * self.area
    }

    /// Sizes for examples.
    pub(super) fn examples() -> impl Iterator<Item = Self> {
        let sizes = [(3, 1, 1), (2, 3, 7), (5, 7, 64), (67, 13, 4), (19, 5, 131)];
        sizes.into_iter().map(|(images, channels, area)| Self { images, channels, area }).chain([Self::IN_PARTS])
    }

    /// Elements of a channel.
    pub(super) fn per_channel(&self) -> usize {
        self.images * self.area
    }

    /// Images of a part.
    pub(super) fn slice(&self) -> usize {
        self.images.div_ceil((self.per_channel() / PART).clamp(1, MOST_PARTS.min(self.images)))
    }

    /// Parts in which a channel is summed.
    pub fn parts(&self) -> usize {
        self.images.div_ceil(self.slice())
    }

    /// The images of a part.
    pub(super) fn part(&self, index: usize) -> Range<usize> {
        index * self.slice()..((index + 1) * self.slice()).min(self.images)
    }

    /// The sizes of a part, and its elements among those of x.
    pub(super) fn piece<'a, T>(&self, index: usize, x: &'a [T]) -> (Self, &'a [T]) {
        let (images, row) = (self.part(index), self.channels * self.area);
        // A tensor that is not used has no elements.
        let x = x.get(images.start * row..images.end * row).unwrap_or_default();
        (Self { images: images.len(), ..*self }, x)
    }

    pub(super) fn params(&self) -> Params {
        let [images, channels, area, slice] =
            [self.images, self.channels, self.area, self.slice()].map(|size| size as u32);
        Params { images, channels, area, slice }
    }

    /// A workgroup for each part of each channel, whose lanes walk and are added up.
    pub(super) fn by_part(&self, shader: Shader) -> Launch {
        self.launch(shader.reducing(LANES), self.parts())
    }

    /// So many workgroups for each channel, whose lanes walk.
    pub(super) fn launch(&self, shader: Shader, groups: usize) -> Launch {
        let shader = shader.with(wgsl!("common/planes"));
        Launch { shader, workgroups: [self.channels as u32, groups as u32, 1] }
    }

    /// Channels that are summed together: small planes alone would be short loops.
    pub(super) fn block(&self) -> usize {
        (BLOCK / self.area).clamp(1, self.channels)
    }

    /// The sum of each position of these channels over the images.
    #[inline(always)]
    pub(super) fn over_images<T: Real>(&self, x: &[T], channels: Range<usize>) -> Vec<T> {
        let mut sums = vec![T::ZERO; channels.len() * self.area];
        for x in self.runs(x, channels) {
            sums.iter_mut().zip(x).for_each(|(sum, &x)| *sum += x);
        }
        sums
    }

    /// The elements of these channels, image by image.
    pub(super) fn runs<'a, T>(&self, x: &'a [T], channels: Range<usize>) -> impl Iterator<Item = &'a [T]> {
        let range = channels.start * self.area..channels.end * self.area;
        x.chunks_exact(self.channels * self.area).take(self.images).map(move |image| &image[range.clone()])
    }

    /// The sum of each channel's planes, whose elements were summed over the images.
    pub(super) fn total<T: Real>(&self, sums: &[T]) -> impl Iterator<Item = T> {
        sums.chunks_exact(self.area).map(|plane| simd::lane_sum(plane, |x| x))
    }

    /// A value of each channel for each of its positions.
    pub(super) fn spread<T: Real>(&self, values: &[T]) -> Vec<T> {
        values.iter().flat_map(|&value| std::iter::repeat_n(value, self.area)).collect()
    }
}
