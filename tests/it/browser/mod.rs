//! A second WebGPU: Chromium's, by `web/replay.js`. Every kernel against its f64 twin, every method against the CPU, and what goes
//! wrong is said in words.

mod check;
pub(crate) mod driver;
mod going_on;
mod lockstep;
mod methods;
mod once;

use crate::kernels::{assert_agree, products, twins};
use driver::{drive, tools};
use once::once;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use wgpu_simvae::check::{KernelCases, SHADER_TOLERANCE, Table};
use wgpu_simvae::kernels::product::Variant;
use wgpu_simvae::kernels::{AnyKernel, Tuning};
use wgpu_simvae::recording::Memory;

/// The products by tiles of few shaders: the operands and the end of every product are compiled once, and every number of teams.
fn products_of_few_shaders() -> Vec<Arc<dyn AnyKernel>> {
    let label = |product: &Arc<dyn AnyKernel>| product.launch(&Tuning::of(Variant::Tile)).shader.label();
    let (mut products_seen, mut teams_seen, mut compiled) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for label in products().iter().map(label) {
        let is_of_the_tile = |part: &&str| ["down", "across", "split"].iter().any(|name| part.starts_with(name));
        let (tile, product): (Vec<_>, Vec<_>) = label.split('.').partition(is_of_the_tile);
        let teams = tile.into_iter().find(|part| part.starts_with("split")).map(str::to_owned);
        let new = [products_seen.insert(product.join(".")), teams_seen.insert(teams)];
        if new.contains(&true) {
            compiled.insert(label);
        }
    }
    products().into_iter().filter(|product| compiled.contains(&label(product))).collect()
}

/// `check.rs` runs all kernels as the browser chooses, by strips. SwiftShader compiles a tile in twice the time of a strip.
#[test]
fn products_by_tiles_agree_with_their_twins_in_a_browser() {
    let cases = KernelCases::new(products_of_few_shaders(), 0);
    let mut memory = Memory::new(&cases.layout);
    cases.fill(&mut |tensor, values| memory.write(tensor, values)).expect("it is written");
    let plan = cases.plan(0..cases.len()).expect("a plan");
    let Some(mut after) = once(&cases.layout, &plan, &memory, "tile") else { return };
    let got = cases.left(&mut |tensor| after.read(tensor)).expect("it is read");
    let want = twins(&cases);
    println!("{}", Table { rows: cases.compare("by tiles", SHADER_TOLERANCE, &got, &want) });
    assert_agree(&cases, &got, &want, SHADER_TOLERANCE);
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
        (job("bare"), "contents", &["data.safetensors: there is none beside the plan", "write it anew"]),
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
