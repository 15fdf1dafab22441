//! Sheets of pictures of a data set, or of anywhere: a cell each, and empty ones where a picture is missing.

use super::grid::{Pictures, png};
use crate::data::Images;

/// Small pictures are magnified to about this height, in pixels.
const HEIGHT: usize = 56;
/// An empty cell.
const EMPTY: f32 = 0.3;

/// Lays out pictures, as networks see them, in rows of `columns`; none is an empty cell.
///
/// # Errors
/// When the sheet cannot be encoded, as text.
pub fn sheet<'a>(
    cells: impl IntoIterator<Item = Option<(&'a Images, usize)>>,
    shape: [usize; 3],
    columns: usize,
) -> Result<Vec<u8>, String> {
    let size = shape.iter().product::<usize>();
    let mut pixels = Vec::new();
    for cell in cells {
        match cell {
            Some((images, at)) => {
                let bytes = images.shape.bytes();
                let seen = images.as_seen(&images.pixels[at * bytes..][..bytes]);
                pixels.extend(seen.iter().map(|&byte| f32::from(byte) / 255.0));
            }
            None => pixels.resize(pixels.len() + size, EMPTY),
        }
    }
    png(&[Pictures { pixels: &pixels, shape }], columns, magnification(shape[1]))
}

/// By how much pictures of a height are magnified.
pub fn magnification(height: usize) -> u32 {
    HEIGHT.div_ceil(height) as u32
}
