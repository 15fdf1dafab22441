//! Judges while a run trains: they change no weight, keep the best checkpoint, and end a run that no longer improves.

use crate::common::ends::{assert_ends, simvae, text};
use std::path::Path;
use std::process::Output;
use wgpu_simvae::data::Dataset;
use wgpu_simvae::device::Device;
use wgpu_simvae::run_folder::checkpoint::{self, Checkpoint};
use wgpu_simvae::run_folder::metrics::MetricsLog;
use wgpu_simvae::run_folder::{Which, verify};
use wgpu_simvae::settings::{Config, Recipe};
use wgpu_simvae::train::{Report, RunOptions, Silent, load_data, run};

const SETTINGS: [&str; 9] = [
    "model.hidden=[24]",
    "data.limit=80",
    "batch=7",
    "views=2",
    "epochs=4",
    "log.every=3",
    "optim.warmup_epochs=1",
    "judge.share=0.25",
    "judge.rows=16",
];

fn config(more: &[&str]) -> Config {
    Config::of(SETTINGS.iter().chain(more)).expect("valid settings")
}

fn train(out: &Path, more: &[&str]) -> Report {
    let (config, device) = (config(more), Device::cpu());
    let data = load_data(&config, None, &device, &mut Silent).expect("sprites");
    let recipe = Recipe::new(&config).expect("a recipe");
    run(&recipe, &data, &device, &RunOptions::new(out), &mut Silent, &false.into()).expect("it trains")
}

fn command(command: &str, out: &Path, more: &[&str]) -> Output {
    let sets = SETTINGS.iter().flat_map(|set| ["--set", *set]);
    let out = out.to_str().expect("a path");
    let first = ["train", "--device", "cpu", "--out", out];
    let all: Vec<&str> = match command {
        "train" => first.into_iter().chain(sets).chain(more.iter().copied()).collect(),
        "resume" => first.into_iter().chain(["--resume"]).chain(more.iter().copied()).collect(),
        other => [other, out, "--device", "cpu"].into_iter().chain(more.iter().copied()).collect(),
    };
    simvae(&all)
}

fn weights(out: &Path, step: u64) -> [Vec<u8>; 2] {
    ["model.safetensors", "optimizer.safetensors"]
        .map(|file| std::fs::read(checkpoint::folder_of(out, step).join(file)).expect("a checkpoint"))
}

#[test]
fn judges_change_no_weight() {
    let folder = tempfile::tempdir().expect("a folder");
    for method in ["simvae", "simclr", "supervised"] {
        let method = format!("method={method}");
        let [with, without] = [1, 0].map(|every| {
            let out = folder.path().join(format!("{method}-{every}"));
            let report = train(&out, &[&method, &format!("judge.every={every}")]);
            (report.steps, out)
        });
        assert_eq!(with.0, without.0);
        assert_eq!(with.0, 35, "60 images are trained on, and 20 held out");
        assert!(weights(&with.1, 35) == weights(&without.1, 35), "{method}");
        let rows = MetricsLog::read(&with.1.join("metrics.jsonl")).expect("rows");
        let judged: Vec<_> = rows.iter().filter(|row| !row.judged.is_empty()).collect();
        assert_eq!(judged.len(), 4, "one for each epoch");
        for row in judged {
            let names: Vec<&str> = row.judged.keys().map(String::as_str).collect();
            let all = ["alignment", "deviation", "effective_rank", "held_out_loss", "knn", "least_deviation"];
            assert_eq!(names, [&all[..], &["linear", "uniformity"]].concat());
            let score = |name: &str| row.judged[name];
            assert!((0.0..=1.0).contains(&score("knn")) && (0.0..=1.0).contains(&score("linear")));
            assert!(score("effective_rank") >= 1.0 && score("least_deviation") <= score("deviation"));
        }
        assert!(
            MetricsLog::read(&without.1.join("metrics.jsonl")).expect("rows").iter().all(|row| row.judged.is_empty())
        );
    }
}

