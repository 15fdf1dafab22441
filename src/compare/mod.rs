//! The paper's comparison: every method trained and judged on one data set, row by row, and one report of it.

mod budget;
mod decoded;
mod differences;
#[cfg(any(fuzzing, test))]
pub mod fuzzing;
mod interval;
mod matched;
#[cfg(feature = "report")]
pub mod report;
mod scores;
mod study;
mod table;
mod used;
mod vary;
mod verdict;

pub use budget::Budget;
pub use differences::{Difference, Results};
pub use matched::{Match, row_names, shared};
pub use scores::tables;
pub use study::{CompareError, Compared, FailedRow, Study, compare, row_folder};
pub use table::{Cell, Table};
pub use vary::Varied;
pub use verdict::{JudgedRun, Predictions, VerdictError, judge_run};
