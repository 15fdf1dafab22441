//! Why a judge has no verdict.

use super::probe::ProbeError;
use crate::device::DeviceError;

/// What a judge refuses.
#[derive(Debug, thiserror::Error)]
pub enum JudgeError {
    /// The numbers are not rows of one width.
    #[error("{what}: {values} numbers are not {rows} rows of one width: give one label per row")]
    Rows {
        /// Which points.
        what: &'static str,
        /// Numbers given.
        values: usize,
        /// Rows expected.
        rows: usize,
    },
    /// Two sets of points have different widths.
    #[error("the queries have {queries} columns, the known points {known}: use embeddings of one model")]
    Width {
        /// Columns of the known points.
        known: usize,
        /// Columns of the queries.
        queries: usize,
    },
    /// An embedding holds NaN or infinity.
    #[error("{what}: row {row}, column {column} is {value}: the model has diverged; judge an earlier checkpoint")]
    NotFinite {
        /// Which points.
        what: &'static str,
        /// Row, from 0.
        row: usize,
        /// Column, from 0.
        column: usize,
        /// The number.
        value: f32,
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
    /// Fewer points than a judge needs.
    #[error("{what}: {found} points are too few, at least {wanted} are needed")]
    TooFew {
        /// Which points.
        what: &'static str,
        /// Points given.
        found: usize,
        /// Points needed.
        wanted: usize,
    },
    /// Two lists that belong together have different lengths.
    #[error("{left} values stand beside {right}: give one prediction per true value")]
    Lengths {
        /// True values.
        left: usize,
        /// Predictions.
        right: usize,
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
        "the covariance of a cluster is singular in all {starts} starts, with {reg_covar:e} added to the variances: there may be fewer test \
         images than dimensions"
    )]
    Singular {
        /// Starts tried.
        starts: u32,
        /// What was added to the variances.
        reg_covar: f64,
    },
    /// A probe could not be trained.
    #[error(transparent)]
    Probe(#[from] Box<ProbeError>),
    /// The device failed or is too small.
    #[error(transparent)]
    Device(#[from] DeviceError),
}

/// The width of an embedding with this number of rows, whose numbers must all be finite.
pub(super) fn width(what: &'static str, values: &[f32], rows: usize) -> Result<usize, JudgeError> {
    if rows == 0 {
        return Err(JudgeError::TooFew { what, found: 0, wanted: 1 });
    }
    if values.is_empty() || !values.len().is_multiple_of(rows) {
        return Err(JudgeError::Rows { what, values: values.len(), rows });
    }
    let width = values.len() / rows;
    match values.iter().position(|x| !x.is_finite()) {
        Some(at) => Err(JudgeError::NotFinite { what, row: at / width, column: at % width, value: values[at] }),
        None => Ok(width),
    }
}
