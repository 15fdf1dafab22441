//! What is left in a representation: decoders on runs of several methods, their picture and numbers, and what is refused.

use crate::common::ends::{assert_ends, simvae, text};
use crate::common::folders::{fill, temporary};
use serde_json::Value;
use std::path::Path;
use std::process::Output;

const TINY: [&str; 5] = ["model.hidden=[64]", "model.latent=6", "batch=16", "epochs=1", "log.pictures_every=9"];

fn train(out: &Path, method: &str, more: &[&str]) {
    let (out, method) = (out.to_string_lossy(), format!("method={method}"));
    let mut arguments = vec!["train", "--device", "cpu", "--out", &out, "--set", &method];
    arguments.extend(TINY.iter().flat_map(|set| ["--set", set]));
    arguments.extend(more);
    let output = simvae(&arguments);
    assert!(output.status.success(), "{}", text(&output));
}

/// Some sprites.
const SOME: [&str; 2] = ["--set", "data.limit=600"];

fn decode(runs: &[&Path], more: &[&str]) -> Output {
    let runs: Vec<_> = runs.iter().map(|run| run.to_string_lossy()).collect();
    let mut arguments = vec!["decode", "--device", "cpu"];
    arguments.extend(runs.iter().map(|run| &**run));
    arguments.extend(more);
    simvae(&arguments)
}

