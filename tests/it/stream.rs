//! Data sets larger than the device: streaming changes no weight, no embedding and no loss.

use crate::common::sprites;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use wgpu_simvae::data::Dataset;
use wgpu_simvae::device::Device;
use wgpu_simvae::run_folder::checkpoint;
use wgpu_simvae::settings::{Config, Recipe};
use wgpu_simvae::train::{Progress, Report, RunOptions, Silent, run};

/// Batches of seven images, whose bytes fill no whole number of words in the ring, and more images than it holds.
const SETTINGS: [&str; 7] =
    ["method=simvae", "model.hidden=[16]", "data.limit=605", "batch=7", "views=2", "epochs=2", "log.every=5"];
const STREAMED: &str = "data.device_bytes=1000";

fn config(method: &str, more: &[&str]) -> Config {
    Config::of(SETTINGS.iter().chain([&method]).chain(more)).expect("valid settings")
}

fn data(config: &Config) -> Dataset {
    sprites("sprites", config.data.limit, 403)
}

/// Raises the flag at the first sign of progress, and counts the lines about streams.
struct Stop<'a>(&'a AtomicBool, usize);

impl Progress for Stop<'_> {
    fn note(&mut self, line: &str) {
        self.1 += usize::from(line.contains("stream"));
    }
    fn advance(&mut self, _step: u64, _epoch: f64, _images_per_second: f64, _losses: &[(&str, f64)]) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn train(config: &Config, device: &Device, out: &Path, resume: bool) -> Report {
    let options = RunOptions { resume, ..RunOptions::new(out) };
    run(&Recipe::new(config).expect("a recipe"), &data(config), device, &options, &mut Silent, &AtomicBool::new(false))
        .expect("it trains")
}

fn weights(out: &Path) -> Vec<u8> {
    let (_, folder) = checkpoint::list(out).expect("a listing").pop().expect("a checkpoint");
    std::fs::read(folder.join("model.safetensors")).expect("weights")
}

fn streaming_changes_nothing_on(device: &Device) {
    let folder = tempfile::tempdir().expect("a folder");
    let [resident, streamed, parts] = ["resident", "streamed", "parts"].map(|name| folder.path().join(name));
    // Supervised: the labels follow the images.
    for method in ["method=simvae", "method=supervised"] {
        let outs = [&resident, &streamed, &parts].map(|out| out.join(method));
        let mut whole = train(&config(method, &[]), device, &outs[0], false);
        let mut stream = train(&config(method, &[STREAMED]), device, &outs[1], false);
        assert!(weights(&outs[0]) == weights(&outs[1]), "{method}: other weights");

        let stop = AtomicBool::new(false);
        let streaming = config(method, &[STREAMED]);
        let options = RunOptions::new(&outs[2]);
        let mut progress = Stop(&stop, 0);
        let part =
            run(&Recipe::new(&streaming).expect("a recipe"), &data(&streaming), device, &options, &mut progress, &stop)
                .expect("it trains");
        assert!(part.interrupted && progress.1 == 2, "training and test images stream");
        train(&streaming, device, &outs[2], true);
        assert!(weights(&outs[0]) == weights(&outs[2]), "{method}: a resumed stream ends with other weights");

        let [mut a, mut b] = [&mut whole, &mut stream].map(|report| {
            let (train, test) = (report.session.blueprint.train, report.session.blueprint.test);
            let rows = [(train, 605), (test, 403)]
                .map(|(source, count)| report.session.embed(&source, count).expect("it embeds").mu);
            let loss = report.session.held_out_loss(3).expect("it judges");
            (rows, loss, Vec::new())
        });
        if method == "method=simvae" {
            for (report, seen) in [(&mut whole, &mut a.2), (&mut stream, &mut b.2)] {
                let test = report.session.blueprint.test;
                let (x, pictures) = report.session.reconstruct(&test, 300).expect("it reconstructs");
                seen.extend([x, pictures]);
            }
        }
        assert!(a == b, "{method}: streamed images are judged otherwise");
        let held = |report: &Report| report.session.blueprint.train.pixels.len();
        assert!(held(&stream) < held(&whole));
    }
}

#[test]
fn streaming_changes_nothing_on_the_cpu() {
    streaming_changes_nothing_on(&Device::cpu());
}

#[test]
fn streaming_changes_nothing_on_the_gpu() {
    if let Some(gpu) = crate::common::gpu() {
        streaming_changes_nothing_on(&gpu);
    }
}
