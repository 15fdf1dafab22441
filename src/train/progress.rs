//! What a run tells while it runs.

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
    /// The run is over.
    fn finish(&mut self) {}
}

/// Says nothing.
#[derive(Debug, Default)]
pub struct Silent;

impl Progress for Silent {}
