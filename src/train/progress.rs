//! What a run tells while it runs.

use super::session::Embedding;
use crate::draw::grid::Pictures;
use crate::run_folder::metrics::Row;
use std::path::Path;
use std::time::Instant;

/// Test images and their reconstructions.
#[derive(Clone, Debug, PartialEq)]
pub struct Pictured {
    /// The images, `[count, channels, height, width]`, between 0 and 1.
    pub images: Vec<f32>,
    /// What the decoder makes of the posterior mean of each, likewise.
    pub reconstructions: Vec<f32>,
    /// Channels, height, width.
    pub shape: [usize; 3],
    /// The images over their reconstructions, as a PNG file.
    pub png: Vec<u8>,
}

impl Pictured {
    /// The images, and their reconstructions.
    pub fn stacks(&self) -> [Pictures<'_>; 2] {
        [&self.images, &self.reconstructions].map(|pixels| Pictures { pixels, shape: self.shape })
    }
}

/// Seconds that are left of steps which began at a step and a moment; none before the first of them is done.
pub fn seconds_left((first, began): (u64, Instant), step: u64, steps: u64) -> Option<f64> {
    let a_step = || began.elapsed().as_secs_f64() / (step - first) as f64;
    (step > first).then(|| a_step() * steps.saturating_sub(step) as f64)
}

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
    /// Test images were reconstructed after `step` steps.
    fn pictured(&mut self, _step: u64, _drawn: &Pictured) {}
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
