//! Data sets larger than the device: the host knows which images come next and writes them into a ring there, while the
//! device works on the steps before.

use crate::augment::ImageSource;
use crate::data::{Images, Pixels};
use crate::device::{DeviceError, Executor, Values, words_of};
use crate::math::pieces::{rows_mut, side_by_side};

/// The images of a source of which the device holds a ring only.
pub(crate) struct Stream {
    source: ImageSource,
    pixels: Pixels,
}

impl Stream {
    /// Brings all images to the device; where it holds a ring only, returns what feeds it.
    ///
    /// # Errors
    /// When the device fails.
    pub fn begin(
        executor: &mut dyn Executor,
        source: &ImageSource,
        images: &Images,
    ) -> Result<Option<Self>, DeviceError> {
        if source.ring(1).is_some() {
            return Ok(Some(Self { source: *source, pixels: images.pixels.clone() }));
        }
        executor.write(source.pixels, &Values::U32(words_of(&images.pixels)))?;
        Ok(None)
    }

    /// Whether it feeds this source.
    pub fn feeds(&self, source: &ImageSource) -> bool {
        self.source.pixels == source.pixels
    }

    /// Queues the `batch` images of a step, counted from 0, into their place: behind all work queued before, ahead of all
    /// work queued later. `image` tells which they are.
    ///
    /// # Errors
    /// When the device fails.
    pub fn write(
        &self,
        executor: &mut dyn Executor,
        batch: usize,
        step: u64,
        image: impl Fn(usize) -> usize + Sync,
    ) -> Result<(), DeviceError> {
        let Some(ring) = self.source.ring(batch) else { return Ok(()) };
        let bytes = self.source.bytes();
        let mut gathered = vec![0; ring.stride];
        side_by_side(rows_mut(&mut gathered[..batch * bytes], bytes), 1, |row, out| {
            out.copy_from_slice(&self.pixels[image(row) * bytes..][..bytes]);
        });
        let place = (step % ring.steps as u64) as usize * ring.stride / 4;
        executor.write(self.source.pixels.slice(place, [ring.stride / 4]), &Values::U32(words_of(&gathered)))
    }
}
