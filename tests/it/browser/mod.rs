//! A second WebGPU: Chromium's, by `web/replay.js`. Every kernel against its f64 twin, every method against the CPU, and what goes
//! wrong is said in words.

pub(crate) mod driver;
mod executor;
mod lockstep;
mod methods;

use crate::kernels::{Bench, assert_agree, products};
use driver::{drive, tools};
use executor::Once;
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use wgpu_simvae::check::relative_error;
use wgpu_simvae::device::Values;
use wgpu_simvae::device::cpu::CpuExecutor;
use wgpu_simvae::kernels::AnyKernel;
use wgpu_simvae::kernels::registry::examples;

/// On the registry's awkward shapes, between guards, by the tolerance of `kernels.rs`. SwiftShader takes long to compile tiles: of those,
/// every product has one end.
fn agree_with_twins(kernels: Vec<Arc<dyn AnyKernel>>, variant: &'static str) {
    if std::env::var_os("WGPU_SIMVAE_SKIP_GPU_TESTS").is_some() {
        return;
    }
    let bench = Bench::of(kernels, 0);
    let want = bench.run(&mut CpuExecutor::<f64>::new(&bench.layout).expect("enough memory"));
    let got = bench.run(&mut Once::new(&bench.layout, variant));
    let reals = || got.iter().flatten().zip(want.iter().flatten()).filter(|(got, _)| !matches!(got, Values::U32(_)));
    let worst = reals().map(|(got, want)| relative_error(&got.to_f64(), &want.to_f64())).fold(0.0, f64::max);
    println!("{variant}: {} kernels, {} tensors of reals, worst {worst:.1e}", got.len(), reals().count());
    assert_agree(&bench, &got, &want, 5e-6);
}

#[test]
fn every_kernel_agrees_with_its_twin_in_a_browser() {
    agree_with_twins(examples(), "strip");
}

#[test]
fn products_by_tiles_agree_with_their_twins_in_a_browser() {
    agree_with_twins(products(), "tile");
}

/// Declared as they are used: `tsc` finds no mistake in the modules.
#[test]
fn the_modules_have_the_types_that_they_say() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser");
    let compiler = tools().join("node_modules/typescript/bin/tsc");
    let types = tools().join("node_modules");
    let checked = Command::new("node").arg(compiler).arg("-p").arg(folder).arg("--typeRoots").arg(types).output();
    let checked = checked.expect("these tests need node: `bash tests/run` installs it");
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stdout));
}

/// Bad files, small adapters and lost devices end in a sentence.
#[test]
fn what_goes_wrong_is_said_in_words() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    let write = |name: &str| methods::write("simvae", &[], &at(name));
    let change = |name: &str, change: fn(String) -> String| {
        write(name);
        let path = at(name).join("plan.json");
        let text = std::fs::read_to_string(&path).expect("a plan");
        std::fs::write(path, change(text)).expect("a plan");
    };
    write("whole");
    change("other", |text| text.replace("\"version\":1", "\"version\":7"));
    change("cut", |text| text[..text.len() / 2].to_owned());
    change("astray", |text| text.replace("\"region\":2,", "\"region\":99,"));
    change("shader", |text| text.replace("fn main(", "fn mine("));
    write("weights");
    methods::write("simvae", &["model.latent=5"], &at("five"));
    std::fs::copy(at("five").join("model.safetensors"), at("weights").join("model.safetensors")).expect("a file");
    write("short");
    let data = at("short").join("data.safetensors");
    let bytes = std::fs::read(&data).expect("a file");
    std::fs::write(data, &bytes[..bytes.len() - 9]).expect("a file");
    write("bare");
    std::fs::remove_file(at("bare").join("data.safetensors")).expect("it goes");

    let job = |folder: &str| json!({ "folder": folder, "steps": 3 });
    let small = json!({ "maxBufferSize": 4096, "maxStorageBufferBindingSize": 4096 });
    let cases: [(Value, &str, &[&str]); 10] = [
        (job("other"), "version", &["plan.json: a plan of version 7", "reads version 1", "write it anew"]),
        (job("cut"), "format", &["plan.json: not a whole plan"]),
        (job("astray"), "format", &["plan.json: not a whole plan", "has no place"]),
        (job("shader"), "shader", &["does not compile the shader", "main"]),
        (job("weights"), "contents", &["model.safetensors", "F32 [10,16] in the file", "the plan wants F32 [8,16]"]),
        (job("short"), "contents", &["data.safetensors: not a whole safetensors file"]),
        (job("bare"), "contents", &["data.safetensors: there is no such file"]),
        (job("nowhere"), "format", &["plan.json: there is none"]),
        (json!({ "folder": "whole", "limits": small }), "limits", &["a small adapter offers 0.0 MiB", "smaller batch"]),
        (json!({ "folder": "whole", "steps": 400, "loseAt": 2 }), "lost", &["the graphics device was lost", "saved"]),
    ];
    let jobs: Vec<Value> = cases.iter().map(|(job, ..)| job.clone()).collect();
    let Some(results) = drive(folder.path(), &jobs) else { return };
    for ((job, kind, words), result) in cases.iter().zip(results) {
        let error = result["error"].as_str().unwrap_or_default();
        assert_eq!(result["kind"].as_str(), Some(*kind), "{job}: {result}");
        words.iter().for_each(|word| assert!(error.contains(word), "{job}: `{word}` is missing in: {error}"));
    }
}
