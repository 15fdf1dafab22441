//! A data set of one's own, stripes along rows or columns, trained on and told apart by the nearest training images.
//!
//! `cargo run --release --example own_data_set`

use std::sync::atomic::AtomicBool;
use wgpu_simvae::data::ImageShape;
use wgpu_simvae::eval::knn::{Metric, neighbours};
use wgpu_simvae::eval::{Labelled, Rows};
use wgpu_simvae::{Config, Dataset, Device, Images, Recipe, RunOptions, Silent, run};

/// Images of 8 x 8 pixels: stripes along the rows or the columns, each begun at another place and with another brightness.
fn stripes(count: usize) -> Result<Images, Box<dyn std::error::Error>> {
    let shape = ImageShape { channels: 1, height: 8, width: 8 };
    let on = |image: usize, at: usize| (at / [1, 8][image % 2] + image / 2).is_multiple_of(2);
    let bright = |image: usize| (100 + image * 37 % 150) as u8;
    let pixels: Vec<u8> = (0..count * 64).map(|i| if on(i / 64, i % 64) { bright(i / 64) } else { 0 }).collect();
    let labels = (0..count).map(|image| (image % 2) as u8).collect();
    Ok(Images::new(shape, pixels, labels, vec!["columns".to_owned(), "rows".to_owned()])?)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let data = Dataset::new("stripes", stripes(512)?, stripes(64)?)?;
    let mut config = Config { epochs: 8, batch: 32, views: 2, ..Config::default() };
    config.data.name = "stripes".to_owned();
    config.model.hidden = vec![64];
    config.optim.lr = 1e-3;
    let device = Device::cpu();
    let folder = tempfile::tempdir()?;
    let options = RunOptions::new(folder.path().join("run"));
    let mut report = run(&Recipe::new(&config)?, &data, &device, &options, &mut Silent, &AtomicBool::new(false))?;
    let (train, test) = (report.session.blueprint.train, report.session.blueprint.test);
    let (known, asked) = (report.session.embed(&train, train.images)?, report.session.embed(&test, test.images)?);
    let known = Labelled::new("training images", &known.mu, known.latent, &data.train.labels)?;
    let asked = Rows::new("test images", &asked.mu, asked.latent)?;
    let accuracy = neighbours(&device, known, asked, 5, Metric::Euclidean)?.accuracy(&data.test.labels, 5);
    println!("{} steps, loss {:.2?}; k-NN of the test images {:.1} %", report.steps, report.losses, 100.0 * accuracy);
    if accuracy > 0.9 { Ok(()) } else { Err("stripes should be told apart".into()) }
}
