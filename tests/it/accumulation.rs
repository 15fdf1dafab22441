//! A step that is computed in parts is the whole step: its gradient, its losses, its memory.

use crate::common::ends::{assert_ends, simvae, trains};
use crate::common::folders::temporary;
use crate::common::{apart, decided, gpu, sprites};
use wgpu_simvae::Recipe;
use wgpu_simvae::device::Device;
use wgpu_simvae::methods::registry;
use wgpu_simvae::run_folder::checkpoint;
use wgpu_simvae::settings::Config;
use wgpu_simvae::train::Session;

const IMAGES: usize = 40;

fn recipe(set: &[&str]) -> Recipe {
    Recipe::new(&Config::of(set).expect("valid settings")).expect("a recipe")
}

/// Losses, gradient, weights and running statistics after some steps.
struct After {
    losses: Vec<f64>,
    gradient: Vec<f64>,
    weights: Vec<f64>,
    buffers: Vec<f64>,
}

/// Trains on a device, or on the f64 twins where there is none.
fn after(device: Option<&Device>, set: &[&str], steps: u64) -> After {
    let (recipe, data) = (recipe(set), sprites("sprites", IMAGES, IMAGES));
    let mut session = match device {
        Some(device) => Session::open(&recipe, &data, device),
        None => Session::reference(&recipe, &data),
    }
    .expect("a session");
    let step = session.blueprint.training_step().expect("a step");
    let step = session.executor.load(step).expect("it loads");
    session.train(step, 0, steps).expect("it trains");
    let memory = session.blueprint.memory;
    let mut read = |tensor| session.executor.read(tensor).expect("numbers").to_f64();
    After {
        gradient: read(memory.gradients),
        buffers: read(memory.buffers),
        losses: read(session.blueprint.model.log.losses),
        weights: decided(&mut session),
    }
}

fn methods() -> impl Iterator<Item = &'static str> {
    registry::names().into_iter().filter(|&name| name != "random")
}

/// Odd sizes: the noise of a part begins within a block of four, and epochs end within a step.
fn settings(method: &str) -> Vec<String> {
    ["model.hidden=[17,9]", "model.latent=3", "projector.widths=[7,5]", "batch=6", "views=2", "seed=3", "data.limit=40"]
        .into_iter()
        .map(str::to_owned)
        .chain([format!("method={method}")])
        .collect()
}

fn compared(device: Option<&Device>, [of_losses, of_others]: [f64; 2]) {
    for method in methods() {
        let settings = settings(method);
        let set: Vec<&str> = settings.iter().map(String::as_str).collect();
        let whole = after(device, &set, 9);
        for parts in ["accumulate=2", "accumulate=6"] {
            let found = after(device, &[&set[..], &[parts]].concat(), 9);
            let pairs = [
                ("losses", apart(&found.losses, &whole.losses), of_losses),
                ("gradient", apart(&found.gradient, &whole.gradient), of_others),
                ("weights", apart(&found.weights, &whole.weights), of_others),
            ];
            for (what, apart, tolerance) in pairs {
                assert!(apart < tolerance, "{method}, {parts}: {what} {apart:e} apart");
            }
        }
    }
}

#[test]
fn parts_are_the_whole_step_for_every_method() {
    compared(None, [1e-12; 2]);
}

#[test]
fn parts_are_the_whole_step_on_a_device() {
    let single = [1e-5, 1e-4];
    compared(Some(&Device::cpu()), single);
    if let Some(gpu) = gpu() {
        compared(Some(&gpu), single);
    }
}

/// Statistics are those of parts, and follow each part once, though SimCLR and VICReg pass it twice.
#[test]
fn running_statistics_follow_each_part_once() {
    for method in ["supervised", "simclr", "vicreg"] {
        let method = format!("method={method}");
        let set = ["model.kind=official-conv", "model.width=2", "model.latent=3", "views=2", "optim.lr=1e-12", &method];
        let parts = after(None, &[&set[..], &["batch=8", "accumulate=2"]].concat(), 1);
        let steps = after(None, &[&set[..], &["batch=4"]].concat(), 2);
        let apart = apart(&parts.buffers, &steps.buffers);
        assert!(apart < 1e-9, "{method}: {apart:e} apart");
    }
}

#[test]
fn a_run_in_parts_streams_and_resumes() {
    let folder = temporary();
    let weights = |name: &str, sets: &[&str]| {
        let run = folder.path().join(name);
        let small = ["model.hidden=[8]", "data.limit=40", "batch=8", "epochs=2", "accumulate=4", "method=simclr"];
        trains(&run, &[&small[..], sets].concat());
        let (_, last) = checkpoint::list(&run).expect("a listing").pop().expect("a checkpoint");
        std::fs::read(last.join("model.safetensors")).expect("weights")
    };
    let whole = weights("whole", &[]);
    assert!(whole == weights("streamed", &["data.device_bytes=1"]), "the ring has the images of each part");
    assert!(whole != weights("other", &["seed=1"]), "weights are compared");
}

#[test]
fn parts_that_are_not_equal_are_refused() {
    let refused = |set: &str, words: &[&str]| {
        let out = temporary();
        let run = out.path().join("run").display().to_string();
        assert_ends(&simvae(&["train", "--device", "cpu", "--out", &run, "--set", "batch=8", "--set", set]), 2, words);
        assert!(!out.path().join("run").exists());
    };
    refused("accumulate=3", &["accumulate = 3", "a divisor of batch = 8"]);
    refused("accumulate=-1", &["accumulate"]);
}
