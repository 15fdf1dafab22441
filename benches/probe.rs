//! Time of a probe on 60,000 + 10,000 synthetic embeddings of width 10: ten classes, two factors.
//!
//! `cargo bench --bench probe -- [DEVICE] [EPOCHS]`

use std::time::Instant;
use wgpu_simvae::device::{DeviceRequest, choose};
use wgpu_simvae::eval::probe::{Head, ProbeSettings, classify, regress};
use wgpu_simvae::eval::{Labelled, Measured, Rows};
use wgpu_simvae::kernels::common::philox::{philox, unit};

const WIDTH: usize = 10;
const CLASSES: usize = 10;

/// Uniform noise around one corner of a cube for each class.
fn cloud(rows: usize, stream: u32) -> (Vec<f32>, Vec<u8>) {
    let noise = |i: usize| unit(philox([stream, 0], [i as u32, 0, 0, 0])[0]) as f32;
    let labels: Vec<u8> = (0..rows).map(|row| (row % CLASSES) as u8).collect();
    let value = |i: usize| 2.0 * noise(i) + if i % WIDTH == i / WIDTH % CLASSES { 1.0 } else { 0.0 };
    ((0..rows * WIDTH).map(value).collect(), labels)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1).filter(|argument| !argument.starts_with("--"));
    let request: DeviceRequest = arguments.next().as_deref().unwrap_or("auto").parse()?;
    let epochs = arguments.next().as_deref().unwrap_or("200").parse()?;
    let device = choose(&request)?;
    println!("{}, {epochs} epochs", device.reason);
    let ((train, train_labels), (test, test_labels)) = (cloud(60_000, 1), cloud(10_000, 2));
    let targets = |x: &[f32]| x.chunks(WIDTH).flat_map(|x| [x[0] - x[1], x[2] * x[3]]).collect::<Vec<f32>>();
    let (train_targets, test_targets) = (targets(&train), targets(&test));
    let train = Labelled::new("training rows", &train, WIDTH, &train_labels)?;
    let test = Labelled::new("test rows", &test, WIDTH, &test_labels)?;
    let measured_train = Measured::new(train.rows(), Rows::new("training targets", &train_targets, 2)?)?;
    let measured_test = Measured::new(test.rows(), Rows::new("test targets", &test_targets, 2)?)?;
    for head in [Head::Linear, Head::Mlp { hidden: None }, Head::Mlp { hidden: Some(256) }] {
        let settings = ProbeSettings { head, epochs, ..ProbeSettings::default() };
        let start = Instant::now();
        let found = classify(&device, train, test, CLASSES, &settings)?;
        println!("{head:?}: {:.2} s, accuracy {:.4}", start.elapsed().as_secs_f64(), found.last);
        let start = Instant::now();
        let found = regress(&device, measured_train, measured_test, &settings)?;
        println!("{head:?}: {:.2} s, R^2 {found:.4?}", start.elapsed().as_secs_f64());
    }
    Ok(())
}
