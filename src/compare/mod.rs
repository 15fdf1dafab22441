//! The paper's comparison: every method trained and judged on one data set, row by row, and one report of it.

#[cfg(any(fuzzing, test))]
pub mod fuzzing;
#[cfg(feature = "report")]
pub mod report;
mod study;
mod table;
mod verdict;

pub use crate::eval::judge::Unit;
pub use study::{CompareError, Compared, FailedRow, Study, compare, row_folder};
pub use table::{Cell, Table, tables};
pub use verdict::{JudgedRun, Predictions, VerdictError, judge_run};
