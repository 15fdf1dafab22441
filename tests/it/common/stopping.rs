//! Training that is stopped at a step, for the tests of resuming.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use wgpu_simvae::data::Dataset;
use wgpu_simvae::device::Device;
use wgpu_simvae::settings::{Config, Recipe};
use wgpu_simvae::train::{Progress, Report, RunOptions, Silent, run};

/// Raises the flag once the run has logged a step.
struct StopAt<'a>(u64, &'a AtomicBool);

impl Progress for StopAt<'_> {
    fn advance(&mut self, step: u64, _epoch: f64, _images_per_second: f64, _losses: &[(&str, f64)]) {
        if step >= self.0 {
            self.1.store(true, Ordering::Relaxed);
        }
    }
}

/// Trains, and stops once the run has logged the step `stop_at`.
pub fn train(
    config: &Config,
    data: &Dataset,
    device: &Device,
    out: &Path,
    resume: bool,
    stop_at: Option<u64>,
) -> Report {
    let stop = AtomicBool::new(false);
    let options = RunOptions { resume, ..RunOptions::new(out) };
    match stop_at {
        Some(step) => {
            run(&Recipe::new(config).expect("a recipe"), data, device, &options, &mut StopAt(step, &stop), &stop)
        }
        None => run(&Recipe::new(config).expect("a recipe"), data, device, &options, &mut Silent, &stop),
    }
    .expect("it trains")
}
