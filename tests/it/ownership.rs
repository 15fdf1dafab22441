//! A run folder has one owner, knows what it was made of, and is never made worse by a command that is refused.

use crate::common::ends::{assert_ends, text};
use crate::common::files::files_of;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use wgpu_simvae::run_folder::{RunLock, from_the_root};

const TINY: [&str; 7] =
    ["model.hidden=[8]", "data.limit=40", "batch=7", "views=2", "epochs=3", "log.every=4", "log.pictures_every=1"];

fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wgpu-simvae"));
    command.args(arguments).current_dir(folder).stdin(Stdio::null());
    command
}

fn simvae(folder: &Path, arguments: &[&str]) -> Output {
    command(folder, arguments).output().expect("the command starts")
}

/// `train` with small settings in a folder; `more` comes behind them.
fn small(more: &[&str]) -> Vec<String> {
    let set = TINY.iter().flat_map(|set| ["--set", set]);
    ["train", "--device", "cpu"].into_iter().chain(set).chain(more.iter().copied()).map(str::to_owned).collect()
}

fn train(folder: &Path, more: &[&str]) -> Output {
    let arguments = small(more);
    simvae(folder, &arguments.iter().map(String::as_str).collect::<Vec<_>>())
}

fn resume(folder: &Path, more: &[&str]) -> Output {
    simvae(folder, &[&["train", "--resume", "--device", "cpu", "--out", "run"], more].concat())
}

fn trained(more: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    assert_ends(&train(folder.path(), &[&["--out", "run"], more].concat()), 0, &[]);
    folder
}

/// The steps of a run's checkpoints.
fn steps(folder: &Path) -> Vec<u64> {
    let all = wgpu_simvae::run_folder::checkpoint::list(&folder.join("run")).expect("a listing");
    all.into_iter().map(|(step, _)| step).collect()
}

fn checkpoint(folder: &Path, step: u64) -> PathBuf {
    folder.join(format!("run/checkpoints/step-{step:09}"))
}

fn flip(path: &Path) {
    let mut bytes = std::fs::read(path).expect("a file");
    let at = bytes.len() / 2;
    bytes[at] ^= 16;
    std::fs::write(path, bytes).expect("a file");
}

#[test]
fn whoever_comes_second_is_told_who_is_at_work() {
    let folder = trained(&[]);
    let owner = RunLock::acquire(&folder.path().join("run"), "train").expect("nobody is there");
    let process = format!("process {} (train)", std::process::id());
    let before = files_of(folder.path());
    let words = ["run: ", &process, "--out"];
    assert_ends(&train(folder.path(), &["--out", "run"]), 2, &words);
    assert_ends(&resume(folder.path(), &[]), 2, &words);
    assert_ends(&simvae(folder.path(), &["eval", "run", "--device", "cpu"]), 2, &words);
    let compare = ["compare", "--device", "cpu", "--methods", "vae", "--out", "run"];
    assert_ends(&simvae(folder.path(), &compare), 2, &words);
    assert_ends(&simvae(folder.path(), &["export", "run", "--out", "weights.safetensors"]), 0, &[]);
    let import = ["import", "weights.safetensors", "--device", "cpu", "--out", "run"];
    assert_ends(&simvae(folder.path(), &import), 2, &words);
    std::fs::remove_file(folder.path().join("weights.safetensors")).expect("a file");
    assert!(before == files_of(folder.path()), "nobody changed a byte");
    drop(owner);
    assert_ends(&resume(folder.path(), &[]), 0, &[]);
}

