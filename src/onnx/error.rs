//! Why a model could not be written as ONNX.

use crate::files::FileError;
use crate::plan::PlanError;
use crate::run_folder::{CheckpointError, OpenError};
use crate::settings::ConfigError;
use std::path::PathBuf;

/// A model that cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum OnnxError {
    /// The run cannot be read.
    #[error(transparent)]
    Open(#[from] Box<OpenError>),
    /// Its checkpoint cannot be read.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// Its settings make no networks.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A decoder was asked for where there is none.
    #[error("{method} has no decoder: leave --decoder out")]
    NoDecoder {
        /// The method.
        method: String,
    },
    /// A network of a caller's own cannot be recorded.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// A kernel that has no counterpart.
    #[error("{label}: ONNX has no operator for {kernel}; only layers of this program's own networks can be written")]
    Unknown {
        /// The dispatch.
        label: String,
        /// The kernel.
        kernel: String,
    },
    /// The checkpoint lacks a tensor of the networks.
    #[error("the checkpoint has no tensor `{name}` of {bytes} bytes")]
    Missing {
        /// The tensor's name.
        name: String,
        /// Its size.
        bytes: usize,
    },
    /// The file format ends at two gigabytes.
    #[error(
        "{path}: {bytes} bytes are more than an ONNX file can hold (2 GiB); make `model.width` or `model.hidden` smaller"
    )]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Bytes of the model.
        bytes: usize,
    },
    /// The file cannot be written.
    #[error(transparent)]
    File(#[from] FileError),
}

impl OnnxError {
    /// Whether the call was wrong, rather than something that failed.
    pub fn is_usage(&self) -> bool {
        matches!(self, Self::NoDecoder { .. } | Self::Config(_))
    }
}
