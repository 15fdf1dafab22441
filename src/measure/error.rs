//! Why a judge has no verdict.

use crate::device::DeviceError;
use crate::plan::PlanError;

/// What a judge refuses. Each message names what was found and what is wanted.
#[derive(Debug, thiserror::Error)]
pub enum EvalError {
    /// The numbers are not whole rows of a width, or more than a shader can count.
    #[error("{what}: {values} numbers are not whole rows of {width}, or more than 2^32 - 1")]
    Rows {
        /// Which rows.
        what: &'static str,
        /// Numbers given.
        values: usize,
        /// Numbers of a row.
        width: usize,
    },
    /// Two sets of rows have different widths.
    #[error("{what}: rows of {found} columns beside rows of {known}: use those of one model")]
    Width {
        /// Which rows.
        what: &'static str,
        /// Their columns.
        found: usize,
        /// Columns of the others.
        known: usize,
    },
    /// Two lists that belong together have different lengths.
    #[error("{left} stand beside {right}: give one value for each")]
    Lengths {
        /// Rows or true values.
        left: usize,
        /// What is known or predicted of them.
        right: usize,
    },
    /// NaN or infinity.
    #[error("{what}: row {row}, column {column} is {value}: the model has diverged; judge an earlier checkpoint")]
    NotFinite {
        /// Which rows.
        what: &'static str,
        /// Row, from 0.
        row: usize,
        /// Column, from 0.
        column: usize,
        /// The number.
        value: f32,
    },
    /// A label beyond the classes.
    #[error("{what}: the label of row {row} is {label}; with {classes} classes labels are below {classes}")]
    Label {
        /// Which rows.
        what: &'static str,
        /// The row, from 0.
        row: usize,
        /// Its label.
        label: u8,
        /// Number of classes.
        classes: usize,
    },
    /// A number of neighbours or clusters that cannot be found.
    #[error("{what} = {value} is not in 1..={most}")]
    OutOfRange {
        /// The setting.
        what: &'static str,
        /// Its value.
        value: usize,
        /// The most possible here.
        most: usize,
    },
    /// Fewer rows than a judge needs.
    #[error("{what}: {found} are too few, at least {wanted} are needed")]
    TooFew {
        /// Which rows or values.
        what: &'static str,
        /// Those given.
        found: usize,
        /// Those needed.
        wanted: usize,
    },
    /// The points coincide.
    #[error(
        "the embedding has only {found} distinct points, {wanted} clusters were asked for: the representation has collapsed"
    )]
    Collapsed {
        /// Distinct points found.
        found: usize,
        /// Clusters asked for.
        wanted: usize,
    },
    /// No start of the mixture ended with covariances that can be inverted.
    #[error(
        "the covariance of a cluster is singular in all {starts} starts, with {reg_covar:e} added to the variances: there may be fewer \
         images than dimensions"
    )]
    Singular {
        /// Starts tried.
        starts: u32,
        /// What was added to the variances.
        reg_covar: f64,
    },
    /// A setting of a probe that makes no sense.
    #[error("the probe's {name} is {value}; it must be {wanted}")]
    Setting {
        /// The setting.
        name: &'static str,
        /// Its value.
        value: String,
        /// What it may be.
        wanted: &'static str,
    },
    /// The loss of a probe is no longer a number.
    #[error("the probe's loss is {loss} at epoch {epoch}: standardise the embeddings, or lower its learning rate")]
    Diverged {
        /// The epoch, from 1.
        epoch: u32,
        /// The loss.
        loss: f64,
    },
    /// Scores that JSON cannot hold.
    #[error("what a judge found cannot be stored: {0}")]
    Unstorable(#[from] serde_json::Error),
    /// The device failed or is too small.
    #[error(transparent)]
    Device(#[from] DeviceError),
}

impl From<PlanError> for EvalError {
    fn from(error: PlanError) -> Self {
        Self::Device(error.into())
    }
}
