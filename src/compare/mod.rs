//! The paper's comparison: every method trained and judged on one data set, row by row, and one report of it.

mod budget;
mod claim;
mod decoded;
mod differences;
mod error;
#[cfg(any(fuzzing, test))]
pub mod fuzzing;
mod interval;
mod matched;
mod place;
#[cfg(feature = "report")]
pub mod report;
mod row;
mod scores;
mod shown;
mod study;
mod table;
mod used;
mod vary;
mod verdict;
mod workers;

pub use budget::Budget;
pub use differences::{Difference, Results};
pub use error::CompareError;
pub use matched::{Match, row_names, shared};
pub use scores::tables;
pub use study::{Compared, Ended, FailedRow, Study, compare, row_folder};
pub use table::{Cell, Table};
pub use vary::Varied;
pub use verdict::{Basis, JudgedRun, Predictions, VerdictError, judge_run};
pub use workers::Worker;
