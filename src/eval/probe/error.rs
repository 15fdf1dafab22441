//! What a probe refuses.

use crate::device::DeviceError;
use crate::plan::PlanError;

/// A probe that cannot be trained. Each message names what was found and what is wanted.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// A set without rows, or rows without columns.
    #[error("the {what} are empty: a probe needs at least one row and one column")]
    Empty {
        /// Which set.
        what: String,
    },
    /// Sizes that do not fit together.
    #[error("the {what} have {found}; wanted are {wanted}")]
    Shape {
        /// Which set.
        what: String,
        /// What they have.
        found: String,
        /// What they should have.
        wanted: String,
    },
    /// A number that is not finite.
    #[error("the {what} have {value} at row {row}, column {column}: did the training diverge?")]
    NotFinite {
        /// Which set.
        what: String,
        /// The row, from 0.
        row: usize,
        /// The column, from 0.
        column: usize,
        /// The number.
        value: f32,
    },
    /// A label beyond the classes.
    #[error("the {set} label of row {row} is {label}; with {classes} classes labels are below {classes}")]
    Label {
        /// Which set.
        set: &'static str,
        /// The row, from 0.
        row: usize,
        /// Its label.
        label: u8,
        /// Number of classes.
        classes: usize,
    },
    /// A setting that makes no sense.
    #[error("the probe's {name} is {value}; it must be {wanted}")]
    Setting {
        /// The setting.
        name: &'static str,
        /// Its value.
        value: String,
        /// What it may be.
        wanted: &'static str,
    },
    /// The loss is no longer a number.
    #[error("the probe's loss is {loss} at epoch {epoch}: standardise the embeddings, or lower its learning rate")]
    Diverged {
        /// The epoch, from 1.
        epoch: u32,
        /// The loss.
        loss: f64,
    },
    /// The device failed, or the probe does not fit it.
    #[error(transparent)]
    Device(#[from] DeviceError),
}

impl From<PlanError> for ProbeError {
    fn from(error: PlanError) -> Self {
        Self::Device(error.into())
    }
}
