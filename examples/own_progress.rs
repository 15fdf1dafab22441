//! A `Progress` of one's own, which ends the run when the loss no longer falls; the run goes on from there whenever one likes.
//!
//! `cargo run --release --example own_progress`

use std::sync::atomic::{AtomicBool, Ordering};
use wgpu_simvae::{Config, DeviceRequest, FileOptions, Progress, Recipe, RunOptions, choose, load_with, run};

/// Raises the flag when the loss has fallen by less than two percent in a logging interval.
struct Patience<'a> {
    last: f64,
    stop: &'a AtomicBool,
}

impl Progress for Patience<'_> {
    fn begin(&mut self, step: u64, steps: u64) {
        println!("from step {step}, {steps} at most");
    }

    fn advance(&mut self, step: u64, _epoch: f64, images_per_second: f64, losses: &[(&str, f64)]) {
        let total = losses.first().map_or(f64::NAN, |(_, total)| *total);
        println!("step {step:5}  loss {total:8.2}  {images_per_second:.0} images a second");
        if total > 0.98 * self.last {
            self.stop.store(true, Ordering::Relaxed);
        }
        self.last = total;
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let set = ["epochs=200", "log.every=25", "model.hidden=[64]", "model.latent=6", "views=2"];
    let config = Config::of(set)?;
    let device = choose(&DeviceRequest::Auto)?;
    println!("{}", device.reason);
    let data = load_with("sprites", None, &device, &FileOptions { limit: 1000, ..FileOptions::default() })?;
    let folder = tempfile::tempdir()?;
    let options = RunOptions::new(folder.path().join("run"));
    let stop = AtomicBool::new(false);
    let mut patience = Patience { last: f64::INFINITY, stop: &stop };
    let report = run(&Recipe::new(&config)?, &data, &device, &options, &mut patience, &stop)?;
    println!("stopped after {} steps; {} goes on from there", report.steps, report.checkpoint.display());
    if report.interrupted && report.steps > 50 { Ok(()) } else { Err("it should have stopped on its way".into()) }
}
