//! What `torch.save` wrote is read as safetensors are, and nothing in it is executed. `tests/pth/make.py` made the files.

use crate::common::ends::{assert_ends, text};
use image::{Rgb, RgbImage};
use safetensors::SafeTensors;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

/// The networks of the small files, for pictures of 8 x 8.
const SMALL: [&str; 5] = ["method=vae", "model.kind=mlp", "model.hidden=[8]", "model.latent=3", "data.size=8"];
const RESNET: [&str; 4] = ["method=simclr", "model.kind=resnet18", "model.latent=7", "projector.widths=[]"];

fn file(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pth").join(name).display().to_string()
}

/// A folder with four pictures of 64 x 64 in colour.
fn place() -> TempDir {
    let place = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(place.path().join("pictures")).expect("a folder");
    for number in 0..4u32 {
        let colour = |x: u32, y: u32| Rgb([(x * (number + 1)) as u8, (x * y) as u8, (3 * y) as u8]);
        let path = place.path().join(format!("pictures/{number}.png"));
        RgbImage::from_fn(64, 64, colour).save(path).expect("it is written");
    }
    place
}

/// Runs a command on the pictures, with these settings.
fn simvae(place: &Path, arguments: &[&str], sets: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wgpu-simvae"));
    command.current_dir(place).stdin(Stdio::null()).args(arguments);
    if arguments[0] != "export" {
        let fixed = ["data.name=folder:pictures", "data.cache=off", "batch=2", "views=2", "epochs=1"];
        command.args(["--device", "cpu"]).args(fixed.iter().chain(sets).flat_map(|set| ["--set", set]));
    }
    command.output().expect("the command starts")
}

/// The tensors of a run.
fn exported(place: &Path, run: &str) -> Vec<u8> {
    let to: PathBuf = place.join(format!("{run}.safetensors"));
    assert_ends(&simvae(place, &["export", run, "--out", &to.to_string_lossy()], &[]), 0, &[]);
    std::fs::read(to).expect("weights")
}

fn numbers(weights: &SafeTensors<'_>, name: &str) -> Vec<f32> {
    bytemuck::pod_collect_to_vec(weights.tensor(name).expect(name).data())
}

#[test]
fn a_state_dict_is_taken_however_it_was_saved() {
    let place = place();
    let cases: [(&str, &[&str]); 2] =
        [("plain.pth", &[]), ("lightning.pth", &["`state_dict` in the file", "`module.`, which was taken off"])];
    for (name, words) in cases {
        assert_ends(&simvae(place.path(), &["import", &file(name), "--out", name], &SMALL), 0, words);
        let bytes = exported(place.path(), name);
        let weights = SafeTensors::deserialize(&bytes).expect("a whole file");
        for (number, layer) in ["enc.0", "enc.2", "dec.0", "dec.2"].into_iter().enumerate() {
            for (part, kind) in ["weight", "bias"].into_iter().enumerate() {
                let number = 2 * number + part;
                let found = numbers(&weights, &format!("{layer}.{kind}"));
                let value = |i: usize| ((7 * i + number) % 17) as f32 / 8.0 - 1.0;
                assert!(found.iter().enumerate().all(|(i, &x)| x == value(i)), "{name}: {layer}.{kind}");
            }
        }
    }
    // A run may begin with it, too, and with its encoder.
    let from = ["train", "--from", &file("lightning.pth"), "--from-encoder", "--out", "begun"];
    assert_ends(
        &simvae(place.path(), &from, &SMALL),
        0,
        &["4 of 4 tensors", "not taken: unknown: `dec.0.bias`; unknown: `dec.0.weight`"],
    );
}

#[test]
fn the_encoder_of_torchvision_is_taken() {
    let place = place();
    let resnet = file("resnet18.pth");
    let import = |more: &[&str], out: &str, size: &str| {
        simvae(place.path(), &[&["import", &resnet, "--out", out], more].concat(), &[&RESNET[..], &[size]].concat())
    };
    let output = import(&["--encoder-only"], "run", "data.size=64");
    assert_ends(&output, 0, &["100 of 102 tensors", "names lack `enc.`", "`enc.fc.weight` is F16 [1000, 512] there"]);
    let bytes = exported(place.path(), "run");
    let weights = SafeTensors::deserialize(&bytes).expect("a whole file");
    let everywhere = |name: &str, number: u16| {
        let found = numbers(&weights, name);
        assert!(found.iter().all(|&x| x == f32::from(number) / 64.0), "{name}");
    };
    everywhere("enc.conv1.weight", 1);
    everywhere("enc.bn1.running_var", 5);
    everywhere("enc.layer4.1.bn2.running_var", 100);
    assert_eq!(numbers(&weights, "enc.fc.weight").len(), 7 * 512, "the last layer is the run's own");

    // Small images begin with another convolution.
    let output = import(&["--encoder-only"], "small", "data.size=32");
    assert_ends(&output, 2, &["`enc.conv1.weight` is F16 [64, 3, 7, 7] there", "7x7 convolution", "data.size"]);
    assert_ends(&import(&[], "whole", "data.size=64"), 2, &["an encoder alone: --encoder-only takes it"]);
    let missing = ["import", "missing.pth", "--encoder-only", "--out", "missing"];
    let output = simvae(place.path(), &missing, &[&RESNET[..], &["data.size=64"]].concat());
    assert_ends(&output, 1, &["missing.pth: it cannot be read", "Check that it is a file"]);
    assert!(!place.path().join("small").exists() && !place.path().join("whole").exists(), "nothing is left behind");
}

#[test]
fn what_is_no_state_dict_is_refused_and_never_executed() {
    let place = place();
    let damage = |name: &str, change: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = std::fs::read(file("plain.pth")).expect("a file");
        change(&mut bytes);
        std::fs::write(place.path().join(name), bytes).expect("it is written");
        name.to_owned()
    };
    let at = |bytes: &[u8], what: &[u8]| bytes.windows(what.len()).position(|part| part == what).expect("it is there");
    let cases = [
        (file("legacy.pt"), "before 1.6"),
        (file("module.pt"), "an object of the class torch.nn.modules.linear.Linear, and no state dict"),
        (file("list.pt"), "no dict of tensors in it"),
        (file("command.pth"), "no dict of tensors in it"),
        (damage("cut.pth", &|bytes| bytes.truncate(5000)), "its zip archive is damaged"),
        (damage("flipped.pth", &|bytes| bytes[5000] ^= 1), "in it is damaged"),
        (
            damage("renamed.pth", &|bytes| {
                let place = at(bytes, b"BFloat16Storage");
                bytes[place] = b'C';
            }),
            "data.pkl` in it is damaged",
        ),
        (damage("text.pth", &|bytes| *bytes = b"weights".to_vec()), "not a whole safetensors file"),
        (damage("pickle.pth", &|bytes| *bytes = b"\x80\x04N.".to_vec()), "no file of torch.save"),
    ];
    for (path, words) in cases {
        for command in ["import", "train"] {
            let mut arguments = vec![command, &path, "--out", "refused"];
            if command == "train" {
                arguments.insert(1, "--from");
            }
            let output = simvae(place.path(), &arguments, &SMALL);
            assert_ends(&output, 1, &[words, &path]);
            assert!(text(&output).lines().count() < 9, "{}", text(&output));
        }
    }
    assert!(!place.path().join("executed").exists() && !place.path().join("refused").exists());
}
