//! A run that goes on longer than it was to, and one that begins with the weights of another.

use crate::common::ends::{assert_ends, simvae};
use crate::common::files::files_of;
use std::path::{Path, PathBuf};
use std::process::Output;
use wgpu_simvae::run_folder::checkpoint::{self, Checkpoint};
use wgpu_simvae::run_folder::metrics::MetricsLog;
use wgpu_simvae::run_folder::{Record, checksum, verify};

const SETTINGS: [&str; 7] = [
    "model.hidden=[24]",
    "data.limit=60",
    "batch=10",
    "views=2",
    "log.every=3",
    "log.keep_checkpoints=9",
    "optim.warmup_epochs=1",
];

struct Runs(tempfile::TempDir);

impl Runs {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Trains with these settings and arguments.
    fn train(&self, name: &str, set: &[&str], more: &[&str]) -> Output {
        let sets = SETTINGS.iter().chain(set).flat_map(|set| ["--set", *set]);
        self.command(name, &sets.chain(more.iter().copied()).collect::<Vec<_>>())
    }

    fn resume(&self, name: &str, more: &[&str]) -> Output {
        self.command(name, &[&["--resume"], more].concat())
    }

    fn command(&self, name: &str, more: &[&str]) -> Output {
        let path = self.path(name);
        simvae(&[&["train", "--device", "cpu", "--out", path.to_str().expect("a path")], more].concat())
    }
}

fn weights(run: &Path, step: u64) -> [Vec<u8>; 2] {
    ["model.safetensors", "optimizer.safetensors"]
        .map(|file| std::fs::read(checkpoint::folder_of(run, step).join(file)).expect("a checkpoint"))
}

fn newest(run: &Path) -> u64 {
    Checkpoint::newest(run).expect("a checkpoint").0.state.step
}

fn assert_whole(run: &Path) {
    let findings = verify(run);
    assert!(findings.iter().all(|finding| finding.whole), "{findings:?}");
}

#[test]
fn an_extended_run_is_the_longer_run() {
    let runs = Runs::new();
    let constant = "optim.schedule=constant";
    assert_ends(&runs.train("long", &[constant], &["--epochs", "4"]), 0, &[]);
    assert_ends(&runs.train("short", &[constant], &["--epochs", "2"]), 0, &[]);
    let (long, short) = (runs.path("long"), runs.path("short"));
    assert_eq!((newest(&long), newest(&short)), (24, 12));
    let output = runs.resume("short", &["--epochs", "4"]);
    assert_ends(&output, 0, &["the run ends at step 24 now, where it was to end at step 12"]);
    assert!(weights(&long, 24) == weights(&short, 24));
    let rows = |run: &Path| MetricsLog::read(&run.join("metrics.jsonl")).expect("rows");
    assert!(rows(&long).iter().zip(rows(&short)).all(|(a, b)| (a.step, &a.losses) == (b.step, &b.losses)));

    // By steps, and with what changes no result; a cosine says that it takes another end.
    let output = runs.resume("short", &["--steps", "25", "--set", "log.every=5"]);
    assert_ends(&output, 0, &["ends at step 25 now"]);
    assert_eq!(newest(&short), 25);
    assert_ends(&runs.train("cosine", &["optim.schedule=cosine"], &["--epochs", "1"]), 0, &[]);
    assert_ends(
        &runs.resume("cosine", &["--epochs", "2"]),
        0,
        &["cosine: from step 6", "the curve that ends at step 12"],
    );

    let record = Record::read(&short).expect("it is read").expect("a record");
    let changed: Vec<String> = record.earlier.iter().flat_map(|earlier| earlier.changed.clone()).collect();
    assert_eq!(
        changed,
        ["epochs = 2, now epochs = 4", "log.every = 3, now log.every = 5", "steps = 0, now steps = 25"]
    );
    assert_eq!(record.earlier.iter().map(|earlier| earlier.until).collect::<Vec<_>>(), [12, 24]);
    [long, short, runs.path("cosine")].iter().for_each(|run| assert_whole(run));
    assert_ends(&runs.resume("short", &[]), 0, &[]);
    assert_ends(&runs.resume("short", &["--checkpoint", "12"]), 0, &["at step 12"]);
}

