//! What of a data set is wanted, and how.

use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// How much of a data set is wanted, and how image files become one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileOptions {
    /// Training images that are wanted, the first of all; 0 for all. No others are drawn or read, but for the colours of
    /// image files where all wanted ones are grey. Test images are never left out.
    pub limit: usize,
    /// Height and width that image files are resized to, in pixels. IDX files, CIFAR-10 and sprites stay as they are.
    pub size: usize,
    /// What to do with damaged image files.
    pub corrupt: Corrupt,
    /// Folder that keeps decoded image files, so that they are decoded once.
    pub cache: Option<PathBuf>,
}

impl FileOptions {
    /// Training images that are wanted, at most.
    pub(super) fn wanted(&self) -> usize {
        if self.limit > 0 { self.limit } else { usize::MAX }
    }
}

impl Default for FileOptions {
    fn default() -> Self {
        Self { limit: 0, size: 64, corrupt: Corrupt::Stop, cache: None }
    }
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
