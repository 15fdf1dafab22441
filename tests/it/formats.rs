//! The formats of pictures: each is read whole, turned as its tags say, or refused.

use crate::common::folders::*;
use image::{DynamicImage, GrayImage, Luma};
use std::path::PathBuf;
use wgpu_simvae::data::{Dataset, FileOptions};

/// An EXIF block in little-endian order with one tag, the orientation.
const EXIF: [u8; 26] = [b'I', b'I', 42, 0, 8, 0, 0, 0, 1, 0, 0x12, 1, 3, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0];

#[test]
fn orientation_tags_of_png_files_are_followed() {
    use image::metadata::Orientation;
    let upright: DynamicImage = GrayImage::from_fn(8, 8, |x, y| Luma([(x * 30 + y) as u8])).into();
    for orientation in 1..=8 {
        for before in [true, false] {
            let folder = temporary();
            for name in ["plain.png", "turned.png"] {
                upright.save(folder.path().join(name)).expect("it is written");
            }
            let path = folder.path().join("turned.png");
            let mut bytes = std::fs::read(&path).expect("a picture");
            // Behind the header, or before the end.
            let at = if before { 33 } else { bytes.len() - 12 };
            let mut chunk = 26u32.to_be_bytes().to_vec();
            chunk.extend(b"eXIf");
            chunk.extend(EXIF);
            chunk[8 + 18] = orientation;
            let mut crc = flate2::Crc::new();
            crc.update(&chunk[4..]);
            chunk.extend(crc.sum().to_be_bytes());
            bytes.splice(at..at, chunk);
            std::fs::write(&path, bytes).expect("it is written");
            let data = read_with(folder.path(), &FileOptions { size: 8, ..small() }).expect("two pictures");
            let mut expected = upright.clone();
            expected.apply_orientation(Orientation::from_exif(orientation).expect("it is one"));
            let images = [&data.train, &data.test].into_iter().find(|images| images.files == ["turned.png"]);
            assert_eq!(images.expect("it is there").pixels[..], expected.as_bytes()[..], "{orientation} {before}");
        }
    }
}

/// Most photographs have a colour for four pixels; in between, libjpeg is followed.
#[test]
fn halved_colour_is_what_libjpeg_makes_of_it() {
    let folder = temporary();
    for (name, bytes) in [
        ("a.jpg", &include_bytes!("../halved_colour.jpg")[..]),
        // Decoded by libjpeg-turbo 3.2.
        ("b.png", &include_bytes!("../halved_colour.png")[..]),
    ] {
        std::fs::write(folder.path().join(name), bytes).expect("it is written");
    }
    let data = read_with(folder.path(), &FileOptions { size: 32, ..small() }).expect("two pictures");
    let furthest = data.train.pixels.iter().zip(&data.test.pixels[..]).map(|(a, b)| a.abs_diff(*b)).max();
    assert!(furthest <= Some(4), "{furthest:?}");
}

#[test]
fn every_format_is_read_whole_or_refused() {
    let image = GrayImage::from_fn(16, 16, |x, y| Luma([(x * 15 + y) as u8]));
    for ending in ["png", "bmp", "gif", "tif", "webp", "jpg"] {
        let folder = temporary();
        let path: PathBuf = folder.path().join(format!("a.{ending}"));
        DynamicImage::from(image.clone()).into_rgb8().save(&path).expect("it is written");
        DynamicImage::from(image.clone()).save(folder.path().join("b.png")).expect("it is written");
        let options = FileOptions { size: 16, ..skipping() };
        let whole = read_with(folder.path(), &options).expect("both are read");
        assert_eq!(whole.train.len() + whole.test.len(), 2, "{ending}");
        let bytes = std::fs::read(&path).expect("it is there");
        let shown = |data: &Dataset| {
            let images = [&data.train, &data.test].into_iter().find(|images| images.files[0].starts_with("a."));
            images.map(|images| images.pixels.to_vec())
        };
        for keep in (0..bytes.len()).step_by(bytes.len() / 40 + 1) {
            std::fs::write(&path, &bytes[..keep]).expect("it is written");
            // Left out, or the same picture: never one that is partly grey.
            if let Ok(data) = read_with(folder.path(), &options) {
                assert_eq!(shown(&data), shown(&whole), "{ending} of {keep} of {} bytes", bytes.len());
            }
        }
        std::fs::write(&path, [&bytes[..], b"\xff\xda and \xff\xd8 more"].concat()).expect("it is written");
        assert_eq!(shown(&read_with(folder.path(), &options).expect("bytes behind it")), shown(&whole), "{ending}");
    }
}

#[test]
fn too_large_is_no_damage() {
    let folder = folder_of(&["1.png", "2.png"]);
    let header = |width: u32, height: u32| {
        let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
        bytes.extend([width.to_be_bytes(), height.to_be_bytes()].concat());
        bytes.extend([8, 2, 0, 0, 0]);
        let mut crc = flate2::Crc::new();
        crc.update(&bytes[12..]);
        bytes.extend(crc.sum().to_be_bytes());
        bytes.extend(b"\0\0\0\0IDAT\x35\xaf\x06\x1e");
        bytes
    };
    // The second would fit into memory, but no file of its size holds so much.
    for (side, words) in [(60_000, "60000x60000"), (8_000, "8000x8000")] {
        std::fs::write(folder.path().join("3.png"), header(side, side)).expect("it is written");
        assert_words(&read(folder.path()).expect_err("too large"), &["too large", words]);
    }
}