/// What lies behind the checkpoint that a run went on from is of another past: the newest is what was trained last.
#[test]
fn a_run_that_goes_on_from_an_older_checkpoint_forgets_the_newer_ones() {
    let runs = Runs::new();
    assert_ends(&runs.train("run", &["epochs=4"], &[]), 0, &[]);
    let run = runs.path("run");
    let before = weights(&run, 24);
    for (arguments, last) in [
        (&["--checkpoint", "12"][..], 24),
        (&["--checkpoint", "12", "--steps", "15"], 15),
        (&["--checkpoint", "6", "--steps", "6"], 6),
    ] {
        assert_ends(&runs.resume("run", arguments), 0, &[]);
        assert_eq!(newest(&run), last);
        assert_whole(&run);
        let rows = MetricsLog::read(&run.join("metrics.jsonl")).expect("metrics");
        assert_eq!(rows.last().map(|row| row.step), Some(last));
        if last == 24 {
            assert!(weights(&run, 24) == before, "the same steps lead to the same weights");
        }
    }
    assert_ends(&runs.resume("run", &[]), 0, &["step-000000006", "at step 6"]);
}

#[test]
fn checkpoints_of_another_run_are_refused() {
    let runs = Runs::new();
    for (name, method) in [("run", "method=vae"), ("other", "method=beta-vae")] {
        assert_ends(&runs.train(name, &["epochs=1", method], &[]), 0, &[]);
    }
    let [run, other] = ["run", "other"].map(|name| runs.path(name));
    std::fs::remove_dir_all(run.join("checkpoints")).expect("they go");
    std::fs::rename(other.join("checkpoints"), run.join("checkpoints")).expect("they move");
    let (run, out) = (run.to_string_lossy(), runs.path("out").to_string_lossy().into_owned());
    for command in [
        &["eval", &run, "--device", "cpu"][..],
        &["embed", &run, "--device", "cpu"],
        &["export", &run, "--out", &out],
        &["export", &run, "--format", "onnx", "--out", &out],
        &["plan", &run],
    ] {
        assert_ends(&simvae(command), 1, &["step-000000006", "by a run with other settings"]);
    }
}

#[test]
fn what_changes_a_result_is_refused_and_every_byte_stays() {
    let runs = Runs::new();
    assert_ends(&runs.train("run", &[], &["--epochs", "2"]), 0, &[]);
    let before = files_of(&runs.path("run"));
    let refused = |more: &[&str], code: i32, words: &[&str]| {
        assert_ends(&runs.resume("run", more), code, words);
        assert!(files_of(&runs.path("run")) == before, "{more:?}");
    };
    refused(&["--set", "optim.lr=0.5"], 2, &["optim.lr", "changes what the run computes", "--from"]);
    refused(&["--epochs", "3", "--set", "judge.share=0.1"], 2, &["judge.share"]);
    refused(&["--set", "data.limit=50"], 2, &["data"]);
    refused(&["--epochs", "1"], 2, &["has done 12 steps already", "step 6"]);
    refused(&["--set", "log.evry=10"], 2, &["log.evry", "log.every"]);
    refused(&["--preset", "paper"], 2, &["--preset"]);
}

