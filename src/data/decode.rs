//! Image files to small squares, on all cores.

use super::{Corrupt, DataError};
use image::imageops::FilterType;
use image::{ColorType, DynamicImage, ImageDecoder, ImageReader};
use indicatif::{ProgressBar, ProgressStyle};
use rayon::prelude::*;
use std::io::Cursor;
use std::path::Path;

/// How a picture becomes a square.
#[derive(Clone, Copy, Debug)]
pub(super) struct Square {
    /// Side of the central part that is used, at most the picture's shorter side.
    pub crop: u32,
    /// Side to which it is resized.
    pub size: u32,
}

/// Decoded files.
pub(super) struct Decoded {
    /// Planar bytes of each file's image, of one channel or three; none where a damaged file was left out.
    pub images: Vec<Option<Vec<u8>>>,
    /// What was left out, and why.
    pub skipped: Vec<String>,
}

/// Decodes `files` of the folder `root`.
///
/// # Errors
/// At a damaged file, unless such files are skipped.
pub(super) fn decode(root: &Path, files: &[&str], square: Square, corrupt: Corrupt) -> Result<Decoded, DataError> {
    let bar = ProgressBar::new(files.len() as u64);
    if let Ok(style) = ProgressStyle::with_template("decoding images {bar:24} {pos}/{len}  {eta} left") {
        bar.set_style(style);
    }
    let one = |file: &&str| {
        let path = root.join(file);
        let planes = planes(&path, square);
        bar.inc(1);
        match planes {
            Err(problem) if corrupt == Corrupt::Stop => Err(DataError::Unusable {
                path,
                problem,
                fix: "Replace or remove the file, or leave damaged files out with --set data.corrupt=skip".to_owned(),
            }),
            planes => Ok(planes.map_err(|problem| format!("{file}: {problem}"))),
        }
    };
    let results = files.par_iter().map(one).collect::<Result<Vec<_>, _>>();
    bar.finish_and_clear();
    let mut skipped = Vec::new();
    let images = results?.into_iter().map(|result| result.map_err(|problem| skipped.push(problem)).ok()).collect();
    Ok(Decoded { images, skipped })
}

/// The image in a file, upright, cropped and resized: one plane of a grey picture, three of any other. An alpha channel
/// is dropped.
fn planes(path: &Path, square: Square) -> Result<Vec<u8>, String> {
    let bytes = std::fs::read(path).map_err(|error| error.to_string())?;
    if ends_early(&bytes) {
        return Err("the JPEG file ends before its picture does: it is truncated".to_owned());
    }
    let image = upright(&bytes).map_err(|error| format!("it cannot be decoded ({error})"))?;
    let grey = matches!(image.color(), ColorType::L8 | ColorType::La8 | ColorType::L16 | ColorType::La16);
    let image = match grey {
        true => DynamicImage::from(image.into_luma8()),
        false => DynamicImage::from(image.into_rgb8()),
    };
    let side = image.width().min(image.height()).min(square.crop);
    let (left, top) = ((image.width() - side) / 2, (image.height() - side) / 2);
    let image = image.crop_imm(left, top, side, side).resize_exact(square.size, square.size, FilterType::Triangle);
    let (bytes, channels) = (image.as_bytes(), usize::from(image.color().channel_count()));
    Ok((0..channels).flat_map(|channel| bytes.iter().skip(channel).step_by(channels).copied()).collect())
}

fn upright(bytes: &[u8]) -> image::ImageResult<DynamicImage> {
    let mut decoder = ImageReader::new(Cursor::new(bytes)).with_guessed_format()?.into_decoder()?;
    let orientation = decoder.orientation()?;
    let mut image = DynamicImage::from_decoder(decoder)?;
    image.apply_orientation(orientation);
    Ok(image)
}

/// Whether a JPEG file has no end mark behind its last beginning of a scan: the decoder would fill the rest with grey.
fn ends_early(bytes: &[u8]) -> bool {
    let last = |mark: [u8; 2]| bytes.windows(2).rposition(|pair| pair == mark);
    bytes.starts_with(&[0xff, 0xd8]) && last([0xff, 0xda]) > last([0xff, 0xd9])
}
