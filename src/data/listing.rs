//! A data set of image files: which files, which classes, before anything is decoded.

use super::cache::Cache;
use super::decode::{Decoded, Square, decode};
use super::{DataError, Dataset, FileOptions, ImageShape, Images};
use std::path::PathBuf;

/// What a folder holds.
pub(super) struct Listing {
    /// The folder.
    pub root: PathBuf,
    /// Side of the central square that is used of each picture, at most.
    pub crop: u32,
    pub train: Part,
    pub test: Part,
    pub classes: Vec<String>,
    /// Names of the yes-or-no style factors; may be empty.
    pub factor_names: Vec<String>,
}

/// One of the two splits.
#[derive(Default)]
pub(super) struct Part {
    /// Paths relative to the folder, with slashes.
    pub files: Vec<String>,
    pub labels: Vec<u8>,
    /// 1 for yes and 0 for no, `[files, factor_names]`.
    pub factors: Vec<f32>,
}

impl Listing {
    /// Decodes the files, or takes them from the cache.
    ///
    /// # Errors
    /// When a file is damaged and such files are not skipped, or nothing is left of a split.
    pub fn load(self, name: &str, options: &FileOptions) -> Result<Dataset, DataError> {
        let cache = options.cache.as_deref().map(|folder| Cache::of(&self, name, folder, options));
        if let Some(data) = cache.as_ref().and_then(Cache::open) {
            return Ok(data);
        }
        let data = self.decode(name, options)?;
        match cache {
            // A cache that cannot be written costs the next start some time, and nothing else.
            Some(cache) => Ok(cache.store(&data).and_then(|()| cache.open()).unwrap_or(data)),
            None => Ok(data),
        }
    }

    fn decode(self, name: &str, options: &FileOptions) -> Result<Dataset, DataError> {
        let files: Vec<&str> = self.train.files.iter().chain(&self.test.files).map(String::as_str).collect();
        let square = Square { crop: self.crop, size: options.size as u32 };
        let Decoded { mut images, skipped } = decode(&self.root, &files, square, options.corrupt)?;
        let plane = options.size * options.size;
        // Grey pictures among coloured ones get three equal channels.
        let channels = if images.iter().flatten().all(|image| image.len() == plane) { 1 } else { 3 };
        let shape = ImageShape { channels, height: options.size, width: options.size };
        let tests = images.split_off(self.train.files.len());
        let Self { root, train, test, classes, factor_names, .. } = self;
        let part = |what: &str, part: Part, images: Vec<Option<Vec<u8>>>| {
            let width = factor_names.len();
            let (mut pixels, mut kept) = (Vec::with_capacity(images.len() * shape.bytes()), Part::default());
            for (i, (file, image)) in part.files.into_iter().zip(images).enumerate() {
                let Some(image) = image else { continue };
                pixels.extend(image.iter().cycle().take(shape.bytes()));
                kept.files.push(file);
                kept.labels.push(part.labels[i]);
                kept.factors.extend_from_slice(&part.factors[i * width..(i + 1) * width]);
            }
            if kept.files.is_empty() {
                let (path, problem) = (root.clone(), format!("there is no {what} image that can be decoded"));
                let fix = "Put whole jpg or png files there".to_owned();
                return Err(DataError::Unusable { path, problem, fix });
            }
            Ok(Images {
                factors: kept.factors,
                factor_names: factor_names.clone(),
                binary_factors: width > 0,
                files: kept.files,
                ..Images::labelled(shape, pixels, kept.labels, classes.clone())
            })
        };
        let (train, test) = (part("training", train, images)?, part("test", test, tests)?);
        Ok(Dataset { name: name.to_owned(), train, test, skipped })
    }
}
