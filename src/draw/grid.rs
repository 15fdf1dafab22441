//! Grids of pictures as PNG.

use image::codecs::png::PngEncoder;
use image::{Rgb, RgbImage};

/// A stack of equally sized pictures, `[count, channels, height, width]` in 0..=1; 1 or 3 channels.
#[derive(Clone, Copy, Debug)]
pub struct Pictures<'a> {
    /// The numbers.
    pub pixels: &'a [f32],
    /// Channels, height, width.
    pub shape: [usize; 3],
}

impl Pictures<'_> {
    /// How many there are.
    pub fn count(&self) -> usize {
        self.pixels.len() / self.shape.iter().product::<usize>().max(1)
    }

    /// One of them.
    pub fn image(&self, picture: usize) -> RgbImage {
        let [_, height, width] = self.shape.map(|side| side as u32);
        RgbImage::from_fn(width, height, |x, y| self.colour(picture, x as usize, y as usize))
    }

    fn colour(&self, picture: usize, x: usize, y: usize) -> Rgb<u8> {
        let [channels, height, width] = self.shape;
        let channel = |c: usize| {
            let at = ((picture * channels + c.min(channels - 1)) * height + y) * width + x;
            // A cast from float to integer saturates, and takes NaN to zero.
            (self.pixels[at] * 255.0).round() as u8
        };
        Rgb([channel(0), channel(1), channel(2)])
    }
}

pub(super) const GAP: u32 = 2;
pub(super) const BACKGROUND: Rgb<u8> = Rgb([110, 110, 120]);

/// Lays out pictures in bands: each band is one row of every stack, so that inputs stand over their reconstructions.
/// Every pixel is magnified `scale` times.
///
/// # Errors
/// When the picture cannot be encoded, as text.
pub fn png(stacks: &[Pictures<'_>], columns: usize, scale: u32) -> Result<Vec<u8>, String> {
    encode(&lay_out(stacks, columns, scale))
}

/// [`png`] before it is encoded.
pub(super) fn lay_out(stacks: &[Pictures<'_>], columns: usize, scale: u32) -> RgbImage {
    let columns = columns.max(1);
    let count = stacks.iter().map(Pictures::count).min().unwrap_or(0);
    let [_, height, width] = stacks.first().map_or([1, 1, 1], |stack| stack.shape);
    let (cell_width, cell_height) = (width as u32 * scale + GAP, height as u32 * scale + GAP);
    let bands = count.div_ceil(columns) as u32;
    let band_height = cell_height * stacks.len() as u32 + 3 * GAP;
    let mut grid =
        RgbImage::from_pixel(cell_width * columns as u32 + GAP, (band_height * bands + GAP).max(1), BACKGROUND);
    for picture in 0..count {
        for (line, stack) in stacks.iter().enumerate() {
            let left = GAP + (picture % columns) as u32 * cell_width;
            let top = GAP + (picture / columns) as u32 * band_height + line as u32 * cell_height;
            for y in 0..height as u32 * scale {
                for x in 0..width as u32 * scale {
                    grid.put_pixel(
                        left + x,
                        top + y,
                        stack.colour(picture, (x / scale) as usize, (y / scale) as usize),
                    );
                }
            }
        }
    }
    grid
}

/// An image as PNG.
pub(crate) fn encode(image: &RgbImage) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    image.write_with_encoder(PngEncoder::new(&mut bytes)).map_err(|error| error.to_string())?;
    Ok(bytes)
}
