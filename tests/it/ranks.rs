//! Processes of `mpirun` that share each step of a run. They need the program built with the feature `mpi`: `WGPU_SIMVAE_MPI` names it.

use crate::common::ends::text;
use crate::common::folders::temporary;
use crate::common::{apart, wait_for};
use safetensors::SafeTensors;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use wgpu_simvae::bench::Link;
use wgpu_simvae::methods::registry;
use wgpu_simvae::run_folder::checkpoint;
use wgpu_simvae::run_folder::metrics::MetricsLog;

const SMALL: [&str; 9] = [
    "model.hidden=[17]",
    "model.latent=3",
    "projector.widths=[7]",
    "batch=12",
    "views=2",
    "data.limit=40",
    "log.every=10",
    "optim.schedule=constant",
    "optim.warmup_epochs=0",
];

fn program() -> Option<OsString> {
    let program = std::env::var_os("WGPU_SIMVAE_MPI");
    if program.is_none() {
        println!("WGPU_SIMVAE_MPI names no program that was built with the feature mpi: not run");
    }
    program
}

/// One group of processes with these settings, of as many as `mpirun` is told to start.
fn processes(program: &OsString, count: usize, out: &Path, more: &[&str]) -> Vec<OsString> {
    let mut all: Vec<OsString> = ["-n", &count.to_string()].map(Into::into).into();
    all.push(program.clone());
    all.extend(["train", "--device", "cpu", "--out"].map(Into::into));
    all.push(out.into());
    all.extend(more.iter().map(Into::into));
    all
}

fn sets(sets: &[&str]) -> Vec<String> {
    SMALL.iter().chain(sets).flat_map(|set| ["--set".to_owned(), (*set).to_owned()]).collect()
}

fn mpirun(groups: &[Vec<OsString>]) -> Command {
    let mut command = Command::new("mpirun");
    command
        .args(["--allow-run-as-root", "--oversubscribe", "--bind-to", "none"])
        .args(groups.join(&OsString::from(":")));
    command
}

fn trained(program: &OsString, count: usize, out: &Path, set: &[&str], more: &[&str]) -> Output {
    let set = sets(set);
    let all: Vec<&str> = set.iter().map(String::as_str).chain(more.iter().copied()).collect();
    mpirun(&[processes(program, count, out, &all)]).output().expect("mpirun starts")
}

/// Rows of losses, running statistics if any, and the weights but for biases that VICReg's loss is blind for (see `common::decided`).
fn ended(out: &Path) -> [Vec<f64>; 3] {
    let rows = MetricsLog::read(&out.join("metrics.jsonl")).expect("metrics");
    let losses: Vec<f64> = rows.iter().flat_map(|row| row.losses.values().copied()).collect();
    let blind = rows.iter().any(|row| row.losses.contains_key("invariance"));
    let (_, last) = checkpoint::list(out).expect("a listing").pop().expect("a checkpoint");
    let bytes = fs::read(last.join("model.safetensors")).expect("weights");
    let tensors = SafeTensors::deserialize(&bytes).expect("tensors");
    let names: BTreeMap<_, _> = tensors.iter().filter(|(name, _)| !(blind && name.ends_with(".bias"))).collect();
    let number = |bytes: &[u8; 4]| f64::from(f32::from_le_bytes(*bytes));
    let numbers = |statistics: bool| {
        let these = names.iter().filter(move |(name, _)| name.contains(".running_") == statistics);
        these.flat_map(|(_, tensor)| tensor.data().as_chunks::<4>().0.iter().map(number)).collect()
    };
    [losses, numbers(true), numbers(false)]
}

#[track_caller]
fn alike(what: &str, found: &[Vec<f64>; 3], wanted: &[Vec<f64>; 3]) {
    for (of, (found, wanted)) in ["losses", "statistics", "weights"].into_iter().zip(found.iter().zip(wanted)) {
        let apart = if of == "statistics" && wanted.is_empty() { 0.0 } else { apart(found, wanted) };
        assert!(apart < 1e-5, "{what}: {of} {apart:e} apart");
    }
}

#[test]
fn ranks_train_every_method_as_one_process_does() {
    let Some(program) = program() else { return };
    for method in registry::names() {
        let (folder, set) = (temporary(), format!("method={method}"));
        let ended = |count: usize| {
            let out = folder.path().join(count.to_string());
            let output = trained(&program, count, &out, &[&set, "steps=50"], &[]);
            assert!(output.status.success(), "{method} on {count}: {}", text(&output));
            ended(&out)
        };
        if method == "random" {
            ended(2);
            continue;
        }
        let alone = ended(1);
        for count in [2, 4] {
            alike(&format!("{method} on {count}"), &ended(count), &alone);
        }
    }
}

/// Of twelve images one process computes nine and the other three; SimCLR gathers rows of both, a convolutional network moments.
#[test]
fn ranks_train_in_unlike_shares_as_one_process_does() {
    let Some(program) = program() else { return };
    let calm = ["model.kind=official-conv", "model.width=2", "optim.eps=1", "optim.lr=1e-4", "likelihood.variance=100"];
    let convolutional = [&["method=vae", "steps=10"], &calm[..]].concat();
    for (set, data) in [(vec!["method=simclr", "steps=50"], "sprites"), (convolutional, "sprites-rgb")] {
        let folder = temporary();
        let ended = |name: &str, count: usize, more: &[&str]| {
            let out = folder.path().join(name);
            let output = trained(&program, count, &out, &set, &[&["--data", data], more].concat());
            assert!(output.status.success(), "{set:?} on {count}: {}", text(&output));
            ended(&out)
        };
        let alone = ended("alone", 1, &[]);
        let shared = ended("shared", 2, &["--shares", "9,3"]);
        alike(&format!("{set:?}, 9 and 3"), &shared, &alone);
        assert!(shared == ended("again", 2, &["--shares", "9,3"]), "a run repeats bit for bit");
    }
}

