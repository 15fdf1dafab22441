//! A data set of one's own: stripes, either way, trained on and told apart; and a `Progress` that draws nothing but the loss.
//!
//! `cargo run --release --example own_data_set`

use std::sync::atomic::AtomicBool;
use wgpu_simvae::data::ImageShape;
use wgpu_simvae::{Config, Dataset, Device, Images, Progress, Recipe, RunOptions, run};

struct Losses;

impl Progress for Losses {
    fn note(&mut self, _line: &str) {}
    fn begin(&mut self, _step: u64, steps: u64) {
        println!("{steps} steps");
    }
    fn advance(&mut self, step: u64, _epoch: f64, _images_per_second: f64, losses: &[(&str, f64)]) {
        println!("{step:4} {:9.3}", losses.first().map_or(f64::NAN, |(_, total)| *total));
    }
    fn finish(&mut self) {}
}

/// Images of 8 x 8 pixels: stripes along the rows or the columns, each begun at another place.
fn stripes(count: usize) -> Result<Images, Box<dyn std::error::Error>> {
    let shape = ImageShape { channels: 1, height: 8, width: 8 };
    let pixel = |image: usize, at: usize| if (at / [1, 8][image % 2] + image / 2).is_multiple_of(2) { 255 } else { 0 };
    let pixels: Vec<u8> = (0..count * 64).map(|i| pixel(i / 64, i % 64)).collect();
    let labels = (0..count).map(|image| (image % 2) as u8).collect();
    Ok(Images::new(shape, pixels, labels, vec!["columns".to_owned(), "rows".to_owned()])?)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let data = Dataset::new("stripes", stripes(512)?, stripes(64)?)?;
    let mut config = Config { epochs: 8, batch: 32, views: 2, ..Config::default() };
    config.data.name = "stripes".to_owned();
    config.model.hidden = vec![64];
    config.optim.lr = 1e-3;
    let out = tempfile::tempdir()?;
    let options = RunOptions { out: out.path().join("run"), resume: false, checkpoint: None };
    let device = Device::cpu();
    let stop = AtomicBool::new(false);
    let mut report = run(&Recipe::new(&config)?, &data, &device, &options, &mut Losses, &stop)?;
    let test = report.session.blueprint.test;
    let embedding = report.session.embed(&test, 4)?;
    for (label, mu) in data.test.labels.iter().zip(embedding.mu.chunks(embedding.latent)) {
        println!("{:8} {mu:.2?}", data.test.classes[usize::from(*label)]);
    }
    Ok(())
}
