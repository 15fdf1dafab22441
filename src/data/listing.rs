//! A data set of image files: which files, which classes, before anything is decoded.

use super::cache::Cache;
use super::decode::{Decoded, Square, decode};
use super::{DataError, Dataset, FileOptions, ImageShape, Images};
use std::path::{Path, PathBuf};

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
    /// What the user should know about the files.
    pub notes: Vec<String>,
    /// Files that have the ending of a picture and cannot be used, each with its reason.
    pub skipped: Vec<String>,
    /// What is no picture, a line each.
    pub passed_over: Vec<String>,
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
    pub fn load(mut self, name: &str, options: &FileOptions) -> Result<Dataset, DataError> {
        let (mut notes, mut skipped) = (std::mem::take(&mut self.notes), std::mem::take(&mut self.skipped));
        let passed_over = std::mem::take(&mut self.passed_over);
        let mut data = match &options.cache {
            Some(folder) => self.cached(name, folder, options, &mut notes)?,
            None => self.decode(name, options)?.0,
        };
        notes.extend(emptied(&data.train));
        skipped.append(&mut data.skipped);
        Ok(Dataset { notes, skipped, passed_over, ..data })
    }

    /// The cached images, or the decoded ones, which are cached then.
    fn cached(
        &self,
        name: &str,
        folder: &Path,
        options: &FileOptions,
        notes: &mut Vec<String>,
    ) -> Result<Dataset, DataError> {
        let cache = Cache::of(self, name, folder, options);
        match cache.open() {
            Ok(Some(data)) => return Ok(data),
            Ok(None) => {}
            Err(problem) => notes.push(format!("decoding anew: {problem}")),
        }
        let (data, unread) = self.decode(name, options)?;
        // What could not be read today may be read tomorrow, and what changed meanwhile is of neither state.
        if unread > 0 || cache != Cache::of(self, name, folder, options) {
            return Ok(data);
        }
        match cache.store(&data) {
            Ok(()) => Ok(cache.open().ok().flatten().unwrap_or(data)),
            Err(problem) => {
                notes.push(format!("the next start decodes again: {problem}; data.cache=off keeps no cache"));
                Ok(data)
            }
        }
    }

    /// Decodes the files; also tells how many could not be read.
    fn decode(&self, name: &str, options: &FileOptions) -> Result<(Dataset, usize), DataError> {
        let files: Vec<&str> = self.train.files.iter().chain(&self.test.files).map(String::as_str).collect();
        let square = Square { crop: self.crop, size: options.size as u32 };
        let Decoded { mut images, skipped, unread } = decode(&self.root, &files, square, options.corrupt)?;
        let plane = options.size * options.size;
        // Grey pictures among coloured ones get three equal channels.
        let channels = if images.iter().flatten().all(|image| image.len() == plane) { 1 } else { 3 };
        let shape = ImageShape { channels, height: options.size, width: options.size };
        let tests = images.split_off(self.train.files.len());
        let Self { root, train, test, classes, factor_names, .. } = self;
        let part = |what: &str, part: &Part, images: Vec<Option<Vec<u8>>>| {
            let width = factor_names.len();
            let (mut pixels, mut kept) = (Vec::with_capacity(images.len() * shape.bytes()), Part::default());
            for (i, (file, image)) in part.files.iter().zip(images).enumerate() {
                let Some(image) = image else { continue };
                pixels.extend(image.iter().cycle().take(shape.bytes()));
                kept.files.push(file.clone());
                kept.labels.push(part.labels[i]);
                kept.factors.extend_from_slice(&part.factors[i * width..(i + 1) * width]);
            }
            if kept.files.is_empty() {
                let (path, problem) = (root.clone(), format!("there is no {what} image that can be decoded"));
                let fix = "Put whole pictures there".to_owned();
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
        Ok((Dataset { skipped, ..Dataset::new(name, train, test) }, unread))
    }
}

/// Says which classes have lost all their training images.
fn emptied(train: &Images) -> Option<String> {
    let mut there = vec![false; train.classes.len()];
    train.labels.iter().for_each(|&label| there[usize::from(label)] = true);
    let gone: Vec<&str> =
        train.classes.iter().zip(there).filter(|(_, there)| !there).map(|(class, _)| class.as_str()).collect();
    (!gone.is_empty()).then(|| format!("classes without a training image: {}", gone.join(", ")))
}