#[test]
fn a_crash_between_record_and_settings_leaves_the_run_as_it_was() {
    let runs = Runs::new();
    assert_ends(&runs.train("run", &["optim.schedule=constant"], &["--epochs", "1"]), 0, &[]);
    let run = runs.path("run");
    let settings = std::fs::read(run.join("config.toml")).expect("settings");
    assert_ends(&runs.resume("run", &["--epochs", "2"]), 0, &[]);
    // The record was written, the settings were not, and neither was any checkpoint since.
    std::fs::write(run.join("config.toml"), &settings).expect("settings");
    std::fs::remove_dir_all(checkpoint::folder_of(&run, 12)).expect("a checkpoint");
    assert_ends(&runs.resume("run", &[]), 0, &["at step 6"]);
    assert_eq!(newest(&run), 6);
    assert_ends(&runs.resume("run", &["--epochs", "3"]), 0, &["ends at step 18 now, where it was to end at step 6"]);
    assert_eq!(newest(&run), 18);
    assert_whole(&run);
    // Settings that the run never had are not its own.
    let edited = String::from_utf8(settings).expect("text").replace("seed = 0", "seed = 1");
    std::fs::write(run.join("config.toml"), edited).expect("settings");
    assert_ends(&runs.resume("run", &[]), 1, &["changed since the run was made"]);
}

#[test]
fn a_run_begins_with_the_weights_of_another() {
    let runs = Runs::new();
    assert_ends(&runs.train("first", &[], &["--epochs", "2"]), 0, &[]);
    let first = runs.path("first");
    let from = first.to_str().expect("a path");
    let file = checkpoint::folder_of(&first, 12).join("model.safetensors");
    let hash = checksum(&std::fs::read(&file).expect("weights"));
    let source = |name: &str| Record::read(&runs.path(name)).expect("it is read").expect("a record").from;

    // All of it, of a run or of a file.
    for (name, from) in [("whole", from), ("file", file.to_str().expect("a path"))] {
        let output = runs.train(name, &["seed=7"], &["--epochs", "1", "--from", from]);
        assert_ends(&output, 0, &["8 of 8 tensors", "enc.0.weight"]);
        assert!(weights(&runs.path(name), 0)[0] == weights(&first, 12)[0]);
        assert_eq!(source(name).map(|source| (source.blake3, source.matched)), Some((hash.clone(), 8)));
        assert_whole(&runs.path(name));
    }
    assert!(weights(&runs.path("whole"), 6) == weights(&runs.path("file"), 6));
    assert_ends(
        &runs.train("half", &[], &["--from", from, "--checkpoint", "6", "--epochs", "1"]),
        0,
        &["step-000000006"],
    );

    // The encoder of another method, whose last layer is narrower; a resumed run still knows where it began.
    let encoder = ["--from", from, "--from-encoder", "--epochs", "1"];
    let output = runs.train("simclr", &["method=simclr"], &encoder);
    assert_ends(&output, 0, &["2 of 4 tensors", "as initialised: `enc.", "not taken: unknown: `dec."]);
    assert_ends(&runs.resume("simclr", &["--epochs", "2"]), 0, &[]);
    assert_eq!(source("simclr").map(|source| (source.encoder_only, source.matched)), Some((true, 2)));

    // What cannot be begun with leaves nothing behind.
    let none = runs.train("none", &["model.hidden=[9]", "model.latent=3"], &encoder);
    assert_ends(&none, 2, &["none of its tensors", "`enc.0.weight` is F32"]);
    let damaged = runs.path("damaged.safetensors");
    std::fs::write(&damaged, b"no weights").expect("a file");
    let damaged = damaged.to_str().expect("a path");
    assert_ends(
        &runs.train("none", &[], &["--from", damaged]),
        1,
        &["damaged.safetensors", "not a whole safetensors file"],
    );
    assert_ends(&runs.train("none", &[], &["--from", "absent"]), 1, &["absent", "--from wants"]);
    assert_ends(
        &runs.train("none", &[], &["--from", from, "--checkpoint", "7"]),
        1,
        &["no checkpoint of step 7", "12"],
    );
    assert!(!runs.path("none/run.json").exists() && !runs.path("none/config.toml").exists());
    assert_ends(&runs.resume("first", &["--from", from]), 2, &["--from"]);
    assert_ends(&runs.train("none", &[], &["--checkpoint", "best"]), 2, &["--resume"]);
}
