//! The shaders that training steps dispatch on a GPU.

use std::collections::BTreeMap;
use wgpu_simvae::data::Dataset;
use wgpu_simvae::kernels::cost::Machine;
use wgpu_simvae::kernels::{Shader, Tuning};
use wgpu_simvae::settings::{Config, Recipe, Sources};
use wgpu_simvae::train::Blueprint;

/// Preset, data set, and settings over them: the multilayer perceptrons of every method, at the presets' sizes and at 1,280 rows,
/// and the convolutional networks, with and without the parts that only one method has.
const STEPS: [(&str, &str, &[&str]); 13] = [
    ("quick", "sprites", &[]),
    ("paper", "sprites", &[]),
    ("official-code", "sprites", &[]),
    ("official-code", "sprites", &["method=vae"]),
    ("official-code", "sprites", &["method=beta-vae"]),
    ("official-code", "sprites", &["method=cr-vae"]),
    ("official-code", "sprites", &["method=simclr"]),
    ("official-code", "sprites", &["method=vicreg"]),
    ("official-code", "sprites", &["method=supervised"]),
    ("official-code", "sprites-rgb", &["model.kind=official-conv", "model.latent=64"]),
    ("official-code", "sprites-rgb", &["model.kind=official-conv", "model.latent=64", "batch=320"]),
    ("paper", "sprites-rgb", &["model.kind=resnet18", "model.latent=64", "batch=12"]),
    ("paper", "sprites-rgb", &["model.kind=resnet18", "model.latent=64", "method=simclr"]),
];

/// Every permutation of the steps' dispatches by its label, and whether it is a matrix product.
pub fn shaders() -> BTreeMap<String, (Shader, bool)> {
    let data = ["sprites", "sprites-rgb"].map(|name| crate::common::sprites(name, 64, 16));
    let mut found = BTreeMap::new();
    for (preset, name, set) in STEPS {
        let data: &Dataset = data.iter().find(|data| data.name == name).expect("one of the two");
        let sources = Sources { preset: Some(preset.to_owned()), data: Some(name.to_owned()), ..Sources::default() };
        let recipe = Recipe::new(&Config::merge(&sources.with(set)).expect("settings")).expect("a recipe");
        let plan = Blueprint::new(&recipe, data, u64::MAX).on(Machine::Gpu).training_step().expect("a step");
        let tuning = Tuning::default();
        for dispatch in &plan.dispatches {
            let shader = dispatch.kernel.launch(&tuning).shader;
            found.insert(shader.label(), (shader, dispatch.kernel.work(&tuning).multiply_adds > 0));
        }
    }
    found
}
