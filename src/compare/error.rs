//! Why a comparison cannot begin or go on.

use super::verdict::VerdictError;
use crate::data::DataError;
use crate::decode::DecodeError;
use crate::device::DeviceError;
use crate::files::FileError;
use crate::run_folder::{LockError, OpenError};
use crate::settings::ConfigError;
use crate::train::RunError;
use std::path::PathBuf;

/// A comparison that cannot begin or go on. What is done stays done.
#[derive(Debug, thiserror::Error)]
pub enum CompareError {
    /// Another process works in the folder, or it cannot be made.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// Settings that cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A row that cannot get what the others get.
    #[error("{row} cannot be matched by {by}: {problem}")]
    Match {
        /// The row.
        row: String,
        /// What the rows are matched by.
        by: &'static str,
        /// Why.
        problem: String,
    },
    /// Plain images for all rows.
    #[error("augment.plain = true: plain images are rows of their own, such as --methods all,vae-plain")]
    Plain,
    /// A setting that rows cannot differ in.
    #[error("--vary {key}: {problem}")]
    Vary {
        /// Its key.
        key: String,
        /// Why.
        problem: String,
    },
    /// A row to compare with that is not there.
    #[error("--against {row}: there is no such row among {rows}")]
    NoReference {
        /// What was asked for.
        row: String,
        /// What there is.
        rows: String,
    },
    /// Intervals of a single seed.
    #[error(
        "--against {row}: the intervals of paired differences need two seeds and more: add --seeds 3, or leave out --against"
    )]
    OneSeed {
        /// What was asked for.
        row: String,
    },
    /// The data cannot be read.
    #[error(transparent)]
    Data(#[from] DataError),
    /// A row that cannot be trained with its settings, or not on these data.
    #[error("{row} cannot be trained: {source}")]
    Row {
        /// The row.
        row: String,
        /// Why.
        source: Box<RunError>,
    },
    /// A row could not be trained.
    #[error("{row}: {source}")]
    Train {
        /// The row's folder.
        row: PathBuf,
        /// Why.
        source: Box<RunError>,
    },
    /// A row could not be opened.
    #[error(transparent)]
    Open(#[from] Box<OpenError>),
    /// A row could not be judged.
    #[error("{row}: {source}")]
    Judge {
        /// The row's folder.
        row: PathBuf,
        /// Why.
        source: Box<VerdictError>,
    },
    /// The folder holds a row of other settings.
    #[error(
        "{row}: this row was trained or judged with other settings ({difference}). Choose another folder with --out, or delete it"
    )]
    OtherSettings {
        /// The row's folder.
        row: PathBuf,
        /// What differs.
        difference: String,
    },
    /// The representation of a row could not be decoded.
    #[error("{row}: {source}")]
    Decode {
        /// The row's folder.
        row: PathBuf,
        /// Why.
        source: Box<DecodeError>,
    },
    /// A file of the comparison or of a row cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// There is nothing to train on.
    #[error("there is no device to compare on")]
    NoDevice,
    /// A device has no thread.
    #[error("{device}: the system has no thread for this device: {source}. Name fewer with --device")]
    Thread {
        /// The device.
        device: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// One of several devices ended the others.
    #[error("{device}, {row}: {source}. The other devices have stopped, and their rows are stored{advice}")]
    OnDevice {
        /// The device.
        device: String,
        /// The row.
        row: String,
        /// What happened.
        source: Box<CompareError>,
        /// What to do, behind the words before.
        advice: &'static str,
    },
}

impl CompareError {
    /// Whether the call was wrong, rather than something that failed.
    pub fn is_usage(&self) -> bool {
        match self {
            Self::Config(_) | Self::OtherSettings { .. } | Self::Match { .. } | Self::Vary { .. } => true,
            Self::Plain | Self::NoReference { .. } | Self::OneSeed { .. } => true,
            Self::Lock(error) => error.is_usage(),
            Self::Data(error) => error.is_usage(),
            Self::Row { source, .. } | Self::Train { source, .. } => source.is_usage(),
            Self::OnDevice { source, .. } => source.is_usage(),
            Self::NoDevice => true,
            _ => false,
        }
    }

    /// Whether only one row is concerned, so that the others can go on.
    pub(super) fn is_of_a_row(&self) -> bool {
        match self {
            Self::Train { source, .. } => !source.is_usage(),
            Self::Open(_) | Self::Judge { .. } => true,
            _ => false,
        }
    }

    /// Whether the device failed, which would then fail with the next row too.
    pub(super) fn is_of_a_device(&self) -> bool {
        let failed = |error: &DeviceError| matches!(error, DeviceError::Failed { .. });
        match self {
            Self::Train { source, .. } => match &**source {
                RunError::Device(error) => failed(error),
                RunError::DeviceLost { source, .. } => failed(source),
                _ => false,
            },
            Self::Open(source) => matches!(&**source, OpenError::Device(error) if failed(error)),
            Self::Judge { source, .. } => matches!(&**source, VerdictError::Device(error) if failed(error)),
            _ => false,
        }
    }
}
