//! The bytes of the data set on the device: twin of `shaders/common/stored.wgsl`.

use super::clock::STEP;
use super::view::{IMAGE, VIEW_WORDS};

/// The shared WGSL.
pub const WGSL: &str = wgsl!("common/stored");

/// Images in the order of the steps that use them: those of step s, counted from 0, begin at byte `s % steps * stride`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ring {
    /// Steps that it holds.
    pub steps: usize,
    /// Bytes from a step to the next, a multiple of four.
    pub stride: usize,
    /// Bytes of a step that lie before the first image that is wanted.
    pub before: usize,
}

impl Ring {
    /// The stride of steps of so many bytes: a multiple of 256, as devices align their memory.
    pub fn stride(bytes: usize) -> usize {
        bytes.next_multiple_of(256)
    }
}

/// Where the bytes of images lie.
#[derive(Clone, Copy, Debug)]
pub struct Stored<'a> {
    /// Four bytes a word.
    pub pixels: &'a [u32],
    /// Bytes of an image.
    pub bytes: usize,
    /// Rows of an image, J.
    pub views: usize,
    /// How they lie where they are only those of some steps; none where they are all images.
    pub ring: Option<Ring>,
}

/// What a shader knows of a ring, its steps, its stride and what lies before; zeros where there is none.
pub fn ring_words(ring: Option<Ring>) -> [u32; 3] {
    ring.map_or([0; 3], |Ring { steps, stride, before }| [steps, stride, before].map(|x| x as u32))
}

impl Stored<'_> {
    /// Words that hold so many images, or the ring.
    pub fn words(images: usize, bytes: usize, ring: Option<Ring>) -> usize {
        ring.map_or(images * bytes, |ring| ring.steps * ring.stride).div_ceil(4)
    }

    /// A byte.
    #[inline]
    pub fn pixel(&self, index: usize) -> u32 {
        (self.pixels[index >> 2] >> (8 * (index & 3))) & 255
    }

    /// The first byte of a row's image, by the row's view.
    pub fn first_byte(&self, clock: &[u32], row: usize, view: &[u32]) -> usize {
        debug_assert_eq!(view.len(), VIEW_WORDS);
        match self.ring {
            None => view[IMAGE] as usize * self.bytes,
            Some(ring) => {
                let step = clock[STEP].wrapping_sub(1) as usize;
                step % ring.steps * ring.stride + ring.before + row / self.views * self.bytes
            }
        }
    }
}
