//! The commands that look at a run: grids of pictures, embeddings, and what they refuse.

use crate::common::ends::{assert_ends, simvae};
use crate::common::older::make_older;
use std::path::Path;
use std::process::Output;
use wgpu_simvae::data::load;
use wgpu_simvae::device::Device;

const TINY: [&str; 6] = ["model.hidden=[16]", "model.latent=5", "data.limit=64", "batch=8", "epochs=1", "log.every=4"];

fn look(command: &str, run: &Path, more: &[&str]) -> Output {
    let run = run.to_string_lossy();
    simvae(&[&[command, &run, "--device", "cpu"], more].concat())
}

fn trained(method: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let (out, method) = (folder.path().to_string_lossy().into_owned(), format!("method={method}"));
    let mut arguments = vec!["train", "--device", "cpu", "--out", &out, "--set", &method];
    arguments.extend(TINY.iter().flat_map(|set| ["--set", set]));
    let output = simvae(&arguments);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    folder
}

/// Width and height of a grid of 28 x 28 pictures, magnified twice, with gaps of two.
fn grid(columns: u32, bands: u32, lines: u32) -> (u32, u32) {
    (columns * 58 + 2, bands * (lines * 58 + 6) + 2)
}

#[test]
fn pictures_have_a_row_for_each_content_dimension_and_pair() {
    let run = trained("simvae");
    let cases: [(&str, &[&str], (u32, u32)); 4] = [
        ("reconstruct", &["--count", "20"], grid(16, 2, 2)),
        ("sample", &["--rows", "3", "--columns", "4"], grid(4, 3, 1)),
        ("traverse", &["--steps", "7", "--image", "2"], grid(7, 5, 1)),
        ("interpolate", &["--pairs", "3", "--steps", "5"], grid(5, 3, 1)),
    ];
    for (command, more, size) in cases {
        let output = look(command, run.path(), more);
        assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
        let picture = image::open(run.path().join("pictures").join(format!("{command}.png"))).expect("a picture");
        assert_eq!((picture.width(), picture.height()), size, "{command}");
        let bytes = picture.to_rgb8().into_raw();
        assert!(bytes.iter().any(|&byte| byte != bytes[0]), "{command} draws something");
    }
    let output = look("traverse", run.path(), &["--image", "2400"]);
    assert_ends(&output, 2, &["--image 2400", "2400 test images"]);
}

#[test]
fn a_uniform_content_prior_is_sampled_from_images() {
    let run = trained("vae");
    assert!(look("sample", run.path(), &[]).status.success());
    make_older(run.path());
    let settings = run.path().join("config.toml");
    let text = std::fs::read_to_string(&settings).expect("settings");
    let uniform = text.replace("method = \"vae\"", "method = \"simvae\"").replace("views = 1", "views = 2");
    std::fs::write(&settings, uniform.replace("prior = \"gaussian\"", "prior = \"uniform\"")).expect("settings");
    let output = look("sample", run.path(), &[]);
    assert!(output.status.success() && String::from_utf8_lossy(&output.stderr).contains("p(y) is uniform"));
}

#[test]
fn embeddings_are_complete_and_say_what_they_hold() {
    let run = trained("simvae");
    let output = look("embed", run.path(), &[]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let folder = run.path().join("embeddings");
    for (split, images) in [("train", 64), ("test", 2400)] {
        let bytes = std::fs::read(folder.join(format!("{split}.safetensors"))).expect("an embedding");
        let file = safetensors::SafeTensors::deserialize(&bytes).expect("safetensors");
        let data = load("sprites", None, &Device::cpu()).expect("sprites");
        for (name, width) in [("mu", 5), ("logvar", 5), ("factors", data.test.factor_names.len())] {
            assert_eq!(file.tensor(name).expect(name).shape(), [images, width], "{split} {name}");
        }
        let labels = file.tensor("labels").expect("labels");
        let known = if split == "train" { &data.train.labels[..64] } else { &data.test.labels };
        assert_eq!(labels.data(), known, "{split}");
        let npy = std::fs::read(folder.join(format!("{split}-mu.npy"))).expect("an array");
        assert!(npy.ends_with(file.tensor("mu").expect("mu").data()), "{split}");
    }
}

#[test]
fn discriminative_methods_embed_but_have_no_pictures() {
    let run = trained("simclr");
    for command in ["reconstruct", "sample", "traverse", "interpolate"] {
        assert_ends(&look(command, run.path(), &[]), 2, &["simclr has no decoder"]);
    }
    assert!(look("embed", run.path(), &["--split", "test"]).status.success());
    assert!(!run.path().join("embeddings/train.safetensors").exists());
}

#[test]
fn a_folder_without_a_run_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    assert_ends(&look("embed", folder.path(), &[]), 1, &["config.toml", "Name the folder of a run"]);
}
