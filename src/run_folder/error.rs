//! Why a run folder cannot be opened.

use super::{CheckpointError, RecordError};
use crate::data::DataError;
use crate::device::DeviceError;
use crate::settings::ConfigError;
use std::path::PathBuf;

/// A run that cannot be looked at.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The folder holds no run.
    #[error("{path}: there is no run in this folder ({source}). Name the folder of a run, such as runs/sprites-simvae")]
    NoRun {
        /// The settings file that was looked for.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Its settings are damaged.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// What it was made of cannot be read.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// Its data cannot be read.
    #[error(transparent)]
    Data(#[from] DataError),
    /// Nothing says what the run's images are like.
    #[error(
        "{path}: the run has no run.json, which tells the size of an image; it is of a version before that{advice}"
    )]
    Unrecorded {
        /// The run folder.
        path: PathBuf,
        /// What to do instead, after the words before.
        advice: &'static str,
    },
    /// The data are not those of the training.
    #[error(
        "{path}: these are not the data that the run was trained on: {difference}. To look at other images on purpose, name their folder \
         with --data-dir"
    )]
    OtherData {
        /// The run folder.
        path: PathBuf,
        /// What differs.
        difference: String,
    },
    /// The checkpoint is of another run.
    #[error(
        "{path}: it was written by a run with other settings. Bring the run's own back, or name another with --checkpoint"
    )]
    ForeignCheckpoint {
        /// The checkpoint.
        path: PathBuf,
    },
    /// Its checkpoint cannot be read.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The device failed.
    #[error(transparent)]
    Device(#[from] DeviceError),
}
