//! Numbers that are not finite never pass: not as weights, not as results, and where they begin is told.

use crate::common::ends::assert_ends;
use half::{bf16, f16};
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use wgpu_simvae::compare::{JudgedRun, Results};
use wgpu_simvae::eval::judges::{HeldOut, LinearProbe};

const TINY: [&str; 7] =
    ["model.hidden=[16]", "data.limit=64", "batch=8", "views=2", "epochs=2", "log.every=4", "optim.warmup_epochs=0"];
const JUDGES: [&str; 4] = ["--probe-epochs", "2", "--mixture-starts", "1"];

fn simvae(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wgpu-simvae"));
    command.args(arguments).current_dir(folder).stdin(Stdio::null()).output().expect("the command starts")
}

fn tiny(folder: &Path, command: &[&str], more: &[&str]) -> Output {
    let set: Vec<&str> = TINY.iter().flat_map(|set| ["--set", set]).collect();
    simvae(folder, &[command, &["--device", "cpu"], &set, more].concat())
}

#[test]
fn a_run_that_diverges_says_where_it_began() {
    let folder = tempfile::tempdir().expect("a folder");
    let more = ["--set", "method=vae", "--set", "optim.lr=100", "--set", "epochs=20", "--out", "run"];
    let output = tiny(folder.path(), &["train"], &more);
    assert_ends(&output, 1, &["at step", "It began at step", "in dispatch", "in double precision", "optim.lr"]);
}

/// The exported weights of a run, each tensor's numbers passed through `change`, under names with a prefix.
fn rewrite(from: &Path, to: &Path, prefix: &str, dtype: Dtype, change: impl Fn(&str, Vec<f32>) -> Vec<u8>) {
    let bytes = std::fs::read(from).expect("weights");
    let file = SafeTensors::deserialize(&bytes).expect("a whole file");
    let changed: Vec<(String, Vec<usize>, Vec<u8>)> = file
        .tensors()
        .into_iter()
        .filter(|(_, tensor)| tensor.dtype() == Dtype::F32)
        .map(|(name, tensor)| {
            let numbers = change(&name, bytemuck::pod_collect_to_vec(tensor.data()));
            (format!("{prefix}{name}"), tensor.shape().to_vec(), numbers)
        })
        .collect();
    let views = changed.iter().map(|(name, shape, bytes)| {
        (name.clone(), TensorView::new(dtype, shape.clone(), bytes).expect("a tensor of its shape"))
    });
    std::fs::write(to, safetensors::serialize(views, None).expect("a file")).expect("it is written");
}

fn plain(numbers: Vec<f32>) -> Vec<u8> {
    bytemuck::cast_slice(&numbers).to_vec()
}

#[test]
fn weights_are_taken_as_people_save_them_and_refused_when_they_are_not_finite() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path();
    assert_ends(&tiny(path, &["train"], &["--out", "run"]), 0, &[]);
    assert_ends(&simvae(path, &["export", "run", "--out", "weights.safetensors"]), 0, &[]);
    let weights = path.join("weights.safetensors");
    let import = |file: &str, out: &str| tiny(path, &["import", file], &["--out", out]);
    let exported = |run: &str| {
        let out = format!("{run}.safetensors");
        assert_ends(&simvae(path, &["export", run, "--out", &out]), 0, &[]);
        std::fs::read(path.join(out)).expect("weights")
    };

    rewrite(&weights, &path.join("wrapped"), "module._orig_mod.", Dtype::F32, |_, numbers| plain(numbers));
    assert_ends(&import("wrapped", "unwrapped"), 0, &["`module._orig_mod.`", "taken off"]);
    assert_ends(&import("weights.safetensors", "same"), 0, &[]);
    assert!(exported("unwrapped") == exported("same"));

    // Every number of half precision is one of single precision.
    for (name, dtype) in [("f16", Dtype::F16), ("bf16", Dtype::BF16)] {
        let words = |x: f32| if dtype == Dtype::F16 { f16::from_f32(x).to_bits() } else { bf16::from_f32(x).to_bits() };
        let wide = |bits: u16| {
            if dtype == Dtype::F16 { f16::from_bits(bits).to_f32() } else { bf16::from_bits(bits).to_f32() }
        };
        rewrite(&weights, &path.join(name), "", dtype, |_, numbers| {
            numbers.into_iter().flat_map(|x| words(x).to_le_bytes()).collect()
        });
        rewrite(&weights, &path.join("widened"), "", Dtype::F32, |_, numbers| {
            plain(numbers.into_iter().map(|x| wide(words(x))).collect())
        });
        assert_ends(&import(name, &format!("{name}-run")), 0, &[]);
        assert_ends(&import("widened", &format!("{name}-widened")), 0, &[]);
        assert!(exported(&format!("{name}-run")) == exported(&format!("{name}-widened")));
    }

    for bad in [f32::NAN, f32::INFINITY] {
        rewrite(&weights, &path.join("bad"), "", Dtype::F32, |name, mut numbers| {
            let count = if name == "enc.0.weight" { 7 } else { 0 };
            numbers[..count].fill(bad);
            plain(numbers)
        });
        assert_ends(&import("bad", "refused"), 2, &["`enc.0.weight`: 7 of 12544 numbers are not finite"]);
        assert!(!path.join("refused").exists(), "nothing is left behind");
    }
}

