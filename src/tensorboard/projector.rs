//! Representations for TensorBoard's projector: a point for each image, its class, and what it looks like.

use super::IMAGES;
use crate::data::Images;
use crate::draw::grid::encode;
use crate::files::{FileError, write_atomically};
use image::imageops::{replace, thumbnail};
use image::{Rgb, RgbImage};
use std::io;
use std::path::Path;

/// Height and width of an image in the sprite, at most.
const SIDE: u32 = 64;

/// Writes what stays the same while a run trains: classes, pictures, and where the projector finds all of it.
pub fn begin(folder: &Path, test: &Images) -> Result<(), FileError> {
    let count = test.len().min(IMAGES);
    let (sprite, [width, height]) = sprite(test, count);
    let path = folder.join("sprite.png");
    let bytes = encode(&sprite).map_err(io::Error::other).map_err(FileError::writing(&path))?;
    write_atomically(&path, &bytes)?;
    // A name with a tab would be two cells.
    let cell = |text: &str| text.replace(char::is_control, " ");
    let row = |at: usize| {
        let class = test.classes.get(usize::from(test.labels[at])).map_or("-", String::as_str);
        let image = test.files.get(at).map_or_else(|| at.to_string(), |file| cell(file));
        format!("{}\t{image}\n", cell(class))
    };
    let table: String = std::iter::once("class\timage\n".to_owned()).chain((0..count).map(row)).collect();
    write_atomically(&folder.join("metadata.tsv"), table.as_bytes())?;
    let config = format!(
        "embeddings {{\n  tensor_name: \"representations\"\n  tensor_path: \"tensors.tsv\"\n  metadata_path: \"metadata.tsv\"\n  \
         sprite {{\n    image_path: \"sprite.png\"\n    single_image_dim: {width}\n    single_image_dim: {height}\n  }}\n}}\n"
    );
    write_atomically(&folder.join("projector_config.pbtxt"), config.as_bytes())
}

/// Writes the representations `[images, width]` of the first images.
pub fn write(folder: &Path, mu: &[f32], width: usize, test: &Images) -> Result<(), FileError> {
    let line = |row: &[f32]| row.iter().map(f32::to_string).collect::<Vec<_>>().join("\t") + "\n";
    let count = test.len().min(IMAGES);
    let text: String = mu.chunks_exact(width.max(1)).take(count).map(line).collect();
    write_atomically(&folder.join("tensors.tsv"), text.as_bytes())
}

/// The first images side by side in a square, and width and height of each.
fn sprite(test: &Images, count: usize) -> (RgbImage, [u32; 2]) {
    let columns = (count as f64).sqrt().ceil().max(1.0) as u32;
    let images: Vec<RgbImage> =
        test.pixels.chunks_exact(test.shape.bytes()).take(count).map(|bytes| picture(test, bytes)).collect();
    let (width, height) = images.first().map_or((1, 1), RgbImage::dimensions);
    let mut sprite = RgbImage::new(columns * width, columns * height);
    for (at, image) in (0..).zip(&images) {
        replace(&mut sprite, image, i64::from(at % columns * width), i64::from(at / columns * height));
    }
    (sprite, [width, height])
}

fn picture(test: &Images, bytes: &[u8]) -> RgbImage {
    let (bytes, seen) = (test.as_seen(bytes), test.seen);
    let pixel = |x: u32, y: u32| {
        let channel = |c: usize| bytes[(c.min(seen.channels - 1) * seen.height + y as usize) * seen.width + x as usize];
        Rgb([channel(0), channel(1), channel(2)])
    };
    let (width, height) = (seen.width as u32, seen.height as u32);
    let image = RgbImage::from_fn(width, height, pixel);
    let most = width.max(height);
    if most <= SIDE {
        return image;
    }
    let side = |side: u32| (side * SIDE / most).max(1);
    thumbnail(&image, side(width), side(height))
}
