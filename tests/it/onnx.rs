//! Networks as ONNX: what onnxruntime makes of them is what this program makes of them.

use crate::common::ends::{assert_ends, simvae, trains};
use crate::common::folders::{folder_of, temporary};
use crate::common::python::answer;
use image::{Rgb, RgbImage};
use serde_json::Value;
use std::ffi::OsStr;
use std::path::Path;
use wgpu_simvae::device::Device;
use wgpu_simvae::run_folder::Which;
use wgpu_simvae::train::{Silent, Trained};

/// Largest difference of two numbers of the same network.
const TOLERANCE: f64 = 1e-5;

/// What onnxruntime makes of the first rows of some numbers.
fn run(model: &Path, numbers: &[u8], rows: usize) -> Value {
    let folder = temporary();
    let input = folder.path().join("numbers");
    std::fs::write(&input, numbers).expect("a file");
    answer("onnx.py", &[model.as_os_str(), input.as_os_str(), OsStr::new(&rows.to_string())])
}

fn assert_close(found: &Value, name: &str, wanted: &[f32], shape: &[usize]) {
    let output = &found["outputs"][name];
    assert_eq!(output["shape"], serde_json::json!(shape), "{name}");
    let numbers = output["numbers"].as_array().expect("numbers");
    let differences = numbers.iter().zip(wanted).map(|(a, &b)| (a.as_f64().expect("a number") - f64::from(b)).abs());
    let worst = differences.fold(0.0, f64::max);
    assert!(worst <= TOLERANCE, "{name}: differs by {worst}");
}

fn trained(out: &Path, sets: &[&str]) {
    let networks = ["model.hidden=[33, 17]", "model.latent=5", "model.width=4"];
    let training = ["data.limit=64", "batch=8", "epochs=3", "optim.lr=0.01"];
    trains(out, &[&networks[..], &training, sets].concat());
}

fn export(run: &Path, more: &[&str]) -> std::process::Output {
    simvae(&[&["export", &run.to_string_lossy(), "--format", "onnx"], more].concat())
}

#[test]
fn onnxruntime_embeds_and_decodes_as_this_program_does() {
    let cases: [(&str, &[&str]); 5] = [
        ("unit", &["data.name=sprites", "method=simvae"]),
        ("bytes", &["data.name=sprites", "method=vae", "augment.threshold=true", "likelihood.kind=bernoulli"]),
        ("unit", &["data.name=sprites", "method=simclr"]),
        ("bytes", &["data.name=sprites-rgb", "method=simvae", "model.kind=official-conv"]),
        ("unit", &["data.name=sprites-rgb", "method=vae", "model.kind=resnet18"]),
    ];
    for (pixels, sets) in cases {
        let folder = temporary();
        let [encoder, decoder] = ["encoder.onnx", "decoder.onnx"].map(|name| folder.path().join(name));
        let run_folder = folder.path().join("run");
        trained(&run_folder, sets);
        let mut trained = Trained::open(&run_folder, None, Which::Newest, &Device::cpu(), &mut Silent).expect("a run");
        let generative = trained.session.blueprint.model.networks.generative;

        let [encoder_path, decoder_path] = [&encoder, &decoder].map(|path| path.to_string_lossy().into_owned());
        let mut more = vec!["--out", &encoder_path];
        if pixels == "bytes" {
            more.push("--bytes");
        }
        if generative {
            more.extend(["--decoder", &decoder_path]);
        }
        assert_ends(&export(&run_folder, &more), 0, &["encoder.onnx"]);

        let source = trained.session.blueprint.test;
        let embedding = trained.session.embed(&source, 7).expect("an embedding");
        let test = &trained.data.test;
        let shape = [test.shape.channels, test.shape.height, test.shape.width];
        let bytes = &test.pixels[..7 * test.shape.bytes()];
        let units: Vec<u8> = bytes.iter().flat_map(|&byte| (f32::from(byte) / 255.0).to_le_bytes()).collect();
        for rows in [1, 7] {
            let found = run(&encoder, if pixels == "bytes" { bytes } else { &units }, rows);
            if generative {
                assert_close(&found, "mu", &embedding.mu, &[rows, 5]);
                assert_close(&found, "logvar", &embedding.logvar, &[rows, 5]);
            } else {
                assert_close(&found, "representation", &embedding.mu, &[rows, 5]);
            }
            assert_eq!(found["metadata"]["method"].as_str(), Some(trained.config.method.as_str()));
            assert_eq!(found["metadata"]["step"].as_str(), Some(trained.step.to_string().as_str()));
        }
        if generative {
            let z: Vec<u8> = embedding.mu.iter().flat_map(|number| number.to_le_bytes()).collect();
            let pictures = trained.session.decode(&embedding.mu).expect("pictures");
            for rows in [1, 7] {
                let found = run(&decoder, &z, rows);
                assert_close(&found, "pictures", &pictures, &[rows, shape[0], shape[1], shape[2]]);
            }
        }
    }
}

#[test]
fn what_cannot_be_written_is_said() {
    let folder = temporary();
    let run = folder.path().join("run");
    trained(&run, &["data.name=sprites", "method=simclr"]);
    let inside = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    let (place, encoder, decoder) = (inside(""), inside("encoder.onnx"), inside("decoder.onnx"));
    assert_ends(&export(&run, &["--out", &encoder, "--decoder", &encoder]), 2, &["the encoder is written there"]);
    assert_ends(&export(&run, &["--out", &encoder, "--decoder", &decoder]), 2, &["simclr has no decoder"]);
    assert!(!Path::new(&encoder).exists(), "nothing is written when something is wrong");
    assert_ends(&export(&run, &["--out", &place]), 1, &["Check that it is a file"]);
    assert_ends(&export(&run, &["--out", &encoder, "--checkpoint", "5"]), 1, &["5"]);
    let plain = simvae(&["export", &run.to_string_lossy(), "--out", &encoder, "--bytes"]);
    assert_ends(&plain, 2, &["--format onnx"]);
}

/// The networks see what the pictures are reduced to, and so do those in the file.
#[test]
fn pictures_that_are_kept_larger_are_taken_as_they_are_seen() {
    let folder = folder_of(&["1.png", "2.png", "3.png", "4.png"]);
    for (number, name) in ["1.png", "2.png", "3.png", "4.png"].into_iter().enumerate() {
        let colour = |x: u32, y: u32| Rgb([(x * 9) as u8, (x * y) as u8, (y as usize * (number + 3)) as u8]);
        RgbImage::from_fn(40, 40, colour).save(folder.path().join(name)).expect("it is written");
    }
    let (run_folder, encoder) = (folder.path().join("run"), folder.path().join("encoder.onnx"));
    let data = format!("data.name=folder:{}", folder.path().display());
    trained(&run_folder, &[&data, "data.cache=off", "data.store=32", "data.size=16", "method=vae", "batch=2"]);
    assert_ends(&export(&run_folder, &["--out", &encoder.to_string_lossy()]), 0, &[]);
    let mut trained = Trained::open(&run_folder, None, Which::Newest, &Device::cpu(), &mut Silent).expect("a run");
    let source = trained.session.blueprint.train;
    let (seen, _) = trained.session.reconstruct(&source, 2).expect("pictures");
    assert_eq!(seen.len(), 2 * 3 * 16 * 16, "what is kept has four times as many pixels");
    let embedding = trained.session.embed(&source, 2).expect("an embedding");
    let found = run(&encoder, bytemuck::cast_slice(&seen), 2);
    assert_close(&found, "mu", &embedding.mu, &[2, 5]);
}
