//! Batch normalisation.

pub mod batch_norm;
pub mod batch_norm_backward;
pub mod batch_norm_sums;
pub mod moments;

use super::encode;
use encase::ShaderType;

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

    /// The planes of a channel, image by image.
    fn channel<'a, T>(&self, x: &'a [T], channel: usize) -> impl Iterator<Item = &'a [T]> {
        x.chunks_exact(self.area).skip(channel).step_by(self.channels).take(self.images)
    }
}
