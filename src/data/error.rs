//! What is wrong with a data set.

use super::source::{AGAIN, how_to_get};
use crate::device::DeviceError;
use crate::files::FileError;
use std::path::PathBuf;

/// Data that cannot be used. Each message names the file, what was found and what to do.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// No data set of this name.
    #[error("data set `{name}` is not known{nearest}; there are {known}")]
    UnknownName {
        /// What was asked for.
        name: String,
        /// `; did you mean ...?`
        nearest: String,
        /// The known names.
        known: String,
    },
    /// The data set is read from files and no folder was named.
    #[error("{name} is read from files. {fix}")]
    NoFolder {
        /// The data set.
        name: String,
        /// How to get them and where to name them.
        fix: String,
    },
    /// A file or folder is missing.
    #[error("{path}: not found. {}", how_to_get(.name))]
    Missing {
        /// The file or folder.
        path: PathBuf,
        /// The data set.
        name: String,
    },
    /// A file or folder cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// A file holds something else than it should.
    #[error("{path}: {problem}. Delete the file and {AGAIN}")]
    Format {
        /// The file.
        path: PathBuf,
        /// What was found and what was expected.
        problem: String,
    },
    /// Files that make no data set.
    #[error("{path}: {problem}. {fix}")]
    Unusable {
        /// The file or folder.
        path: PathBuf,
        /// What was found.
        problem: String,
        /// What to do.
        fix: String,
    },
    /// Pictures cannot be kept at the size that was asked for.
    #[error("data.store = {store}: {problem}")]
    Store {
        /// The size.
        store: usize,
        /// Why not, and which can.
        problem: String,
    },
    /// Of the pictures that were named none can be read.
    #[error("there is no picture that can be read. Name image files, or folders of them{}", lines(.failed))]
    NoPicture {
        /// Each with the reason.
        failed: Vec<String>,
    },
    /// Numbers that do not belong together.
    #[error("{name}: {problem}")]
    Inconsistent {
        /// The data set.
        name: String,
        /// What is wrong.
        problem: String,
    },
    /// The device failed while it rendered the sprites.
    #[error(transparent)]
    Device(#[from] DeviceError),
}

/// Reasons, one a line, behind a text.
fn lines(reasons: &[String]) -> String {
    reasons.iter().map(|reason| format!("\n  {reason}")).collect()
}

impl DataError {
    /// Whether something was asked for that does not exist, or not the whole of it.
    pub fn is_usage(&self) -> bool {
        matches!(self, Self::UnknownName { .. } | Self::NoFolder { .. } | Self::Store { .. })
    }
}
