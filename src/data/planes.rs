//! Decoded pictures behind each other, as a data set has them: nothing is held twice on the way there.

use super::ImageShape;
use image::{Pixel, Rgb};

/// Planes of pictures of one size in the order of their files: one plane of a grey picture, three of any other.
#[derive(Default)]
pub(super) struct Planes {
    bytes: Vec<u8>,
    /// Bytes of each file's picture; zero for a file that was left out.
    lengths: Vec<usize>,
    /// Files that are to be expected in all.
    expected: usize,
}

impl Planes {
    /// Room for the pictures of so many files.
    pub fn of(expected: usize) -> Self {
        Self { expected, ..Self::default() }
    }

    /// Adds the picture of the next file; none where it was left out.
    pub fn push(&mut self, picture: Option<&[u8]>) {
        let picture = picture.unwrap_or_default();
        if self.bytes.is_empty() {
            // All at once, where the system has so much: else it grows, which may copy what is there.
            let _it_grows = self.bytes.try_reserve_exact(picture.len().saturating_mul(self.expected));
        }
        self.bytes.extend_from_slice(picture);
        self.lengths.push(picture.len());
    }

    /// Adds the files that follow.
    pub fn append(&mut self, more: Self) {
        match self.lengths.is_empty() {
            true => *self = more,
            false => {
                self.bytes.extend_from_slice(&more.bytes);
                self.lengths.extend_from_slice(&more.lengths);
            }
        }
    }

    /// Number of files, those that were left out among them.
    pub fn files(&self) -> usize {
        self.lengths.len()
    }

    /// The picture of each file; none of those that were left out.
    pub fn iter(&self) -> impl Iterator<Item = Option<&[u8]>> {
        let mut rest = &self.bytes[..];
        self.lengths.iter().map(move |&length| {
            let (picture, behind) = rest.split_at(length);
            rest = behind;
            (length > 0).then_some(picture)
        })
    }

    /// The pixels of all pictures, of which none has more channels than `shape`: a grey one is each of them.
    pub fn into_pixels(self, shape: ImageShape) -> Vec<u8> {
        let Self { mut bytes, lengths, .. } = self;
        let there = || lengths.iter().rev().copied().filter(|&length| length > 0);
        let mut end = bytes.len();
        bytes.resize(there().count() * shape.bytes(), 0);
        // From the last to the first, each moves behind where it was, or stays.
        let mut place = bytes.len();
        for length in there() {
            if end == place {
                break;
            }
            (end, place) = (end - length, place - shape.bytes());
            for copy in (0..shape.bytes() / length).rev() {
                bytes.copy_within(end..end + length, place + copy * length);
            }
        }
        bytes
    }
}

/// A picture of a shape's size with as many channels as the shape has: a grey one is each of three, and of a coloured one a
/// single channel is the luminance.
pub(super) fn planar(planes: &[u8], shape: ImageShape) -> Vec<u8> {
    let plane = shape.height * shape.width;
    match planes.len() / plane {
        3 if shape.channels == 1 => {
            let luminance = |i: usize| Rgb([planes[i], planes[plane + i], planes[2 * plane + i]]).to_luma().0[0];
            (0..plane).map(luminance).collect()
        }
        1 => planes.repeat(shape.channels),
        _ => planes.to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grey_pictures_become_three_channels_where_they_lie() {
        let shape = ImageShape { channels: 3, height: 1, width: 2 };
        let pictures: [Option<&[u8]>; 6] = [
            Some(&[1, 2]),
            Some(&[3, 4, 5, 6, 7, 8]),
            None,
            Some(&[9, 10]),
            Some(&[11, 12]),
            Some(&[13, 14, 15, 16, 17, 18]),
        ];
        let mut planes = Planes::of(2);
        pictures[..2].iter().for_each(|&picture| planes.push(picture));
        let mut more = Planes::of(4);
        pictures[2..].iter().for_each(|&picture| more.push(picture));
        planes.append(more);
        assert_eq!(planes.files(), 6);
        assert_eq!(planes.iter().collect::<Vec<_>>(), pictures);
        let wanted: Vec<u8> = pictures.iter().flatten().flat_map(|picture| planar(picture, shape)).collect();
        assert_eq!(planes.into_pixels(shape), wanted);
        assert_eq!(wanted[..9], [1, 2, 1, 2, 1, 2, 3, 4, 5]);
    }

    #[test]
    fn pictures_of_one_kind_stay_where_they_are() {
        let shape = ImageShape { channels: 1, height: 1, width: 2 };
        let mut planes = Planes::of(3);
        for picture in [Some(&[1, 2][..]), None, Some(&[3, 4])] {
            planes.push(picture);
        }
        let before = planes.bytes.as_ptr();
        let pixels = planes.into_pixels(shape);
        assert_eq!(pixels, [1, 2, 3, 4]);
        assert_eq!(pixels.as_ptr(), before, "nothing was copied");
        assert!(Planes::default().into_pixels(shape).is_empty());
    }
}
