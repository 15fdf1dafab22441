//! Sums over the planes of channels, image by image: what normalisation and the gradient of a convolution's bias share.

use crate::math::{Real, simd};
use encase::ShaderType;
use std::ops::Range;

/// Elements that a task of the twins sums over the images: they stay in the first cache.
const BLOCK: usize = 512;

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
}

impl Planes {
    /// Elements.
    pub fn count(&self) -> usize {
        self.images * self.channels * self.area
    }

    /// Sizes for the examples of normalisation.
    pub(super) fn examples() -> impl Iterator<Item = Self> {
        let sizes = [(3, 1, 1), (2, 3, 7), (5, 7, 64), (67, 13, 4), (19, 5, 131)];
        sizes.into_iter().map(|(images, channels, area)| Self { images, channels, area })
    }

    /// Elements of a channel.
    pub(super) fn per_channel(&self) -> usize {
        self.images * self.area
    }

    pub(super) fn params(&self) -> Params {
        Params { images: self.images as u32, channels: self.channels as u32, area: self.area as u32 }
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
