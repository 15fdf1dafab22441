//! A run that the command line began goes on in the browser, as it does by `--resume`.

use super::driver::{drive, losses};
use crate::common::ends::{assert_ends, simvae, trains};
use serde_json::json;
use wgpu_simvae::check::{GRADIENT_TOLERANCE, LOSS_TOLERANCE, relative_error};
use wgpu_simvae::recording::Recording;
use wgpu_simvae::run_folder::checkpoint;
use wgpu_simvae::run_folder::metrics::MetricsLog;

/// The step that the run goes on from. An epoch has ten, and a checkpoint.
const FROM: u64 = 20;
/// Steps of the whole run.
const STEPS: u64 = 44;
/// A warm-up and a cosine, so that the clock matters, and every loss.
const SETTINGS: [&str; 11] = [
    "data.limit=80",
    "batch=8",
    "views=2",
    "model.hidden=[16]",
    "model.latent=4",
    "optim.lr=1e-3",
    "optim.eps=1e-4",
    "optim.warmup_steps=4",
    "optim.schedule=cosine",
    "log.keep_checkpoints=100",
    "log.every=1",
];

#[test]
fn a_run_of_the_command_line_goes_on_in_a_browser() {
    let folder = tempfile::tempdir().expect("a folder");
    let [run, plan] = ["run", "plan"].map(|name| folder.path().join(name).to_string_lossy().into_owned());
    let (from, steps) = (FROM.to_string(), format!("steps={STEPS}"));
    trains(run.as_ref(), &[&["data.name=sprites", &steps][..], &SETTINGS].concat());
    assert_ends(&simvae(&["plan", &run, "--checkpoint", &from, "--out", &plan]), 0, &["optimizer.safetensors"]);

    let job = json!({ "folder": "plan", "steps": STEPS - FROM, "save": ["model.safetensors"] });
    let Some(results) = drive(folder.path(), &[job]) else { return };
    let resume = ["train", "--device", "cpu", "--resume", "--checkpoint", &from, "--out", &run];
    assert_ends(&simvae(&resume), 0, &[&format!("step {from}")]);

    let rows = MetricsLog::read(&folder.path().join("run/metrics.jsonl")).expect("metrics");
    let want: Vec<f64> = rows.iter().filter(|row| row.step > FROM).map(|row| row.losses["total"]).collect();
    let got: Vec<f64> = losses(&results[0]).iter().map(|row| row[0]).collect();
    assert_eq!((got.len(), want.len()), ((STEPS - FROM) as usize, got.len()), "a loss of every step");
    let worst = got.iter().zip(&want).map(|(got, want)| relative_error(&[*got], &[*want])).fold(0.0, f64::max);

    let recording = Recording::read(plan.as_ref()).expect("a plan");
    let file = recording.file("model.safetensors").expect("a file of weights");
    let newest = checkpoint::folder_of(run.as_ref(), STEPS);
    let [found, wanted] = [folder.path().join("plan/saved"), newest].map(|folder| {
        let bytes = std::fs::read(folder.join("model.safetensors")).expect("weights");
        let contents = recording.contents_of(file, &bytes).expect("they fit");
        contents.iter().flat_map(|(_, values)| values.to_f64()).collect::<Vec<f64>>()
    });
    let error = relative_error(&found, &wanted);
    println!("steps {FROM} to {STEPS}: losses {worst:.1e}, weights {error:.1e}");
    assert!(worst <= LOSS_TOLERANCE, "losses are {worst:e} apart");
    assert!(error <= GRADIENT_TOLERANCE, "weights are {error:e} apart");
}
