//! What of a data set is wanted, and how.

use super::DataError;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// How much of a data set is wanted, and how image files become one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileOptions {
    /// Training images that are wanted, the first of all; 0 for all. No others are drawn or read, but for the colours of
    /// image files where all wanted ones are grey. Test images are never left out.
    pub limit: usize,
    /// Height and width at which images of files are seen, in pixels. IDX files, CIFAR-10 and sprites stay as they are.
    pub size: usize,
    /// Height and width at which they are kept, from which views are cut, at least `size`; 0 is `size`. Of CelebA's photographs it
    /// is the width, and all of a photograph is kept.
    pub store: usize,
    /// What to do with damaged image files.
    pub corrupt: Corrupt,
    /// Folder that keeps decoded image files, so that they are decoded once.
    pub cache: Option<PathBuf>,
}

impl FileOptions {
    /// Height and width at which images of files are kept.
    pub(super) fn kept(&self) -> usize {
        if self.store > 0 { self.store } else { self.size }
    }

    /// Checks that nothing is seen larger than it is kept.
    pub(super) fn check(&self) -> Result<(), DataError> {
        let &Self { size, store, .. } = self;
        match store {
            0 => Ok(()),
            store if store < size => Err(DataError::Store { store, problem: too_small(size) }),
            _ => Ok(()),
        }
    }

    /// Training images that are wanted, at most.
    pub(super) fn wanted(&self) -> usize {
        if self.limit > 0 { self.limit } else { usize::MAX }
    }
}

impl Default for FileOptions {
    fn default() -> Self {
        Self { limit: 0, size: 64, store: 0, corrupt: Corrupt::Stop, cache: None }
    }
}

/// What is wrong with pictures that are kept at less than the size at which they are seen.
pub(crate) fn too_small(size: usize) -> String {
    format!("views of {size} pixels a side (data.size) are cut from it: at least as many, or 0 for the same")
}

/// What to do with image files that cannot be decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Corrupt {
    /// Stop at the first and name it.
    Stop,
    /// Leave them out; [`Dataset::skipped`](super::Dataset::skipped) lists them.
    Skip,
}

impl Corrupt {
    /// The words for it in the settings.
    pub fn names() -> Vec<&'static str> {
        vec!["stop", "skip"]
    }
}
