//! A run that was stopped, or killed, and resumed equals one that was not: byte for byte.

use crate::common::sprites;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use wgpu_simvae::data::Dataset;
use wgpu_simvae::device::Device;
use wgpu_simvae::run_folder::checkpoint::{self, Checkpoint};
use wgpu_simvae::run_folder::metrics::MetricsLog;
use wgpu_simvae::settings::Config;
use wgpu_simvae::train::Report;

const SETTINGS: [&str; 7] =
    ["model.hidden=[24]", "data.limit=60", "batch=7", "views=2", "epochs=4", "log.every=3", "optim.warmup_epochs=1"];

fn config(more: &[&str]) -> Config {
    Config::of(SETTINGS.iter().chain(more)).expect("valid settings")
}

fn data(config: &Config) -> Dataset {
    sprites("sprites", config.data.limit, 40)
}

fn train(config: &Config, device: &Device, out: &Path, resume: bool, stop_at: Option<u64>) -> Report {
    crate::common::stopping::train(config, &data(config), device, out, resume, stop_at)
}

/// The bytes of the newest checkpoint's weights and moments, and its clock.
fn content(out: &Path) -> (Vec<u8>, Vec<u8>, Vec<u32>) {
    let (_, folder) = checkpoint::list(out).expect("a listing").pop().expect("a checkpoint");
    let read = |name: &str| std::fs::read(folder.join(name)).expect("a checkpoint's file");
    let clock = Checkpoint::open(&folder).expect("a whole checkpoint").state.clock;
    (read("model.safetensors"), read("optimizer.safetensors"), clock)
}

fn stopping_changes_nothing_on(device: &Device, precision: &str) {
    let folder = tempfile::tempdir().expect("a folder");
    let config = config(&[precision]);
    let whole = train(&config, device, &folder.path().join("whole"), false, None);
    let parts = folder.path().join("parts");
    let first = train(&config, device, &parts, false, Some(6));
    assert!(first.interrupted && first.steps < whole.steps);
    let second = train(&config, device, &parts, true, Some(first.steps + 9));
    assert!(second.interrupted && second.steps > first.steps);
    let last = train(&config, device, &parts, true, None);
    assert!(!last.interrupted);
    assert_eq!(last.steps, whole.steps);
    assert_eq!(content(&folder.path().join("whole")), content(&parts));

    let rows = MetricsLog::read(&parts.join("metrics.jsonl")).expect("metrics");
    assert!(rows.windows(2).all(|pair| pair[0].step < pair[1].step), "steps rise");
    assert_eq!(rows.last().map(|row| row.step), Some(whole.steps));
}

#[test]
fn stopping_and_resuming_changes_nothing_on_the_cpu() {
    stopping_changes_nothing_on(&Device::cpu(), "precision=single");
    stopping_changes_nothing_on(&Device::cpu(), "precision=mixed");
}

#[test]
fn stopping_and_resuming_changes_nothing_on_the_gpu() {
    if let Some(gpu) = crate::common::gpu() {
        stopping_changes_nothing_on(&gpu, "precision=single");
        stopping_changes_nothing_on(&gpu, "precision=mixed");
    }
}

#[test]
fn the_logging_interval_changes_no_weight() {
    let folder = tempfile::tempdir().expect("a folder");
    let outs: Vec<PathBuf> = ["log.every=1", "log.every=100"]
        .into_iter()
        .map(|every| {
            let out = folder.path().join(every);
            train(&config(&[every]), &Device::cpu(), &out, false, None);
            out
        })
        .collect();
    assert_eq!(content(&outs[0]), content(&outs[1]));
}

#[test]
fn seeds_give_other_weights() {
    let folder = tempfile::tempdir().expect("a folder");
    let [a, b] = ["seed=1", "seed=2"].map(|seed| {
        let out = folder.path().join(seed);
        train(&config(&[seed]), &Device::cpu(), &out, false, None);
        content(&out).0
    });
    assert_ne!(a, b);
}

fn command(out: &Path, resume: bool) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wgpu-simvae"));
    command.args(["train", "--device", "cpu", "--out"]).arg(out).stdout(Stdio::null()).stderr(Stdio::null());
    if resume {
        command.arg("--resume");
    } else {
        command.args(SETTINGS.iter().flat_map(|set| ["--set", set])).args([
            "--set",
            "epochs=12",
            "--set",
            "data.limit=400",
        ]);
    }
    command
}

#[cfg(unix)]
#[test]
fn ctrl_c_stores_a_checkpoint_and_ends_with_code_130() {
    let folder = tempfile::tempdir().expect("a folder");
    let (whole, stopped) = (folder.path().join("whole"), folder.path().join("stopped"));
    assert!(command(&whole, false).status().expect("it runs").success());
    let mut child = command(&stopped, false).spawn().expect("it starts");
    while std::fs::metadata(stopped.join("metrics.jsonl")).map_or(0, |data| data.len()) < 2000 {
        assert!(child.try_wait().expect("a child").is_none(), "it ended before it was stopped");
        std::thread::yield_now();
    }
    let signal = Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill runs");
    assert!(signal.success());
    let code = child.wait().expect("a child").code();
    if code != Some(0) {
        assert_eq!(code, Some(130));
        assert!(!checkpoint::list(&stopped).expect("a listing").is_empty(), "a checkpoint was stored");
        assert!(command(&stopped, true).status().expect("it runs").success());
    }
    assert!(content(&stopped) == content(&whole));
}
