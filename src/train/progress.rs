//! What a run tells while it runs.

use super::session::Embedding;
use crate::run_folder::metrics::Row;
use std::path::Path;

/// Receives a run's messages; a library user can pass their own, and hears what they ask for.
pub trait Progress {
    /// So many image files of so many have been decoded; the last call tells that all are.
    fn decoded(&mut self, _done: usize, _of: usize) {}
    /// A line worth keeping: what was chosen, what was written.
    fn note(&mut self, _line: &str) {}
    /// The run begins at `step` of `steps`.
    fn begin(&mut self, _step: u64, _steps: u64) {}
    /// `step` is done; `losses` are means since the last call.
    fn advance(&mut self, _step: u64, _epoch: f64, _images_per_second: f64, _losses: &[(&str, f64)]) {}
    /// Judges looked at the run after `step` steps; `scores` are by their names in `metrics.jsonl`.
    fn judged(&mut self, _step: u64, _epoch: f64, _scores: &[(&str, f64)]) {}
    /// A row of metrics was written, with what judges found at its step.
    fn logged(&mut self, _row: &Row) {}
    /// Test images were drawn over their reconstructions after `step` steps; `png` is the picture's file.
    fn pictured(&mut self, _step: u64, _png: &[u8]) {}
    /// Of how many test images it wants to see the representations, each time that pictures are drawn.
    fn embeds(&self) -> usize {
        0
    }
    /// The representations of the first test images after `step` steps: as many as it wants, or as there are.
    fn embedded(&mut self, _step: u64, _embedding: &Embedding) {}
    /// Here is a page that shows the run.
    fn page(&mut self, _path: &Path) {}
    /// A checkpoint of `step` is about to be stored: all rows up to there were told.
    fn storing(&mut self, _step: u64) {}
    /// The run is over.
    fn finish(&mut self) {}
}

/// Says nothing.
#[derive(Debug, Default)]
pub struct Silent;

impl Progress for Silent {}
