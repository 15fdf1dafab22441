//! The output is a stream that may end, signals may be ignored, and what is computed is saved before it is shown.
#![cfg(unix)]

use crate::common::ends::assert_ends;
use std::fs::{self, File, OpenOptions};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use wgpu_simvae::run_folder::checkpoint;

const TINY: [&str; 6] = ["model.hidden=[8]", "data.limit=40", "batch=7", "views=2", "epochs=3", "log.every=4"];
/// Long enough to be interrupted.
const LONG: [&str; 2] = ["--epochs", "100000"];
const JUDGES: [&str; 4] = ["--probe-epochs", "2", "--mixture-starts", "1"];

fn simvae(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wgpu-simvae"));
    command.current_dir(folder).stdin(Stdio::null());
    command
}

fn train(folder: &Path) -> Command {
    let mut command = simvae(folder);
    command.args(["train", "--device", "cpu", "--out", "run"]).args(TINY.iter().flat_map(|set| ["--set", set]));
    command
}

fn trained() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    assert!(train(folder.path()).output().expect("it runs").status.success());
    folder
}

fn full() -> File {
    OpenOptions::new().write(true).open("/dev/full").expect("a full device")
}

#[test]
fn a_list_whose_reader_left_ends_quietly() {
    let folder = tempfile::tempdir().expect("a folder");
    for (arguments, code) in [(&["data", "list"][..], 141), (&["--help"], 141), (&["devices"], 141)] {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let output = simvae(folder.path()).args(arguments).stdout(writer).output().expect("it runs");
        assert_ends(&output, code, &[]);
        assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
        let output = simvae(folder.path()).args(arguments).stdout(full()).output().expect("it runs");
        assert_ends(&output, 1, &["output", "No space left"]);
    }
    let wrong = simvae(folder.path()).args(["data", "lost"]).stderr(full()).output().expect("it runs");
    assert_eq!(wrong.status.code(), Some(2));
}

#[test]
fn training_and_judging_go_on_without_their_readers() {
    let folder = tempfile::tempdir().expect("a folder");
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let errors = writer.try_clone().expect("a pipe");
    let output = train(folder.path()).stdout(writer).stderr(errors).output().expect("it runs");
    assert_ends(&output, 0, &[]);
    let steps = checkpoint::list(&folder.path().join("run")).expect("a listing").pop().expect("a checkpoint").0;
    assert_eq!(steps, 18, "the whole run is there");
    let eval = |out: Stdio| {
        let mut command = simvae(folder.path());
        command.args(["eval", "run", "--device", "cpu", "--predictions"]).args(JUDGES);
        command.stdout(out).output().expect("it runs")
    };
    assert_ends(&eval(full().into()), 1, &["output", "No space left"]);
    assert!(folder.path().join("run/eval.json").exists() && folder.path().join("run/predictions.safetensors").exists());
    let log = train(folder.path()).args(["--out", "other"]).stderr(full()).output().expect("it runs");
    assert_ends(&log, 2, &[]);
    let mut other = simvae(folder.path());
    other.args(["train", "--device", "cpu", "--out", "other"]).args(TINY.iter().flat_map(|set| ["--set", set]));
    assert_ends(&other.stderr(full()).output().expect("it runs"), 0, &["k-NN"]);
}

#[test]
fn verdicts_that_cannot_be_saved_are_shown() {
    let folder = trained();
    let run = folder.path().join("run");
    fs::create_dir(run.join("eval.json")).expect("a folder in the way");
    let output = simvae(folder.path()).args(["eval", "run", "--device", "cpu"]).args(JUDGES).output().expect("it runs");
    assert_ends(&output, 1, &["nearest neighbours", "eval.json"]);
}

#[test]
fn pictures_that_cannot_be_stored_are_a_warning() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::create_dir_all(folder.path().join("run/losses.svg")).expect("a folder in the way");
    fs::write(folder.path().join("run/reconstructions"), "a file in the way").expect("a file");
    let output = train(folder.path()).output().expect("it runs");
    assert_ends(&output, 0, &["warning", "losses.svg", "reconstructions"]);
}