/// Adam is as calm as in `together`, and for the same reason.
#[test]
fn batch_normalisation_sees_the_rows_of_all_ranks() {
    let Some(program) = program() else { return };
    for method in ["simvae", "simclr"] {
        let (folder, method) = (temporary(), format!("method={method}"));
        let calm = ["optim.eps=1", "optim.lr=1e-4", "likelihood.variance=100"];
        let set = [&["model.kind=official-conv", "model.width=2", "steps=10", &method], &calm[..]].concat();
        let ended = |count: usize| {
            let out = folder.path().join(count.to_string());
            let output = trained(&program, count, &out, &set, &["--data", "sprites-rgb"]);
            assert!(output.status.success(), "{method} on {count}: {}", text(&output));
            ended(&out)
        };
        let alone = ended(1);
        assert!(!alone[1].is_empty(), "there are statistics");
        for count in [2, 4] {
            alike(&format!("{method} on {count}"), &ended(count), &alone);
        }
    }
}

#[test]
fn ranks_measure_what_joins_them() {
    let Some(program) = program() else { return };
    let bench = ["-n", "2", &program.to_string_lossy(), "bench", "--members"].map(OsString::from).to_vec();
    let output = mpirun(&[bench]).output().expect("mpirun starts");
    let said = text(&output);
    let link = said.split("2 processes: --link ").nth(1).and_then(|rest| rest.lines().next()?.parse::<Link>().ok());
    assert!(output.status.success() && link.is_some(), "{said}");
}

#[test]
fn a_run_goes_on_with_another_number_of_ranks() {
    let Some(program) = program() else { return };
    let folder = temporary();
    let (alone, several) = (folder.path().join("alone"), folder.path().join("several"));
    let done = |output: Output| assert!(output.status.success(), "{}", text(&output));
    done(trained(&program, 1, &alone, &["epochs=6"], &[]));
    done(trained(&program, 3, &several, &["epochs=3"], &[]));
    let more = processes(&program, 2, &several, &["--resume", "--epochs", "6"]);
    done(mpirun(&[more]).output().expect("mpirun starts"));
    alike("begun on three", &ended(&several), &ended(&alone));
}

#[test]
fn ranks_that_would_not_train_the_same_all_stop() {
    let Some(program) = program() else { return };
    let refused = |other: &[&str], words: &str| {
        let (folder, set) = (temporary(), sets(&["steps=20"]));
        let out = folder.path().join("run");
        let set: Vec<&str> = set.iter().map(String::as_str).collect();
        let groups = [processes(&program, 1, &out, &set), processes(&program, 1, &out, &[&set[..], other].concat())];
        let output = mpirun(&groups).output().expect("mpirun starts");
        assert!(!output.status.success());
        let said = text(&output);
        assert_eq!(said.matches(words).count(), 1, "{said}");
        assert!(checkpoint::list(&out).unwrap_or_default().is_empty(), "nothing was trained");
    };
    refused(&["--set", "seed=1"], "1 of 2 have other settings than the first");
    refused(&["--data", "sprites-rgb"], "1 of 2 have other settings than the first");
    refused(&["--device", "no such card"], "no such card");
    refused(&["--shares", "6,6"], "1 of 2 have other --shares than the first");
}

#[cfg(target_os = "linux")]
#[test]
fn a_rank_that_is_killed_ends_all_and_loses_no_checkpoint() {
    let Some(program) = program() else { return };
    let (folder, set) = (temporary(), sets(&["epochs=100000", "log.checkpoint_every=20"]));
    let out = folder.path().join("run");
    let set: Vec<&str> = set.iter().map(String::as_str).collect();
    let group = processes(&program, 2, &out, &set);
    let mut command = mpirun(&[group]);
    let running = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("mpirun starts");
    let ranks = || children(running.id());
    wait_for("a checkpoint", || checkpoint::list(&out).ok().filter(|all| !all.is_empty()));
    let last = ranks().into_iter().max().expect("processes");
    assert!(Command::new("kill").args(["-KILL", &last.to_string()]).status().expect("kill starts").success());
    let output = running.wait_with_output().expect("it ends");
    assert!(!output.status.success());
    assert!(!text(&output).is_empty(), "mpirun says why");
    let resumed = ["--resume", "--set", "log.every=10", "--steps"];
    let (step, _) = checkpoint::list(&out).expect("a listing").pop().expect("a checkpoint");
    let steps = (step + 5).to_string();
    let output = mpirun(&[processes(&program, 1, &out, &[&resumed[..], &[&steps]].concat())]).output().expect("mpirun");
    assert!(output.status.success(), "{}", text(&output));
}

/// The processes that a process has started.
#[cfg(target_os = "linux")]
fn children(parent: u32) -> Vec<u32> {
    let all = fs::read_dir("/proc").expect("/proc").flatten();
    let numbers = all.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let is_child = |&process: &u32| {
        let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
        let behind_the_name = stat.rsplit(") ").next().unwrap_or_default();
        behind_the_name.split(' ').nth(1).is_some_and(|found| found == parent.to_string())
    };
    numbers.filter(is_child).collect()
}
