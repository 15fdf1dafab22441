//! Trains a small SimVAE from the library, without the command line, and embeds the test images.
//!
//! `cargo run --release --example train_from_library`

use std::sync::atomic::AtomicBool;
use wgpu_simvae::data;
use wgpu_simvae::device::{DeviceRequest, choose};
use wgpu_simvae::settings::Sources;
use wgpu_simvae::settings::{Config, Recipe};
use wgpu_simvae::train::{RunOptions, Silent, run};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let set = vec!["epochs=1".to_owned(), "model.latent=6".to_owned()];
    let config = Config::merge(&Sources { set, ..Sources::default() })?;
    let device = choose(&DeviceRequest::Auto)?;
    let data = data::load(&config.data.name, None, &device)?;
    let out = tempfile::tempdir()?;
    let options = RunOptions { out: out.path().to_owned(), resume: false, checkpoint: None };
    let mut report = run(&Recipe::new(&config)?, &data, &device, &options, &mut Silent, &AtomicBool::new(false))?;

    let test = report.session.blueprint.test;
    let embedding = report.session.embed(&test, test.images)?;
    for (image, mu) in embedding.mu.chunks(embedding.latent).take(5).enumerate() {
        let class = &data.test.classes[usize::from(data.test.labels[image])];
        println!("{class:10} {mu:.2?}");
    }
    Ok(())
}