fn bytes(path: &Path) -> Vec<u8> {
    std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn numbers(folder: &Path) -> Value {
    serde_json::from_slice(&bytes(&folder.join("decode.json"))).expect("JSON")
}

#[test]
fn any_method_is_decoded_better_than_by_the_mean_image_and_the_same_again() {
    let folder = temporary();
    let runs = ["simvae", "simclr", "supervised", "random"].map(|method| (method, folder.path().join(method)));
    for (method, run) in &runs {
        train(run, method, &SOME);
    }
    let runs = runs.each_ref().map(|(_, run)| run.as_path());
    let [first, again, other] = ["first", "again", "other"].map(|name| folder.path().join(name));
    for (out, seed) in [(&first, "1"), (&again, "1"), (&other, "2")] {
        let out = out.to_string_lossy();
        let output = decode(&runs, &["--steps", "200", "--lr", "0.01", "--count", "5", "--seed", seed, "--out", &out]);
        assert_ends(&output, 0, &["simclr", "mean image", "decode.png", "decode.json"]);
    }
    for name in ["decode.png", "decode.json"] {
        assert_eq!(bytes(&first.join(name)), bytes(&again.join(name)), "{name}: the same seed gives the same bytes");
        assert_ne!(bytes(&first.join(name)), bytes(&other.join(name)), "{name}: another seed does not");
    }
    let found = numbers(&first);
    assert_eq!(found["rows"].as_array().map(Vec::len), Some(5));
    let list = found["runs"].as_array().expect("runs");
    assert_eq!(list.len(), 4);
    for run in list {
        let [error, mean] = ["error", "mean_image_error"].map(|key| run[key].as_f64().expect(key));
        assert!(0.0 < error && error < 0.9 * mean, "{run}");
        assert_eq!((run["decoder"]["steps"].as_u64(), run["latent"].as_u64()), (Some(200), Some(6)));
    }
    // Five pictures of 28 x 28, magnified twice, in five rows; the labels stand on the left of them.
    let picture = image::open(first.join("decode.png")).expect("a picture").to_rgb8();
    let margin = "test images".len() as u32 * 16 + 16;
    assert_eq!(picture.dimensions(), (margin + 5 * 58 + 2, 5 * 58 + 6 + 2));
    let is_ink = |x: u32, y: u32| picture.get_pixel(x, y).0 == [255; 3];
    for row in 0..5 {
        let inked = (0..margin).any(|x| (row * 58..(row + 1) * 58).any(|y| is_ink(x, y)));
        assert!(inked, "row {row} has a label");
    }
}

#[test]
fn runs_of_one_method_are_told_apart_by_their_folders() {
    let folder = temporary();
    let runs = ["one", "two"].map(|name| folder.path().join(name));
    runs.iter().for_each(|run| train(run, "random", &SOME));
    let output = decode(&[&runs[0], &runs[1]], &["--steps", "3"]);
    assert_ends(&output, 0, &["one", "two"]);
    assert_eq!(numbers(&runs[0].join("pictures"))["rows"], serde_json::json!(["test images", "one", "two"]));
}

#[test]
fn images_that_a_device_cannot_hold_give_the_same_bits() {
    let folder = temporary();
    let [whole, ring] = ["whole", "ring"].map(|name| folder.path().join(name));
    train(&whole, "random", &SOME);
    train(&ring, "random", &[&SOME[..], &["--set", "data.device_bytes=100000"]].concat());
    let out = folder.path().join("out");
    let output = decode(&[&whole, &ring], &["--steps", "60", "--batch", "32", "--out", &out.to_string_lossy()]);
    assert_ends(&output, 0, &[]);
    let errors: Vec<f64> = numbers(&out)["runs"]
        .as_array()
        .expect("runs")
        .iter()
        .map(|run| run["error"].as_f64().expect("a number"))
        .collect();
    assert_eq!(errors[0].to_bits(), errors[1].to_bits());
}

#[test]
fn what_cannot_be_decoded_is_named_before_a_decoder_trains() {
    let folder = temporary();
    let [run, less, grey, gone] = ["run", "less", "grey", "gone"].map(|name| folder.path().join(name));
    train(&run, "random", &SOME);
    train(&less, "random", &["--set", "data.limit=64"]);
    train(&grey, "random", &[&SOME[..], &["--set", "augment.threshold=true"]].concat());
    let pictures = folder.path().join("files");
    let names: Vec<String> = (0..20).map(|i| format!("{}/{i}.png", ["cat", "dog"][i % 2])).collect();
    fill(&pictures, &names.iter().map(String::as_str).collect::<Vec<_>>());
    let data = format!("folder:{}", pictures.display());
    train(&gone, "random", &["--data", &data, "--set", "data.size=8", "--set", "model.kind=mlp"]);
    std::fs::rename(&pictures, folder.path().join("moved")).expect("it moves");

    let out = folder.path().join("out");
    let to = out.to_string_lossy();
    let nowhere = folder.path().join("nowhere");
    let refused = |runs: &[&Path], more: &[&str], code: i32, words: &[&str]| {
        assert_ends(&decode(runs, &[more, &["--out", &to]].concat()), code, words);
        assert!(!out.exists(), "nothing is written: {words:?}");
    };
    refused(&[&run, &nowhere], &[], 1, &["there is no run in this folder", "nowhere"]);
    refused(&[&run, &less], &[], 1, &["less", "training images: 64 then, 600 now"]);
    refused(&[&run, &grey], &[], 2, &["see other images", "augment.threshold"]);
    refused(&[&gone], &[], 1, &["files"]);
    refused(&[&run], &["--lr", "0"], 2, &["learning rate is 0", "a positive number"]);
    refused(&[&run], &["--steps", "0"], 2, &["--steps"]);
    refused(&[&run], &["--lr", "1e38", "--steps", "40"], 1, &["lower its learning rate"]);
    assert_ends(&simvae(&["decode"]), 2, &["RUNS"]);
}

#[test]
fn a_comparison_shows_what_is_left_and_trains_each_decoder_once() {
    let folder = temporary();
    let out = folder.path().join("comparison");
    let compare = |more: &[&str]| {
        let out = out.to_string_lossy();
        let mut arguments = vec!["compare", "--device", "cpu", "--methods", "random,simclr", "--out", &out];
        arguments.extend(["--probe-epochs", "2", "--mixture-starts", "1"]);
        arguments.extend(TINY.iter().flat_map(|set| ["--set", set]));
        arguments.extend(SOME);
        let output = simvae(&[&arguments[..], more].concat());
        assert!(output.status.success(), "{}", text(&output));
        text(&output)
    };
    let page = || String::from_utf8(bytes(&out.join("report.html"))).expect("text");
    compare(&[]);
    assert!(!page().contains("What is left") && !out.join("decode.png").exists());
    // What is trained and judged stays so; only the decoders are added.
    let decoders = ["--decode", "--decode-steps", "40"];
    let added = compare(&decoders);
    assert_eq!((added.matches("decoder of").count(), added.matches("nearest neighbours").count()), (2, 0), "{added}");
    assert!(added.contains("of the mean image"), "{added}");
    assert!(page().contains("What is left in the representations") && page().contains("<h2>Decoded</h2>"));
    let picture = bytes(&out.join("decode.png"));
    assert_eq!(numbers(&out)["rows"], serde_json::json!(["test images", "random", "simclr"]));

    let again = compare(&decoders);
    assert!(!again.contains("decoder of"), "{again}");
    assert_eq!(bytes(&out.join("decode.png")), picture, "what was kept gives the same picture");
    let anew = compare(&["--decode", "--decode-steps", "50"]);
    assert_eq!(anew.matches("decoder of").count(), 2, "{anew}");
    assert!(!compare(&[]).contains("of the mean image"));
}
