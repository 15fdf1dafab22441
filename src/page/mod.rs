//! Pages that show runs in a browser: files that need no server and ask for nothing outside their folder.
//!
//! `RUN/index.html` shows a run while it trains, and `index.html` beside a folder's runs lists them. Both say in their heads that they
//! are ours, and no other file of that name is ever replaced. The comparison's report shares their frame.

#[cfg(feature = "report")]
mod frame;
#[cfg_attr(not(feature = "report"), path = "none.rs")]
mod render;
#[cfg(feature = "report")]
mod runs;
#[cfg(feature = "report")]
mod series;
#[cfg(feature = "report")]
mod verdict;

#[cfg(feature = "report")]
pub use frame::{data, frame, prose};
pub use render::{BUILT, map, show_verdict, verdict, write, write_runs};
#[cfg(feature = "report")]
pub use render::{pictures, time};
#[cfg(feature = "report")]
pub use series::{Group, groups};

use crate::run_folder::metrics::Row;
use crate::settings::Config;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// The page of a run.
pub fn file(run: &Path) -> PathBuf {
    run.join("index.html")
}

/// Where a run is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", content = "why", rename_all = "lowercase")]
pub enum State {
    /// It trains.
    Running,
    /// It is done.
    Finished,
    /// It was stopped, and can go on.
    Interrupted,
    /// It ended with this error.
    Failed(String),
}

/// What is told of a run in one line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// Its method.
    pub method: String,
    /// Its data set.
    pub data: String,
    /// Its seed.
    pub seed: u64,
    /// What it runs on.
    pub device: String,
    /// Where it is.
    pub state: State,
    /// Steps done.
    pub step: u64,
    /// Steps in all.
    pub total: u64,
    /// Epochs done, with fraction.
    pub epoch: f64,
    /// Training images per second of this call.
    pub images_per_second: f64,
    /// Seconds of training.
    pub seconds: f64,
    /// Seconds that are left at this speed, as long as it runs.
    pub left: Option<f64>,
    /// When this was written, in seconds since 1970.
    pub written: u64,
    /// Seconds since it was written before.
    pub every: f64,
}

/// Images in the plane in which their representations vary most.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Map {
    /// Steps after which it was drawn.
    pub step: u64,
    /// Place and class of each image.
    pub points: Vec<(f32, f32, u8)>,
    /// Names of the classes.
    pub classes: Vec<String>,
}

/// What judges found in a trained run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// Steps after which they looked.
    pub step: u64,
    /// Their scores, table by table.
    pub parts: Vec<Part>,
    /// What was left out, and why.
    pub notes: Vec<String>,
}

/// A table of a verdict.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Part {
    /// What it is about.
    pub title: String,
    /// How to read it.
    pub about: String,
    /// Its scores.
    pub scores: Vec<Score>,
}

/// A score of a verdict.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// Its name.
    pub name: String,
    /// It in words.
    pub text: String,
    /// It as a number.
    pub value: f64,
}

/// A run as its page shows it.
#[derive(Debug)]
pub struct Shown<'a> {
    /// What is told of it in one line.
    pub summary: Summary,
    /// Its settings.
    pub config: &'a Config,
    /// What else is to be known: names, and what is so.
    pub facts: Vec<(&'static str, String)>,
    /// Its metrics.
    pub rows: Vec<Row>,
    /// Where its representations lie.
    pub map: Option<Map>,
    /// What judges found when it was trained.
    pub verdict: Option<Verdict>,
}
