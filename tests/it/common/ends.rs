//! The command, how it ended, and what it said.

use std::path::Path;
use std::process::{Command, Output};

/// Runs the command.
pub fn simvae(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_wgpu-simvae")).args(arguments).output().expect("the command starts")
}

/// Trains on the CPU into a folder, with these settings.
#[track_caller]
pub fn trains(out: &Path, sets: &[&str]) -> Output {
    let out = out.to_string_lossy();
    let mut arguments = vec!["train", "--device", "cpu", "--out", &out];
    arguments.extend(sets.iter().flat_map(|set| ["--set", set]));
    let output = simvae(&arguments);
    assert_ends(&output, 0, &[]);
    output
}

/// Both streams of a command that has not panicked.
#[track_caller]
pub fn text(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
    assert!(!text.contains("panicked"), "{text}");
    text
}

/// It ended with this code, and said these words.
#[track_caller]
pub fn assert_ends(output: &Output, code: i32, words: &[&str]) {
    let text = text(output);
    assert_eq!(output.status.code(), Some(code), "{text}");
    for word in words {
        assert!(text.contains(word), "`{word}` is missing from: {text}");
    }
}