#[test]
fn weights_go_through_a_pipe() {
    let folder = trained();
    let export = |out: &str| simvae(folder.path()).args(["export", "run", "--out", out]).output().expect("it runs");
    let piped = export("/dev/stdout");
    assert_ends(&export("weights.safetensors"), 0, &[]);
    assert!(piped.stdout == fs::read(folder.path().join("weights.safetensors")).expect("weights"));
    let full = export("/dev/full");
    assert_ends(&full, 1, &["/dev/full", "No space left"]);
    assert!(!fs::symlink_metadata("/dev/full").expect("a device").is_file());
}

/// Neither colours nor a line that is written over: a log file has what a person can read.
#[test]
fn what_goes_into_a_file_is_plain_lines() {
    let folder = tempfile::tempdir().expect("a folder");
    let plain = |bytes: &[u8]| {
        let text = String::from_utf8(bytes.to_vec()).expect("text");
        assert!(!text.contains(|c: char| c.is_control() && c != '\n'), "{text:?}");
        text
    };
    let output = train(folder.path()).env("CLICOLOR_FORCE", "1").output().expect("it runs");
    assert_ends(&output, 0, &[]);
    let steps = plain(&output.stderr).lines().filter(|line| line.starts_with("step ")).count();
    assert!((1..=12).contains(&steps), "a line a quarter of an epoch at most, not {steps}");
    for arguments in
        [&["--help"][..], &["train", "--help"], &["eval", "--wrong"], &["explain", "optim.lr"], &["devices"]]
    {
        let output = simvae(folder.path()).env("CLICOLOR_FORCE", "1").args(arguments).output().expect("it runs");
        plain(&output.stdout);
        plain(&output.stderr);
    }
}

#[test]
fn quiet_says_errors_and_results_and_verbose_says_decisions() {
    let folder = tempfile::tempdir().expect("a folder");
    let train = |flag: &str, out: &str| {
        let mut command = simvae(folder.path());
        command.args(["train", flag, "--device", "cpu", "--out", out]).args(TINY.iter().flat_map(|set| ["--set", set]));
        command.output().expect("it runs")
    };
    let said = |output: &std::process::Output| String::from_utf8_lossy(&output.stderr).into_owned();
    let quiet = train("-q", "quiet");
    assert_ends(&quiet, 0, &["k-NN"]);
    assert_eq!(said(&quiet), "");
    let again = train("--quiet", "quiet");
    assert_ends(&again, 2, &["error: ", "there is a run in this folder"]);
    assert_eq!(said(&again).lines().count(), 1);
    let verbose = train("--verbose", "verbose");
    assert_ends(&verbose, 0, &["settings: defaults, preset quick for simvae on sprites, --set ", "device: ", "step "]);
    // Before the command as well as behind it.
    let mut export = simvae(folder.path());
    let output = export.args(["-v", "export", "verbose", "--out", "weights.safetensors"]).output().expect("it runs");
    assert_ends(&output, 0, &["checkpoint: ", "is whole"]);
    let both = simvae(folder.path()).args(["devices", "-q", "-v"]).output().expect("it runs");
    assert_ends(&both, 2, &["cannot be used with"]);
}

/// Starts a long run with these signals ignored and no others, also where the tests themselves ignore some, as below `nohup`; waits until it trains.
fn under_way(folder: &Path, ignored: &[i32]) -> (Child, impl Iterator<Item = String>) {
    use std::os::unix::process::CommandExt;
    let mut command = train(folder);
    command.args(LONG).stderr(Stdio::piped()).stdout(Stdio::null());
    let ignored = ignored.to_vec();
    // SAFETY: `signal` may be called between fork and exec.
    unsafe {
        command.pre_exec(move || {
            for signal in [libc::SIGINT, libc::SIGTERM, libc::SIGHUP] {
                let act = if ignored.contains(&signal) { libc::SIG_IGN } else { libc::SIG_DFL };
                libc::signal(signal, act);
            }
            Ok(())
        });
    }
    let mut child = command.spawn().expect("it starts");
    let mut lines = BufReader::new(child.stderr.take().expect("a pipe")).lines().map_while(Result::ok);
    lines.by_ref().find(|line| line.starts_with("step ")).expect("it trains");
    (child, lines)
}