#[test]
fn runs_that_begin_at_once_have_folders_of_their_own() {
    let folder = tempfile::tempdir().expect("a folder");
    let start = |seed: u32| {
        let arguments = small(&["--set", &format!("seed={seed}")]);
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        command(folder.path(), &arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts")
    };
    for child in [1, 2, 3].map(start) {
        assert!(child.wait_with_output().expect("a child").status.success());
    }
    let mut seeds: Vec<String> = ["", "-2", "-3"]
        .map(|number| folder.path().join(format!("runs/sprites-simvae{number}")))
        .iter()
        .map(|run| std::fs::read_to_string(run.join("config.toml")).expect("settings"))
        .map(|settings| settings.lines().find(|line| line.starts_with("seed")).expect("a seed").to_owned())
        .collect();
    seeds.sort();
    assert_eq!(seeds, ["seed = 1", "seed = 2", "seed = 3"]);
}

#[test]
fn a_refused_resume_leaves_every_byte() {
    let folder = trained(&["--set", "log.keep_checkpoints=1"]);
    let run = folder.path().join("run");
    let last = *steps(folder.path()).last().expect("a checkpoint");
    for file in ["model.safetensors", "optimizer.safetensors", "state.json", "manifest.json"] {
        let path = checkpoint(folder.path(), last).join(file);
        let whole = std::fs::read(&path).expect("a file");
        flip(&path);
        let before = files_of(&run);
        assert_ends(&resume(folder.path(), &[]), 1, &[file, "damaged"]);
        assert!(before == files_of(&run), "{file}: something has changed");
        std::fs::write(&path, whole).expect("a file");
    }
    flip(&run.join("config.toml"));
    let before = files_of(&run);
    assert_ends(&resume(folder.path(), &[]), 1, &["config.toml", "changed since the run was made"]);
    assert!(before == files_of(&run), "something has changed");
}

#[test]
fn a_damaged_checkpoint_is_passed_over_and_another_can_be_named() {
    let folder = trained(&[]);
    let whole = steps(folder.path());
    let [older, newest] = whole[..] else { panic!("two checkpoints are kept: {whole:?}") };
    let weights =
        |step: u64| std::fs::read(checkpoint(folder.path(), step).join("model.safetensors")).expect("weights");
    let end = weights(newest);
    flip(&checkpoint(folder.path(), newest).join("model.safetensors"));
    let check = simvae(folder.path(), &["check", "run"]);
    assert_ends(&check, 1, &["DAMAGED", "model.safetensors", "1 of 4 parts"]);
    let embed = simvae(folder.path(), &["embed", "run", "--device", "cpu"]);
    assert_ends(&embed, 0, &["passed over", "model.safetensors", &format!("after {older} steps")]);
    let named = simvae(folder.path(), &["embed", "run", "--device", "cpu", "--checkpoint", &newest.to_string()]);
    assert_ends(&named, 1, &["model.safetensors", "damaged"]);
    assert_ends(&resume(folder.path(), &["--checkpoint", "1"]), 1, &["no checkpoint of step 1", &older.to_string()]);

    // What only looks like a checkpoint is passed over too, and no whole one is removed for it.
    std::fs::create_dir(checkpoint(folder.path(), 99)).expect("a folder");
    assert_ends(&resume(folder.path(), &[]), 0, &["passed over", &format!("at step {older}")]);
    assert!(weights(newest) == end, "the run ends as it did before");
    assert!(steps(folder.path()).contains(&older));
}

#[test]
fn drafts_of_killed_processes_go_and_other_files_stay() {
    let folder = trained(&[]);
    let checkpoints = folder.path().join("run/checkpoints");
    let last = *steps(folder.path()).last().expect("a checkpoint");
    std::fs::create_dir(checkpoints.join(".writing-7")).expect("a draft");
    std::fs::write(checkpoints.join("notes.txt"), "mine").expect("a file");
    std::fs::remove_dir_all(checkpoint(folder.path(), last)).expect("a checkpoint");
    assert_ends(&resume(folder.path(), &[]), 0, &[]);
    assert!(!checkpoints.join(".writing-7").exists() && checkpoints.join("notes.txt").exists());
    assert_ends(&simvae(folder.path(), &["check", "run", "--data"]), 0, &["the data are those"]);
    flip(&folder.path().join("run/metrics.jsonl"));
    assert_ends(&simvae(folder.path(), &["check", "run"]), 1, &["DAMAGED", "metrics.jsonl: rows were changed"]);
    assert_ends(&resume(folder.path(), &[]), 0, &["metrics.jsonl: rows were changed"]);
}

#[test]
fn settings_are_complete_or_refused() {
    let folder = trained(&[]);
    let run = folder.path().join("run");
    crate::common::older::make_older(&run);
    let settings = std::fs::read_to_string(run.join("config.toml")).expect("settings");
    let lines: Vec<&str> = settings.lines().collect();
    // Behind the last setting of the first runs, only some are missing that came since.
    let first =
        lines.iter().position(|line| line.starts_with("keep_checkpoints")).expect("a setting of the first runs");
    for end in (0..=first).step_by(5).chain([first]) {
        std::fs::write(run.join("config.toml"), lines[..end].join("\n")).expect("settings");
        let output = resume(folder.path(), &[]);
        assert!(output.status.code() == Some(1) && text(&output).contains("config.toml"), "{end}: {}", text(&output));
    }
    std::fs::write(run.join("config.toml"), &settings).expect("settings");
    assert_ends(&resume(folder.path(), &[]), 0, &[]);
}

/// `count` pictures of two classes.
fn pictures(folder: &Path, count: u8) {
    for number in 0..count {
        let class = folder.join(if number % 2 == 0 { "even" } else { "odd" });
        std::fs::create_dir_all(&class).expect("a folder");
        let picture = image::GrayImage::from_fn(8, 8, |x, y| image::Luma([(x * y) as u8 ^ number]));
        picture.save(class.join(format!("{number}.png"))).expect("a picture");
    }
}

const PICTURES: [&str; 6] = ["--set", "data.size=8", "--set", "data.cache=off", "--set", "model.kind=mlp"];

#[test]
fn a_run_finds_its_data_from_anywhere_and_notices_others() {
    let folder = tempfile::tempdir().expect("a folder");
    let (here, there) = (folder.path().join("here"), folder.path().join("there"));
    pictures(&here.join("pets"), 40);
    pictures(&there.join("pets"), 20);
    let run = folder.path().join("run").to_string_lossy().into_owned();
    let arguments = [&["--data", "folder:pets", "--out", &run], &PICTURES[..]].concat();
    assert_ends(&train(&here, &arguments), 0, &[]);
    let embed = |from: &Path, more: &[&str]| simvae(from, &[&["embed", &run, "--device", "cpu"], more].concat());
    assert_ends(&embed(&there, &[]), 0, &[]);
    let lines = std::fs::read_to_string(folder.path().join("run/embeddings/train-files.txt")).expect("a list");
    assert_eq!(lines.lines().count(), 36, "the pictures of here");
    let others = there.join("pets").to_string_lossy().into_owned();
    let difference = "training images: 36 then, 18 now";
    assert_ends(&embed(&there, &["--data-dir", &others]), 0, &["not the data", difference]);
    let gone = from_the_root(&here.join("pets")).display().to_string();
    std::fs::rename(here.join("pets"), folder.path().join("moved")).expect("it moves");
    assert_ends(&embed(&here, &[]), 1, &[&gone]);
    std::fs::rename(there.join("pets"), here.join("pets")).expect("it moves");
    assert_ends(&embed(&here, &[]), 1, &["not the data", difference, "--data-dir"]);
    let moved = folder.path().join("moved").to_string_lossy().into_owned();
    assert_ends(&embed(&here, &["--data-dir", &moved]), 0, &[]);
    assert_ends(&resume(folder.path(), &[]), 2, &["not the data", difference]);
    assert_ends(&resume(folder.path(), &["--data-dir", &moved]), 0, &[]);
    assert_ends(&embed(&there, &[]), 0, &[]);

    // One picture exchanged for another: as many images, another fingerprint.
    std::fs::copy(folder.path().join("moved/even/4.png"), folder.path().join("moved/even/2.png")).expect("a copy");
    assert_ends(&resume(folder.path(), &[]), 2, &["other pixels"]);
}

#[test]
fn a_clock_that_does_not_belong_to_the_data_is_refused_in_runs_without_a_record() {
    let folder = tempfile::tempdir().expect("a folder");
    pictures(&folder.path().join("many"), 60);
    pictures(&folder.path().join("few"), 10);
    let arguments = [&["--data", "folder:many", "--out", "run", "--set", "data.limit=0"], &PICTURES[..]].concat();
    assert_ends(&train(folder.path(), &arguments), 0, &[]);
    crate::common::older::make_older(&folder.path().join("run"));
    let few = folder.path().join("few").to_string_lossy().into_owned();
    assert_ends(&resume(folder.path(), &["--data-dir", &few]), 2, &["has 9 training images", "trained on 54"]);
}
