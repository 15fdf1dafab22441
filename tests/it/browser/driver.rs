//! Chromium with a page that replays plans: `tests/browser/drive.mjs`.

use serde_json::{Value, json};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The folder that `tests/run` installs playwright-core and TypeScript into.
pub fn tools() -> PathBuf {
    let here = || Path::new(env!("CARGO_MANIFEST_DIR")).join("target/browser");
    std::env::var_os("WGPU_SIMVAE_BROWSER").map_or_else(here, PathBuf::from)
}

/// Does jobs in a page, and returns what each came to. `None` where tests run without GPUs.
pub fn drive(folder: &Path, jobs: &[Value]) -> Option<Vec<Value>> {
    if std::env::var_os("WGPU_SIMVAE_SKIP_GPU_TESTS").is_some() {
        println!("WGPU_SIMVAE_SKIP_GPU_TESTS is set: not run in a browser");
        return None;
    }
    std::fs::write(folder.join("jobs.json"), json!(jobs).to_string()).expect("the folder takes a file");
    let told = script("tests/browser/drive.mjs", &[folder.as_ref()]);
    let results: Vec<Value> = told.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect();
    assert_eq!(results.len(), jobs.len(), "a line for each job");
    Some(results)
}

/// Runs one of the scripts that drive a browser, and returns what it printed.
#[track_caller]
pub fn script(name: &str, arguments: &[&OsStr]) -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    let node = Command::new("node").arg(script).args(arguments).env("WGPU_SIMVAE_BROWSER", tools()).output();
    let output = node.expect("these tests need node, chromium and playwright-core: `bash tests/run` installs them");
    let [told, printed] = [&output.stderr, &output.stdout].map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    assert!(output.status.success(), "{name} failed (`bash tests/run` installs what is missing):\n{told}\n{printed}");
    printed
}

/// The losses of each step that a job tells, which must have come to its end.
pub fn losses(result: &Value) -> Vec<Vec<f64>> {
    assert!(result["error"].is_null(), "{result}");
    serde_json::from_value(result["losses"].clone()).expect("rows of numbers")
}