fn signal(child: &Child, signal: i32) {
    // SAFETY: a signal to a child that has not been waited for.
    assert_eq!(unsafe { libc::kill(child.id() as i32, signal) }, 0);
}

#[test]
fn a_signal_asks_for_a_checkpoint() {
    for asked in [libc::SIGINT, libc::SIGTERM, libc::SIGHUP] {
        let folder = tempfile::tempdir().expect("a folder");
        let (mut child, mut lines) = under_way(folder.path(), &[]);
        signal(&child, asked);
        assert!(lines.any(|line| line.contains("stopping at the next safe place")), "it says so");
        assert_eq!(child.wait().expect("a child").code(), Some(130));
        assert!(!checkpoint::list(&folder.path().join("run")).expect("a listing").is_empty());
    }
}

/// The words of a command that a message advises, behind `begin`.
fn advised(text: &str, begin: &str) -> Vec<String> {
    let line = text.lines().find_map(|line| line.split_once(begin)).expect("advice").1;
    line.split_whitespace().map(str::to_owned).collect()
}

#[test]
fn advice_that_is_a_command_works() {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut child, lines) = under_way(folder.path(), &[]);
    signal(&child, libc::SIGINT);
    let said = lines.collect::<Vec<_>>().join("\n");
    assert_eq!(child.wait().expect("a child").code(), Some(130));
    let mut again = simvae(folder.path())
        .args(advised(&said, "go on with: wgpu-simvae "))
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut lines = BufReader::new(again.stderr.take().expect("a pipe")).lines().map_while(Result::ok);
    lines.by_ref().find(|line| line.contains("resumed from")).expect("it goes on");
    lines.by_ref().find(|line| line.starts_with("step ")).expect("it trains");
    signal(&again, libc::SIGKILL);
    again.wait().expect("a child");

    // Settings that were edited are those of another run.
    let folder = trained();
    let settings = folder.path().join("run/config.toml");
    let text = fs::read_to_string(&settings).expect("settings");
    fs::write(&settings, text.replace("seed = 0", "seed = 5")).expect("settings");
    let mut resume = simvae(folder.path());
    let output = resume.args(["train", "--resume", "--out", "run", "--device", "cpu"]).output().expect("it runs");
    assert_ends(&output, 1, &["config.toml", "changed"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let mut new = simvae(folder.path());
    new.args(["train", "--device", "cpu"]);
    new.args(
        advised(&said, "with these settings: ")
            .into_iter()
            .map(|word| if word == "FOLDER" { "new".to_owned() } else { word }),
    );
    assert_ends(&new.output().expect("it runs"), 0, &["k-NN"]);
    assert!(fs::read_to_string(folder.path().join("new/config.toml")).expect("settings").contains("seed = 5"));
}

#[test]
fn signals_that_were_ignored_stay_ignored() {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut child, mut lines) = under_way(folder.path(), &[libc::SIGHUP, libc::SIGINT]);
    signal(&child, libc::SIGHUP);
    signal(&child, libc::SIGINT);
    assert!(lines.by_ref().any(|line| line.starts_with("step ")), "it goes on");
    assert!(child.try_wait().expect("a child").is_none());
    signal(&child, libc::SIGTERM);
    drop(lines);
    assert_eq!(child.wait().expect("a child").code(), Some(130));
}

#[test]
fn names_from_files_cannot_steer_the_terminal() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = [0u8; 4];
    let view = safetensors::tensor::TensorView::new(safetensors::Dtype::F32, vec![1], &data).expect("a tensor");
    let bytes = safetensors::serialize([("\u{1b}]0;x\u{7}\nerror: forged", view)], None).expect("a file");
    fs::write(folder.path().join("weights.safetensors"), bytes).expect("a file");
    let output = simvae(folder.path())
        .args([
            "import",
            "weights.safetensors",
            "--device",
            "cpu",
            "--out",
            "run",
            "--set",
            "data.limit=8",
            "--set",
            "batch=4",
        ])
        .output()
        .expect("it runs");
    assert_ends(&output, 2, &["\\u{1b}]0;x\\u{7}"]);
    assert!(!String::from_utf8_lossy(&output.stderr).lines().any(|line| line.starts_with("error: forged")));
    assert!(!folder.path().join("run").exists(), "nothing is left behind");
}
