//! Every method trains in the browser as on the CPU: losses and weights. One of each kind of network takes half of its
//! steps with shaders for any size, and half with those for its own.

use super::driver::{drive, losses};
use crate::common::sprites;
use serde_json::{Value, json};
use std::path::Path;
use wgpu_simvae::check::{GRADIENT_TOLERANCE, LOSS_TOLERANCE, relative_error};
use wgpu_simvae::data::Dataset;
use wgpu_simvae::device::Device;
use wgpu_simvae::methods::registry::names;
use wgpu_simvae::settings::{Config, Recipe};
use wgpu_simvae::train::{Planned, Session};

/// What trains, on which data, for how many steps.
struct Case {
    name: String,
    recipe: Recipe,
    data: Dataset,
    steps: u64,
}

fn recipe(method: &str, set: &[&str]) -> Recipe {
    let common = ["model.hidden=[16]", "model.latent=4", "batch=8", "views=2", "optim.lr=1e-3", "optim.eps=1e-4"];
    let method = format!("method={method}");
    let set = [&*method].into_iter().chain(common).chain(set.iter().copied());
    Recipe::new(&Config::of(set).expect("valid settings")).expect("a recipe")
}

/// The authors' convolutional networks on 16 coloured sprites a step, in two views.
pub fn authors(set: &[&str]) -> (Recipe, Dataset) {
    let networks = ["model.kind=official-conv", "model.width=4", "batch=16"];
    (recipe("simvae", &[&networks, set].concat()), sprites("sprites-rgb", 32, 12))
}

/// Writes the plan of a method on a few sprites.
pub fn write(method: &str, set: &[&str], folder: &Path) {
    let data = sprites("sprites", 40, 12);
    let planned = Planned::new(&recipe(method, set), &data, 4, 0).expect("a plan");
    planned.write(&data, None, folder).expect("it is written");
}

/// Trains on the CPU: the losses of each step, and the file of weights and statistics.
fn on_the_cpu(case: &Case) -> (Vec<Vec<f64>>, Vec<f64>) {
    let (mut session, step) =
        Session::open_to_train(&case.recipe, &case.data, &Device::cpu()).expect("the CPU takes it");
    session.train(step, 0, case.steps).expect("it trains");
    let Session { blueprint, executor, .. } = &mut session;
    let log = executor.read(blueprint.model.log.losses).expect("the log").to_f64();
    let rows = (1..=case.steps).map(|step| blueprint.model.log.row(&log, step).to_vec()).collect();
    let mut numbers = Vec::new();
    for spec in blueprint.params.specs() {
        numbers.extend(executor.read(blueprint.memory.weight(spec.param)).expect("weights").to_f64());
    }
    for spec in blueprint.params.buffers() {
        numbers.extend(executor.read(blueprint.memory.buffer(spec.param)).expect("statistics").to_f64());
    }
    (rows, numbers)
}

/// The first is specialised halfway.
fn agree(cases: &[Case]) {
    let folder = tempfile::tempdir().expect("a folder");
    let mut jobs: Vec<Value> = Vec::new();
    for case in cases {
        let planned = Planned::new(&case.recipe, &case.data, 4, 0).expect("a plan");
        planned.write(&case.data, None, &folder.path().join(&case.name)).expect("it is written");
        let first = jobs.is_empty();
        jobs.push(
            json!({ "folder": case.name, "steps": case.steps, "specialise": first, "save": ["model.safetensors"] }),
        );
    }
    let Some(results) = drive(folder.path(), &jobs) else { return };
    for (case, result) in cases.iter().zip(results) {
        let (want, weights) = on_the_cpu(case);
        let got = losses(&result);
        assert_eq!(result["specialised"].as_u64() > Some(0), case.name == cases[0].name, "compiled for its sizes");
        assert_eq!(got.len(), want.len(), "{}", case.name);
        let all = |rows: &[Vec<f64>]| rows.iter().map(|row| row[0]).collect::<Vec<f64>>();
        let worst = all(&got).iter().zip(all(&want)).map(|(g, w)| relative_error(&[*g], &[w])).fold(0.0, f64::max);
        let saved = folder.path().join(&case.name).join("saved/model.safetensors");
        let planned = Planned::new(&case.recipe, &case.data, 4, 0).expect("a plan");
        let file = planned.recording.file("model.safetensors").expect("a file of weights");
        let contents = planned.recording.contents_of(file, &std::fs::read(saved).expect("it was saved"));
        let found: Vec<f64> = contents.expect("it fits").iter().flat_map(|(_, values)| values.to_f64()).collect();
        let error = relative_error(&found, &weights);
        println!("{}: losses {worst:.1e}, weights {error:.1e}, {} s", case.name, result["seconds"]);
        assert!(worst <= LOSS_TOLERANCE, "{}: losses are {worst:e} apart", case.name);
        assert!(error <= GRADIENT_TOLERANCE, "{}: weights are {error:e} apart", case.name);
    }
}

#[test]
fn every_method_trains_in_a_browser_as_on_the_cpu() {
    let data = sprites("sprites", 40, 12);
    let case = |method: &'static str| Case {
        name: method.to_owned(),
        recipe: recipe(method, &[]),
        data: data.clone(),
        steps: 20,
    };
    let trained = names().into_iter().filter(|method| recipe(method, &[]).objective.trains());
    agree(&trained.map(case).collect::<Vec<_>>());
}

/// Batch normalisation makes gradients that are zero but for rounding, which Adam blows up to full size: small steps keep those from
/// tearing the two apart. That each gradient is right, `lockstep.rs` shows.
#[test]
fn the_authors_networks_train_in_a_browser_as_on_the_cpu() {
    let (recipe, data) = authors(&["optim.lr=1e-6"]);
    agree(&[Case { name: "official-conv".to_owned(), recipe, data, steps: 3 }]);
}
