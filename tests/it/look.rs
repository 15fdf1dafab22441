//! The commands that look at a run: grids of pictures, embeddings, and what they refuse.

use crate::common::ends::{assert_ends, simvae, trains};
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
    trained_with(method, &[])
}

fn trained_with(method: &str, more: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    trains(folder.path(), &[&[format!("method={method}").as_str()], &TINY[..], more].concat());
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

/// A picture of 28 x 28 within a grid of them, magnified twice: its column, and its line from the top in pixels.
fn part(picture: &image::RgbImage, column: u32, top: u32) -> Vec<u8> {
    let (left, top) = (2 + column * 58, top + 2);
    (0..28 * 28).map(|at| picture.get_pixel(left + at % 28 * 2, top + at / 28 * 2)[0]).collect()
}

/// What `sample` says and the grid that it draws.
fn sampled(run: &Path, more: &[&str]) -> (String, image::RgbImage) {
    let output = look("sample", run, more);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    let picture = image::open(run.join("pictures").join("sample.png")).expect("a picture");
    (said, picture.to_rgb8())
}

#[test]
fn samples_keep_the_content_of_an_image_or_of_a_class() {
    // So little style that content is all there is to see.
    let run = trained_with("simvae", &["simvae.variance_z=1e-6"]);
    let (said, around) = sampled(run.path(), &["--around", "3", "--rows", "1", "--columns", "2"]);
    assert!(said.contains("test image 3") && said.contains("p(z given y)"), "{said}");
    assert!(look("reconstruct", run.path(), &["--count", "4"]).status.success());
    let reconstructed = image::open(run.path().join("pictures").join("reconstruct.png")).expect("a picture").to_rgb8();
    let wide = |a: &[u8], b: &[u8]| a.iter().zip(b).map(|(a, b)| a.abs_diff(*b)).max().expect("pixels");
    for column in 0..2 {
        assert!(wide(&part(&around, column, 0), &part(&reconstructed, 3, 58)) <= 2, "column {column}");
    }

    let name = load("sprites", None, &Device::cpu()).expect("sprites").train.classes[1].clone();
    let (said, class) = sampled(run.path(), &["--class", &name, "--rows", "2", "--columns", "2"]);
    assert!(said.contains(&format!("2 training images of the class {name}")), "{said}");
    assert!(wide(&part(&class, 0, 0), &part(&class, 1, 0)) <= 2, "a row has one content");
    assert!(part(&class, 0, 0) != part(&class, 0, 64), "rows have others");

    let refused = |more: &[&str], words: &[&str]| assert_ends(&look("sample", run.path(), more), 2, words);
    refused(&["--around", "2400"], &["--around 2400", "2400 test images"]);
    refused(&["--class", "giraffe"], &["--class giraffe", "the classes are", &name]);
    refused(&["--class", &name, "--around", "1"], &["--class", "--around"]);
    refused(&["--class", &name, "--prior", "mixture"], &["--class", "--prior"]);
    refused(&["--components", "3"], &["--components", "--prior mixture"]);

    let vae = trained("vae");
    let (said, posterior) = sampled(vae.path(), &["--around", "3", "--rows", "1", "--columns", "2"]);
    assert!(said.contains("vae has no p(z given y)") && said.contains("posterior"), "{said}");
    assert!(part(&posterior, 0, 0) != part(&posterior, 1, 0), "the posterior has a spread");
    let (said, _) = sampled(vae.path(), &["--class", &name]);
    assert!(said.contains("vae has no p(z given y)") && said.contains("a Gaussian"), "{said}");
}

#[test]
fn samples_of_a_mixture_are_drawn_where_the_representations_lie() {
    let run = trained("simvae");
    let standard = sampled(run.path(), &[]).1;
    assert_eq!(sampled(run.path(), &["--prior", "standard"]).1, standard, "it is the default");
    let (said, mixture) = sampled(run.path(), &["--prior", "mixture", "--components", "3"]);
    assert!(said.contains("3 Gaussians") && said.contains("64 training images"), "{said}");
    assert!(mixture != standard && mixture.dimensions() == standard.dimensions());
    assert_eq!(sampled(run.path(), &["--prior", "mixture", "--components", "3"]).1, mixture, "a seed repeats");
    let other = sampled(run.path(), &["--prior", "mixture", "--components", "3", "--seed", "1"]).1;
    assert!(other != mixture);
    assert_ends(&look("sample", run.path(), &["--prior", "mixture", "--components", "65"]), 1, &["components", "64"]);
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
