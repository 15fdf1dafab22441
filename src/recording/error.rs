//! Why a plan's file cannot be read or written.

use super::file::{FORMAT, VERSION};
use crate::files::FileError;
use std::path::PathBuf;

/// What to do about a plan that cannot be used.
const ANEW: &str = "write it anew with `wgpu-simvae plan --out FOLDER`, of the same run or with the same settings";

/// A plan that cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum RecordingError {
    /// A file cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// It is no plan.
    #[error("{path}: not a whole plan ({problem}); {ANEW}")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// It is a plan of another version.
    #[error("{path}: a {FORMAT} of version {found}, and this program reads version {VERSION}; {ANEW}")]
    Version {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: u64,
    },
    /// Its weights or data are not those that it needs.
    #[error("{path}: it does not fit the plan beside it:\n{}", .problems.join("\n"))]
    Contents {
        /// The file.
        path: PathBuf,
        /// Every difference.
        problems: Vec<String>,
    },
}
