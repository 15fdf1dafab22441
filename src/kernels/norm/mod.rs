//! Batch normalisation.

pub mod batch_norm;
pub mod batch_norm_backward;
pub mod batch_norm_sums;
pub mod moments;

use super::encode;
use crate::math::{Real, simd};
use encase::ShaderType;
use std::ops::Range;

/// Elements that a task of the twins sums over the images: they stay in the first cache.
const BLOCK: usize = 512;

/// The sizes of what is normalised, `[images, channels, area]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Planes {
    /// Images.
    pub images: usize,
    /// Channels.
    pub channels: usize,
    /// Positions of a plane.
    pub area: usize,
}

#[derive(ShaderType)]
struct Params {
    images: u32,
    channels: u32,
    area: u32,
}

impl Planes {
    /// Elements.
    pub fn count(&self) -> usize {
        self.images * self.channels * self.area
    }

    /// Elements of a channel.
    fn per_channel(&self) -> usize {
        self.images * self.area
    }

    fn uniform(&self) -> Vec<u8> {
        encode(&Params { images: self.images as u32, channels: self.channels as u32, area: self.area as u32 })
    }

    /// Channels that are summed together: small planes alone would be short loops.
    fn block(&self) -> usize {
        (BLOCK / self.area).clamp(1, self.channels)
    }

    /// The elements of these channels, image by image.
    fn runs<'a, T>(&self, x: &'a [T], channels: Range<usize>) -> impl Iterator<Item = &'a [T]> {
        let range = channels.start * self.area..channels.end * self.area;
        x.chunks_exact(self.channels * self.area).take(self.images).map(move |image| &image[range.clone()])
    }

    /// The sum of each channel's planes, whose elements were summed over the images.
    fn total<T: Real>(&self, sums: &[T]) -> impl Iterator<Item = T> {
        sums.chunks_exact(self.area).map(|plane| simd::lane_sum(plane, |x| x))
    }

    /// A value of each channel for each of its positions.
    fn spread<T: Real>(&self, values: &[T]) -> Vec<T> {
        values.iter().flat_map(|&value| std::iter::repeat_n(value, self.area)).collect()
    }
}
