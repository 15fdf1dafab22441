//! The results of a comparison for programs: its runs, and how the rows differ from one of them.

use super::scores::Board;
use super::verdict::JudgedRun;
use serde::{Deserialize, Serialize};

/// What `results.json` holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Results {
    /// The judged runs, one for each row and seed.
    pub runs: Vec<JudgedRun>,
    /// How each row differs from one of them in each score: what the tables of differences show.
    pub differences: Vec<Difference>,
}

/// How a row's score differs from another row's, over the seeds that both have.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Difference {
    /// The row.
    pub row: String,
    /// The row that it is compared with.
    pub against: String,
    /// Title of the score's table.
    pub table: String,
    /// The score's column in it.
    pub score: String,
    /// Seeds that both rows have; at least two.
    pub seeds: usize,
    /// Mean of the row's score minus the other's, in the unit that the runs have: an accuracy of 0.5 is what tables show as 50 %.
    pub mean: f64,
    /// The lower and the upper end of the mean's 95 % interval, by Student's t.
    pub interval: [f64; 2],
    /// Whether the interval leaves zero out.
    pub zero_outside: bool,
}

impl Results {
    /// Runs, and the paired differences of their rows from the first row `against`, or else from the row that
    /// [`tables`](super::tables) takes. There are none where rows share fewer than two seeds.
    pub fn new(runs: Vec<JudgedRun>, against: Option<&str>) -> Self {
        let differences = Board::new(&runs).differences(against);
        Self { runs, differences }
    }
}
