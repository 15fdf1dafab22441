//! Why a representation is not decoded.

use crate::device::DeviceError;
use crate::eval::EvalError;
use crate::files::FileError;
use crate::plan::PlanError;
use crate::settings::ConfigError;
use std::path::PathBuf;

/// What stands in the way.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// A setting of the decoder that makes no sense.
    #[error("the decoder's {name} is {value}; it must be {wanted}")]
    Setting {
        /// The setting.
        name: &'static str,
        /// Its value.
        value: String,
        /// What it may be.
        wanted: &'static str,
    },
    /// The run's networks are none that the settings know.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The representation cannot be learnt from.
    #[error(transparent)]
    Rows(#[from] EvalError),
    /// The error is no longer a number.
    #[error("the decoder's error is {error} after {step} steps: lower its learning rate")]
    Diverged {
        /// The error.
        error: f64,
        /// Steps trained.
        step: u64,
    },
    /// The device failed or is too small.
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// A file cannot be written.
    #[error(transparent)]
    File(#[from] FileError),
    /// A file could not be put together.
    #[error("{path}: it could not be made: {problem}")]
    Drawing {
        /// The file.
        path: PathBuf,
        /// What the library said.
        problem: String,
    },
}

impl DecodeError {
    /// Whether the call was wrong, rather than something that failed.
    pub fn is_usage(&self) -> bool {
        matches!(self, Self::Setting { .. })
    }

    /// Whether it concerns every run, rather than the representation of one.
    pub fn is_of_all(&self) -> bool {
        !matches!(self, Self::Diverged { .. } | Self::Rows(_) | Self::Device(DeviceError::NotFinite { .. }))
    }
}

impl From<PlanError> for DecodeError {
    fn from(error: PlanError) -> Self {
        Self::Device(error.into())
    }
}
