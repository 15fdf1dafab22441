//! Python, for what other programs make of our files.

use serde_json::Value;
use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::process::Command;

/// What a script of `tests/it` prints, as JSON. `bash tests/run` makes a Python that has what they import, and names it.
#[track_caller]
pub fn answer(script: &str, arguments: &[&OsStr]) -> Value {
    let python = std::env::var_os("WGPU_SIMVAE_PYTHON").unwrap_or_else(|| OsString::from("python3"));
    let advice = "this test needs a Python with onnxruntime and tensorboard: `bash tests/run` makes one, WGPU_SIMVAE_PYTHON names one";
    answer_of(&python, script, arguments, advice)
}

/// The same of another Python; `advice` says which one, where it fails.
#[track_caller]
pub fn answer_of(python: &OsStr, script: &str, arguments: &[&OsStr], advice: &str) -> Value {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it").join(script);
    let output = Command::new(python).arg(script).args(arguments).output();
    let output = output.unwrap_or_else(|error| panic!("{python:?}: {error}; {advice}"));
    assert!(output.status.success(), "{advice}\n{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("JSON")
}
