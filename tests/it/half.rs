//! `gradcheck --what-if f16`: what a gradient would be with tensors in half precision.

use crate::common::ends::{assert_ends, simvae, text};
use wgpu_simvae::check::{Fate, Half, WhatIf, what_if_f16};
use wgpu_simvae::data::{FileOptions, load_with};
use wgpu_simvae::device::Device;
use wgpu_simvae::settings::{Config, Recipe};
use wgpu_simvae::train::Silent;

fn asked(set: &[&str]) -> WhatIf {
    let tiny = ["model.hidden=[12]", "model.latent=3", "data.limit=32", "batch=4", "optim.lr=1e-3"];
    let config = Config::of(tiny.iter().chain(set)).expect("settings");
    let options = FileOptions { limit: 32, ..FileOptions::default() };
    let mut data = load_with("sprites", None, &Device::cpu(), &options).expect("sprites need nothing");
    data.test.truncate(8);
    what_if_f16(&Recipe::new(&config).expect("a recipe"), &data, 3, &mut Silent).expect("twins")
}

fn of<'a>(found: &'a WhatIf, name: &str) -> &'a Half {
    found.tensors.iter().find(|tensor| tensor.name == name).unwrap_or_else(|| panic!("no {name}"))
}

#[test]
fn every_tensor_is_rounded_alone_and_the_gradient_tells() {
    let found = asked(&["method=simvae", "views=2"]);
    // A half number is at most 2^-11 from what it stands for, so nothing in a network this small moves the gradient far.
    for name in ["enc.0.weight", "dec.0.bias", "x", "z", "enc.0", "d z", "d dec.2.weight"] {
        let Half { error, .. } = of(&found, name);
        assert!(*error > 0.0 && *error < 0.05, "{name}: {error}");
    }
    // What nothing of the gradient follows from.
    assert_eq!(of(&found, "entropy").error, 0.0);
    assert!(!of(&found, "z").backward && of(&found, "d z").backward && of(&found, "d enc.0.weight").backward);
    assert!(found.together > 0.0 && found.another_batch > 10.0 * found.together, "{found}");
    let largest = found.tensors.iter().filter(|half| half.backward).map(|half| half.range.largest).fold(0.0, f64::max);
    let scaled = largest * f64::from(found.scale).exp2();
    assert!((4096.0..=8192.0).contains(&scaled), "{scaled}");
    assert!(found.tensors.iter().any(|half| half.fate(found.another_batch) != Fate::Single), "{found}");
}

#[test]
fn gradients_too_small_for_half_precision_need_a_loss_scale() {
    let found = asked(&["method=vae", "likelihood.variance=1e6", "vae.divergence=sampled", "vae.entropy_scale=0"]);
    let pixels = of(&found, "d dec.2");
    assert!(pixels.range.lost > 0 && pixels.error > 10.0 * pixels.scaled_error.expect("a gradient"), "{found}");
    let found = asked(&["method=vae", "likelihood.variance=1e-6"]);
    let latents = of(&found, "d z");
    assert!(latents.range.over > 0 && latents.error.is_infinite(), "{found}");
    assert_eq!(latents.fate(found.another_batch), Fate::Scaled, "{found}");
}

#[test]
fn the_command_prints_a_map_and_refuses_what_it_is_not_for() {
    let folder = tempfile::tempdir().expect("a folder");
    let json = folder.path().join("map.json").to_string_lossy().into_owned();
    let tiny = ["--set", "model.hidden=[8]", "--set", "data.limit=32", "--set", "batch=4", "--set", "views=2"];
    let output = simvae(&[&["gradcheck", "--what-if", "f16", "--after", "1", "--json", &json], &tiny[..]].concat());
    assert_ends(&output, 0, &["loss scale 2^", "enc.0.weight", "together", "another batch"]);
    let map: serde_json::Value = serde_json::from_slice(&std::fs::read(&json).expect("a map")).expect("JSON");
    assert!(map["tensors"].as_array().is_some_and(|tensors| tensors.len() > 20), "{map}");

    let random = simvae(&["gradcheck", "--what-if", "f16", "--set", "method=random"]);
    assert_ends(&random, 2, &["random", "trains nothing"]);
    assert_ends(&simvae(&["gradcheck", "--set", "views=2"]), 2, &["--what-if"]);
    assert_ends(&simvae(&["gradcheck", "--what-if", "f8"]), 2, &["f16"]);
    assert!(text(&simvae(&["gradcheck", "--what-if", "f16", "--full"])).contains("--full"));
}