#[test]
fn a_method_that_diverges_does_not_end_a_comparison() {
    let folder = tempfile::tempdir().expect("a folder");
    let methods = ["--methods", "vae,simclr", "--set", "optim.lr=100", "--set", "epochs=20", "--out", "both"];
    let compare = || tiny(folder.path(), &["compare"], &[&methods[..], &JUDGES].concat());
    for _ in 0..2 {
        assert_ends(&compare(), 1, &["1 of 2 rows failed", "vae, seed 0", "| simclr |", "report.html"]);
        let read = |name: &str| std::fs::read_to_string(folder.path().join("both").join(name)).expect("a file");
        assert!(read("tables.md").contains("Failed: vae") && read("report.html").contains("Failed rows"));
        let judged = serde_json::from_str::<Results>(&read("results.json")).expect("results").runs;
        assert_eq!(judged.iter().map(|run| run.method.as_str()).collect::<Vec<_>>(), ["simclr"]);
    }
}

#[test]
fn one_test_image_and_one_class_are_judged_as_far_as_they_can_be() {
    let folder = tempfile::tempdir().expect("a folder");
    for number in 0..10u8 {
        let class = folder.path().join("pets").join(if number % 2 == 0 { "even" } else { "odd" });
        std::fs::create_dir_all(&class).expect("a folder");
        let picture = image::GrayImage::from_fn(8, 8, |x, y| image::Luma([(17 * x * y) as u8 ^ number]));
        picture.save(class.join(format!("{number}.png"))).expect("a picture");
    }
    std::fs::create_dir(folder.path().join("flat")).expect("a folder");
    for number in 0..10u8 {
        let from = folder.path().join(format!("pets/{}/{number}.png", if number % 2 == 0 { "even" } else { "odd" }));
        std::fs::copy(from, folder.path().join(format!("flat/{number}.png"))).expect("a copy");
    }
    let images = ["--set", "data.size=8", "--set", "data.cache=off", "--set", "model.kind=mlp", "--set", "batch=4"];
    for (data, out) in [("folder:pets", "two"), ("folder:flat", "one")] {
        let more = [&["--data", data, "--out", out, "--methods", "vicreg,vae"], &images[..], &JUDGES].concat();
        let first = tiny(folder.path(), &["compare"], &more);
        assert_ends(&first, 0, &[]);
        let tables = || std::fs::read_to_string(folder.path().join(out).join("tables.md")).expect("tables");
        let before = tables();
        assert_ends(&tiny(folder.path(), &["compare"], &more), 0, &[]);
        assert_eq!(tables(), before);
        for method in ["vicreg", "vae"] {
            let run = folder.path().join(out).join(format!("{method}-seed-0"));
            let json = std::fs::read_to_string(run.join("eval.json")).expect("a verdict");
            assert!(!json.contains("null") && !json.contains("NaN"), "{json}");
            let judged = JudgedRun::read(&run).expect("a whole verdict").expect("a verdict");
            assert_eq!(judged.found.of::<LinearProbe>().is_some(), out == "two");
            assert_eq!(judged.found.notes().any(|note| note.contains("one class")), out == "one");
        }
        let vicreg = JudgedRun::read(&folder.path().join(out).join("vicreg-seed-0")).expect("whole").expect("there");
        let held_out = vicreg.found.of::<HeldOut>().expect("losses");
        assert!(!held_out.contains_key("variance") && held_out.contains_key("invariance"));
    }
}

#[test]
fn a_verdict_that_was_changed_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    assert_ends(&tiny(folder.path(), &["train"], &["--out", "run"]), 0, &[]);
    assert_ends(&simvae(folder.path(), &[&["eval", "run", "--device", "cpu"], &JUDGES[..]].concat()), 0, &[]);
    let path = folder.path().join("run/eval.json");
    let whole = std::fs::read(&path).expect("a verdict");
    let judged = JudgedRun::read(&folder.path().join("run")).expect("whole").expect("there");
    for bit in (0..8 * whole.len()).step_by(7) {
        let mut damaged = whole.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        std::fs::write(&path, damaged).expect("a file");
        if let Ok(read) = JudgedRun::read(&folder.path().join("run")) {
            assert_eq!(read.as_ref(), Some(&judged), "bit {bit} changed the verdict");
        }
    }
}
