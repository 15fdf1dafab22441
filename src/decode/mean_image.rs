//! What a representation of nothing gives: the mean image, whatever the image is.

use crate::data::Images;
use rayon::prelude::*;

/// Images that one task adds up.
const PIECE: usize = 1024;

/// Mean squared error of a pixel, in 0..=1, when every test image is answered with the mean training image; of images made
/// black and white where `threshold` is set. Sums are of whole numbers, and so do not depend on the order.
pub(super) fn error(train: &Images, test: &Images, threshold: bool) -> f64 {
    let known = Sums::of(train, threshold);
    let asked = Sums::of(test, threshold);
    let (n, pixels) = (test.len() as f64, known.first.len());
    let squared = |pixel: usize| {
        let mean = known.first[pixel] as f64 / train.len() as f64;
        asked.second[pixel] as f64 - 2.0 * mean * asked.first[pixel] as f64 + n * mean * mean
    };
    (0..pixels).map(squared).sum::<f64>() / (n * pixels as f64 * 255.0 * 255.0)
}

/// Sums over images, for each pixel.
struct Sums {
    first: Vec<u64>,
    second: Vec<u64>,
}

impl Sums {
    fn of(images: &Images, threshold: bool) -> Self {
        let (bytes, stored) = (images.seen.bytes(), images.shape.bytes());
        let seen = |byte: u8| match threshold {
            true => 255 * u64::from(byte >= 128),
            false => byte.into(),
        };
        let empty = || Self { first: vec![0; bytes], second: vec![0; bytes] };
        let add = |mut sums: Self, piece: &[u8]| {
            for image in piece.chunks_exact(stored) {
                let image = images.as_seen(image);
                for ((first, second), &byte) in sums.first.iter_mut().zip(&mut sums.second).zip(image.iter()) {
                    let value = seen(byte);
                    *first += value;
                    *second += value * value;
                }
            }
            sums
        };
        let join = |mut a: Self, b: Self| {
            a.first.iter_mut().zip(b.first).for_each(|(a, b)| *a += b);
            a.second.iter_mut().zip(b.second).for_each(|(a, b)| *a += b);
            a
        };
        images.pixels.par_chunks(PIECE * stored).fold(empty, add).reduce(empty, join)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::ImageShape;

    fn images(pixels: &[u8]) -> Images {
        let shape = ImageShape { channels: 1, height: 1, width: 2 };
        Images::new(shape, pixels.to_vec(), vec![0; pixels.len() / 2], vec!["all".to_owned()]).expect("images")
    }

    #[test]
    fn the_error_is_that_of_the_mean_training_image() {
        let (train, test) = (images(&[0, 255, 255, 255]), images(&[0, 0, 102, 255, 255, 255]));
        // The mean is (0.5, 1): the first pixels are off by 0.5, 0.1, 0.5, the second by 1, 0, 0.
        let want = (0.25 + 0.01 + 0.25 + 1.0) / 6.0;
        assert!((error(&train, &test, false) - want).abs() < 1e-12);
        // 102 becomes black.
        let want = (3.0 * 0.25 + 1.0) / 6.0;
        assert!((error(&train, &test, true) - want).abs() < 1e-12);
    }
}
