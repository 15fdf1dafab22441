//! Why the page cannot be made.

use crate::data::DataError;
use crate::device::DeviceError;
use crate::plan::PlanError;
use crate::recording::RecordingError;
use crate::run_folder::CheckpointError;
use crate::settings::ConfigError;

/// A page that cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum WebError {
    /// Settings of one of the plans.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Images of one of the plans.
    #[error(transparent)]
    Data(#[from] DataError),
    /// A plan cannot be recorded.
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// The plan that draws sprites cannot be recorded.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The run's checkpoint.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// Files of a plan.
    #[error(transparent)]
    Recording(#[from] RecordingError),
    /// A file cannot be packed, or the list of plans not be written.
    #[error("{name}: {source}")]
    Packing {
        /// The file.
        name: String,
        /// What went wrong.
        source: std::io::Error,
    },
}
