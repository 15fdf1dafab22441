//! Small runs, what they leave behind, and random numbers.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};
use wgpu_simvae::run_folder::checkpoint::{self, Checkpoint};
use wgpu_simvae::run_folder::metrics::{MetricsLog, Row};

const SETTINGS: [&str; 7] =
    ["model.hidden=[24]", "data.limit=200", "batch=7", "views=2", "epochs=6", "log.every=3", "log.pictures_every=2"];

/// A number of `WGPU_SIMVAE_ABUSE`.
pub fn wanted(name: &str, otherwise: u64) -> u64 {
    let all = std::env::var("WGPU_SIMVAE_ABUSE").unwrap_or_default();
    let value = all.split(',').find_map(|part| part.trim().strip_prefix(name)?.strip_prefix('='));
    value.map_or(otherwise, |value| value.parse().unwrap_or_else(|_| panic!("WGPU_SIMVAE_ABUSE: {name}={value}")))
}

/// SplitMix64 (Steele, Lea and Flood, 2014).
pub struct Random(u64);

impl Random {
    pub fn new(purpose: u64) -> Self {
        let seed = wanted("seed", 1);
        println!("seed={seed}");
        Self(seed.wrapping_mul(0xd134_2543_de82_ef95) ^ purpose)
    }

    pub fn below(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % most.max(1)
    }
}

pub fn simvae(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wgpu-simvae"));
    command.current_dir(folder).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// A small training into `run`, anew or, where there is a checkpoint, from there.
pub fn train(folder: &Path) -> Command {
    let mut command = simvae(folder);
    command.args(["train", "--device", "cpu", "--out", "run"]);
    match checkpoint::list(&folder.join("run")).expect("a listing").is_empty() {
        true => command.args(SETTINGS.iter().flat_map(|set| ["--set", set])),
        false => command.arg("--resume"),
    };
    command
}

/// Runs a command to its end and keeps what it says.
pub fn ended(mut command: Command) -> Output {
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).output().expect("the command starts")
}

pub fn text(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
    assert!(!text.contains("panicked"), "{text}");
    text
}

#[track_caller]
pub fn succeeds(command: Command) {
    let output = ended(command);
    assert!(output.status.success(), "{}", text(&output));
}

/// Every file below a folder, by its path from there.
pub fn files_of(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten() {
        let path = entry.expect("an entry").path();
        let name = PathBuf::from(path.file_name().expect("a name"));
        match path.is_dir() {
            true => found.extend(files_of(&path).into_iter().map(|(below, bytes)| (name.join(below), bytes))),
            false => drop(found.insert(name, std::fs::read(&path).expect("a file"))),
        }
    }
    found
}

/// What a finished run amounts to: everything but the seconds, which no two share.
#[derive(PartialEq)]
pub struct Left {
    weights: Vec<u8>,
    clock: Vec<u32>,
    pub rows: Vec<Row>,
    pictures: BTreeMap<PathBuf, Vec<u8>>,
}

impl Left {
    #[track_caller]
    pub fn of(folder: &Path) -> Self {
        let run = folder.join("run");
        let (checkpoint, passed_over) = Checkpoint::newest(&run).expect("a whole checkpoint");
        assert!(passed_over.is_empty(), "{passed_over:?}");
        let rows = MetricsLog::read(&run.join("metrics.jsonl")).expect("metrics");
        let mut pictures = files_of(&run.join("reconstructions"));
        pictures.insert("losses.svg".into(), std::fs::read(run.join("losses.svg")).expect("curves"));
        Self {
            weights: [checkpoint.model(), checkpoint.optimiser()].concat(),
            clock: checkpoint.state.clock.clone(),
            rows: rows.into_iter().map(|row| Row { seconds: 0.0, ..row }).collect(),
            pictures,
        }
    }

    /// Says what differs, without the numbers.
    #[track_caller]
    pub fn assert_is(&self, whole: &Left, what: &str) {
        assert!(self.weights == whole.weights && self.clock == whole.clock, "{what}: other weights");
        assert_eq!(self.rows, whole.rows, "{what}");
        let names = |left: &Left| left.pictures.keys().cloned().collect::<Vec<_>>();
        assert_eq!(names(self), names(whole), "{what}");
        assert!(self.pictures == whole.pictures, "{what}: other pictures");
    }
}

/// No draft and no lock of a process that is gone.
#[track_caller]
pub fn assert_tidy(folder: &Path) {
    let hidden = |path: &&PathBuf| path.iter().any(|part| part.as_encoded_bytes().starts_with(b"."));
    let files = files_of(folder);
    let left: Vec<&PathBuf> = files.keys().filter(hidden).collect();
    assert!(left.is_empty(), "left behind: {left:?}");
}

/// An undisturbed run, and how long it took: moments are drawn from that time.
pub fn undisturbed() -> (tempfile::TempDir, Left, Duration) {
    let folder = tempfile::tempdir().expect("a folder");
    let began = Instant::now();
    succeeds(train(folder.path()));
    let took = began.elapsed();
    let left = Left::of(folder.path());
    assert_tidy(folder.path());
    (folder, left, took)
}
