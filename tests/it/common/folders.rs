//! Folders of small pictures, read as data sets.

use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use std::path::Path;
use tempfile::TempDir;
use wgpu_simvae::data::{Corrupt, Dataset, FileOptions, load_with};
use wgpu_simvae::device::Device;

/// An empty folder.
pub fn temporary() -> TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

/// A small picture of one colour.
pub fn picture(number: u8) -> DynamicImage {
    RgbImage::from_pixel(9, 7, Rgb([number; 3])).into()
}

/// Writes pictures of these names.
pub fn fill(folder: &Path, names: &[&str]) {
    for (number, name) in names.iter().enumerate() {
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        // These two the encoder does not know by their endings.
        let jpeg = ["JPE", "jfif"].iter().any(|ending| name.ends_with(ending));
        let format = if jpeg { Ok(ImageFormat::Jpeg) } else { ImageFormat::from_path(&path) };
        picture(number as u8).save_with_format(&path, format.expect("a format")).expect("it is written");
    }
}

/// A folder with pictures of these names.
pub fn folder_of(names: &[&str]) -> TempDir {
    let folder = temporary();
    fill(folder.path(), names);
    folder
}

/// Reads a folder as a data set.
pub fn read_with(folder: &Path, options: &FileOptions) -> Result<Dataset, String> {
    load_with("folder", Some(folder), &Device::cpu(), options).map_err(|error| error.to_string())
}

/// Pictures made small.
pub fn small() -> FileOptions {
    FileOptions { size: 4, ..FileOptions::default() }
}

/// The same, and damaged ones are left out.
pub fn skipping() -> FileOptions {
    FileOptions { corrupt: Corrupt::Skip, ..small() }
}

/// Reads a folder of small pictures.
pub fn read(folder: &Path) -> Result<Dataset, String> {
    read_with(folder, &small())
}

/// What is said about a data set.
pub fn notes(data: &Dataset) -> String {
    data.notes.join("\n")
}

/// A text has all these words.
#[track_caller]
pub fn assert_words(text: &str, words: &[&str]) {
    for word in words {
        assert!(text.contains(word), "`{word}` is missing from: {text}");
    }
}