#[test]
fn the_best_checkpoint_is_kept_and_opened() {
    let folder = tempfile::tempdir().expect("a folder");
    let run = folder.path().join("run");
    // With such a rate the first judgements are the best by far.
    let more = ["judge.every=1", "checkpoint.best=held-out", "log.keep_checkpoints=1", "epochs=8", "optim.lr=0.001"];
    let report = train(&run, &more);
    let rows = MetricsLog::read(&run.join("metrics.jsonl")).expect("rows");
    let losses = || rows.iter().filter_map(|row| Some((row.step, *row.judged.get("held_out_loss")?)));
    let (best, _) = losses().min_by(|a, b| a.1.total_cmp(&b.1)).expect("it was judged");
    let kept: Vec<u64> = checkpoint::list(&run).expect("a listing").into_iter().map(|(step, _)| step).collect();
    let mut wanted = vec![best, report.steps];
    wanted.dedup();
    assert_eq!(kept, wanted);
    let (found, _) = Checkpoint::pick(&run, Which::Best).expect("the best one");
    assert_eq!(found.state.step, best);
    let words = [format!("after {best} steps")];
    let output = command("reconstruct", &run, &["--checkpoint", "best", "--count", "2"]);
    assert_ends(&output, 0, &words.each_ref().map(String::as_str));
    assert_ends(&command("embed", &run, &["--checkpoint", "1"]), 1, &["no checkpoint of step 1", &best.to_string()]);
    assert_ends(&command("embed", &run, &["--checkpoint", "last"]), 2, &["newest, best or a step"]);
    assert!(verify(&run).iter().all(|finding| finding.whole));
}

#[test]
fn patience_ends_a_run_and_a_resumed_run_goes_on_counting() {
    let folder = tempfile::tempdir().expect("a folder");
    let run = folder.path().join("run");
    // With a rate this low nothing gets better: k-NN stays what it was.
    let more = [
        "--set",
        "optim.lr=1e-12",
        "--set",
        "judge.every=1",
        "--set",
        "checkpoint.best=knn",
        "--set",
        "stop.patience=2",
    ];
    let output = command("train", &run, &more);
    assert_ends(&output, 0, &["no better knn in 2 judgements", "stop.patience ends the run", "judging took"]);
    assert!(text(&output).contains("judged: knn"), "{}", text(&output));
    let (checkpoint, _) = Checkpoint::newest(&run).expect("a checkpoint");
    let best = checkpoint.state.best.expect("it was judged");
    assert_eq!((checkpoint.state.step, best.step, best.since), (26, 9, 2));
    assert_ends(&command("resume", &run, &[]), 0, &["stop.patience ends the run"]);
    assert_eq!(Checkpoint::newest(&run).expect("a checkpoint").0.state.step, 26);
}

#[test]
fn what_cannot_be_judged_is_said() {
    let folder = tempfile::tempdir().expect("a folder");
    let refused = |more: &[&str], words: &[&str]| {
        let sets: Vec<&str> = more.iter().flat_map(|set| ["--set", *set]).collect();
        assert_ends(&command("train", &folder.path().join("run"), &sets), 2, words);
        assert!(!folder.path().join("run").exists());
    };
    refused(&["judge.every=1", "judge.share=0"], &["judge.every", "judge.share"]);
    refused(&["checkpoint.best=knn"], &["checkpoint.best = knn", "judge.every"]);
    refused(&["judge.every=1", "stop.patience=3"], &["stop.patience", "checkpoint.best"]);
    refused(&["judge.every=1", "checkpoint.best=worst"], &["checkpoint.best"]);

    // A data set of one class has no content to judge.
    let config = config(&["judge.every=2", "checkpoint.best=linear"]);
    let mut data = load_data(&config, None, &Device::cpu(), &mut Silent).expect("sprites");
    let judged = data.judged.as_mut().map(|judged| &mut judged.images);
    for images in [&mut data.train, &mut data.test].into_iter().chain(judged) {
        images.classes.truncate(1);
        images.labels.fill(0);
    }
    let ended = |config: &Config, data: &Dataset| {
        let options = RunOptions::new(folder.path().join("one-class"));
        let recipe = Recipe::new(config).expect("a recipe");
        let ended = run(&recipe, data, &Device::cpu(), &options, &mut Silent, &false.into());
        ended.map_or_else(|error| error.to_string(), |report| format!("{} steps", report.steps))
    };
    assert!(ended(&config, &data).contains("of one class"));
    let mut config = config;
    config.checkpoint.best = Default::default();
    assert_eq!(ended(&config, &data), "35 steps");
    let rows = MetricsLog::read(&folder.path().join("one-class/metrics.jsonl")).expect("rows");
    let judged = &rows.last().expect("a row").judged;
    assert!(judged.contains_key("held_out_loss") && !judged.contains_key("knn"), "{judged:?}");

    // Whoever calls the library holds the images out.
    data.judged = None;
    assert!(ended(&config, &data).contains("Dataset::hold_out"));
}
