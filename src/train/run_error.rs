//! What can keep a run from beginning or going on.

use crate::device::DeviceError;
use crate::files::FileError;
use crate::measure::EvalError;
use crate::run_folder::CheckpointError;
use crate::run_folder::OpenError;
use crate::run_folder::{LockError, RecordError};
use crate::settings::{Best, ConfigError};
use std::path::PathBuf;

/// A run that could not begin or go on.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The device failed or is too small.
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// The device failed in the middle of the run.
    #[error("{source}. {go_on}")]
    DeviceLost {
        /// What happened.
        source: Box<DeviceError>,
        /// Where to go on.
        go_on: String,
    },
    /// Another process works in the run folder, or it cannot be made.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The run that is resumed cannot be read.
    #[error(transparent)]
    Open(#[from] Box<OpenError>),
    /// What the run is made of cannot be written.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// A checkpoint cannot be written or read.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// A file of the run folder cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// The run folder holds a run already.
    #[error("{path}: there is a run in this folder. Continue it with --resume, or choose another folder with --out")]
    Occupied {
        /// The folder.
        path: PathBuf,
    },
    /// There is nothing to resume.
    #[error(
        "{path}: there is no checkpoint to resume from. Start the run anew: the same command with its settings, without --resume"
    )]
    NothingToResume {
        /// The run folder.
        path: PathBuf,
    },
    /// A judge refused.
    #[error(transparent)]
    Judge(#[from] EvalError),
    /// Nothing is held out for judges.
    #[error(
        "judge.share = {share}: nothing is held out of the {images} training images for judges. Two images are needed at least, and who \
         calls the library calls Dataset::hold_out first"
    )]
    NothingHeldOut {
        /// The share that was asked for.
        share: f64,
        /// Training images.
        images: usize,
    },
    /// The best checkpoint is to be told by classes, and there are none.
    #[error("checkpoint.best = {best}: the images are of one class, and nothing can be told apart: use held-out")]
    NoClasses {
        /// What was asked for.
        best: Best,
    },
    /// The method learns from classes, and there are none.
    #[error(
        "method = {method}: it learns from classes, and the images are of one class. Sort them into a folder for each class, or take a \
         method that needs none"
    )]
    NoLabels {
        /// The method.
        method: String,
    },
    /// The data are not those of the run.
    #[error(
        "{path}: these are not the data that the run was trained on: {difference}. Name their folder with --data-dir, or start a new run"
    )]
    OtherData {
        /// The run folder.
        path: PathBuf,
        /// What differs.
        difference: String,
    },
    /// The settings are not those of the run.
    #[error("{path}: the run was made with other settings: {difference}. Resume it with its own, or start a new run")]
    OtherSettings {
        /// The settings that the run saved.
        path: PathBuf,
        /// What differs.
        difference: String,
    },
    /// A run cannot be extended like this.
    #[error(
        "{path}: {difference}: that changes what the run computes. Of a run that goes on, only its length may change (epochs, steps), and \
         what changes no result (log, judge.every, judge.rows, checkpoint, stop, data.dir, data.cache, data.device_bytes). Start a new \
         run, with --from {run} to begin with its weights"
    )]
    ChangesResult {
        /// The settings that the run saved.
        path: PathBuf,
        /// The run folder.
        run: PathBuf,
        /// What differs.
        difference: String,
    },
    /// The file that a run is to begin with holds no weights.
    #[error("{path}: {problem}")]
    Weights {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// Nothing of what a run is to begin with is part of its networks.
    #[error("{path}: none of its tensors is one of the networks that the settings describe:\n{}", .problems.join("\n"))]
    NothingMatches {
        /// The file.
        path: PathBuf,
        /// Every difference.
        problems: Vec<String>,
    },
    /// A run is to end before where it is.
    #[error("{path}: the run has done {done} steps already, and would end at step {end}: give more epochs or steps")]
    EndsBefore {
        /// The run folder.
        path: PathBuf,
        /// Steps done.
        done: u64,
        /// Where it would end.
        end: u64,
    },
    /// The settings are wrong, or the networks do not take the data's images.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Shares of a step that are not those of its devices or of its images.
    #[error(
        "--shares {given}: a number for each device, of which there are {devices}, each at least 1 and together {batch}, the images of a \
         step (batch): such as --shares {fix}"
    )]
    Shares {
        /// What was given.
        given: String,
        /// Devices that share each step.
        devices: usize,
        /// Images of a step.
        batch: usize,
        /// What would do.
        fix: String,
    },
    /// More images in a batch than in the data set.
    #[error("batch = {batch} is larger than the data set of {images} images: choose a batch of at most {images}")]
    BatchTooLarge {
        /// Images of a batch.
        batch: usize,
        /// Images in the data set.
        images: usize,
    },
    /// A loss, a weight or a moment is not a number, or infinite.
    #[error(
        "{what} at step {step}.{origin} {good}. A new run with a lower optim.lr or a higher likelihood.variance often helps"
    )]
    NotFinite {
        /// What is not finite, and its value.
        what: String,
        /// The step, from 1.
        step: u64,
        /// Where it began, as a sentence behind a space; empty where that was not found.
        origin: String,
        /// Which checkpoint is good.
        good: String,
    },
}

impl RunError {
    /// Whether the call was wrong, rather than something that failed.
    pub fn is_usage(&self) -> bool {
        match self {
            Self::BatchTooLarge { .. } | Self::Config(_) | Self::NothingToResume { .. } | Self::Occupied { .. } => true,
            Self::OtherData { .. } | Self::OtherSettings { .. } | Self::Shares { .. } => true,
            Self::NothingMatches { .. } | Self::ChangesResult { .. } | Self::EndsBefore { .. } => true,
            Self::NothingHeldOut { .. } | Self::NoClasses { .. } | Self::NoLabels { .. } => true,
            Self::Lock(error) => error.is_usage(),
            Self::Open(error) => matches!(**error, OpenError::NoRun { .. }),
            _ => false,
        }
    }
}
