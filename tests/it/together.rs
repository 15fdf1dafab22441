//! Devices that share each step of a run train what one of them would.

use crate::common::folders::temporary;
use crate::common::{apart, decided, gpu, sprites};
use std::path::Path;
use std::sync::atomic::AtomicBool;
use wgpu_simvae::Recipe;
use wgpu_simvae::device::Device;
use wgpu_simvae::methods::registry;
use wgpu_simvae::run_folder::Checkpoint;
use wgpu_simvae::run_folder::metrics::MetricsLog;
use wgpu_simvae::settings::Config;
use wgpu_simvae::train::{RunOptions, Session, Silent, run_on};

/// What a run ended with: its rows of losses, its weights, the running statistics of batch normalisation, and the last gradient.
struct Ended {
    losses: Vec<f64>,
    weights: Vec<f64>,
    statistics: Vec<f64>,
    gradient: Vec<f64>,
}

/// Settings under which networks with batch normalisation are compared. Such small ones are badly conditioned: a rounding grows tenfold in a few
/// steps of Adam, between two kinds of device that train alone as well, and a bias that is normalised away has a gradient of rounding
/// alone. So Adam divides by little more than one, and its steps are small.
const CALM: [&str; 4] = ["data.name=sprites-rgb", "optim.eps=1", "optim.lr=1e-4", "likelihood.variance=100"];

fn networks(kind: &str) -> Vec<String> {
    let kind = format!("model.kind={kind}");
    CALM.iter().chain(&["model.width=2", &kind]).map(|&set| set.to_owned()).collect()
}

/// The authors' networks, small, with batch normalisation behind every convolution.
fn convolutional() -> Vec<String> {
    networks("official-conv")
}

fn recipe(set: &[impl AsRef<str>]) -> Recipe {
    let small = ["model.hidden=[17]", "model.latent=3", "projector.widths=[7]", "batch=12", "views=2", "log.every=5"];
    let constant = ["optim.schedule=constant", "optim.warmup_epochs=0"];
    let own = set.iter().map(AsRef::as_ref);
    let set = small.into_iter().chain(constant).chain(own);
    Recipe::new(&Config::of(set).expect("valid settings")).expect("a recipe")
}

fn trained(out: &Path, devices: &[Device], resume: bool, set: &[impl AsRef<str>]) -> Result<Ended, String> {
    trained_in_shares(out, devices, None, resume, set)
}

/// The same, where each device computes so many images of a step.
fn trained_in_shares(
    out: &Path,
    devices: &[Device],
    shares: Option<&[usize]>,
    resume: bool,
    set: &[impl AsRef<str>],
) -> Result<Ended, String> {
    let shares = shares.map(<[usize]>::to_vec);
    let options = RunOptions { resume, extend: resume, shares, ..RunOptions::new(out) };
    let recipe = recipe(set);
    let data = sprites(&recipe.config.data.name, 40, 8);
    let report = run_on(&recipe, &data, devices, &options, &mut Silent, &AtomicBool::new(false));
    let report = report.map_err(|error| error.to_string())?;
    let rows = MetricsLog::read(&out.join("metrics.jsonl")).expect("metrics");
    let losses = rows.iter().flat_map(|row| row.losses.values().copied()).collect();
    let mut session = report.session;
    let memory = session.blueprint.memory;
    let statistics = memory.read_buffers(session.executor.as_mut()).expect("statistics");
    let statistics = statistics.into_iter().map(f64::from).collect();
    let gradient = session.executor.read(memory.gradients).expect("a gradient").to_f64();
    Ok(Ended { losses, weights: decided(&mut session), statistics, gradient })
}

fn alike(what: &str, found: &Ended, wanted: &Ended) {
    let (losses, weights) = (apart(&found.losses, &wanted.losses), apart(&found.weights, &wanted.weights));
    assert!(losses < 1e-5 && weights < 1e-5, "{what}: losses {losses:e}, weights {weights:e} apart");
    let statistics = if wanted.statistics.is_empty() { 0.0 } else { apart(&found.statistics, &wanted.statistics) };
    assert!(statistics < 1e-5, "{what}: running statistics {statistics:e} apart");
}

#[test]
fn two_and_four_devices_train_every_method_as_one_does() {
    for method in registry::names().into_iter().filter(|&name| name != "random") {
        let (folder, method) = (temporary(), format!("method={method}"));
        let ended = |devices: usize, set: &[&str]| {
            let out = folder.path().join(format!("{devices}{}", set.len()));
            trained(&out, &vec![Device::cpu(); devices], false, &[&[&method, "steps=50"], set].concat()).expect("a run")
        };
        let alone = ended(1, &[]);
        for devices in [2, 4] {
            alike(&format!("{method} on {devices}"), &ended(devices, &[]), &alone);
        }
        alike(&format!("{method} on 2, in parts"), &ended(2, &["accumulate=3"]), &alone);
        alike(&format!("{method} on 5, of which not all can do as much"), &ended(5, &[]), &alone);
    }
}

/// Twelve images as 9 and 3, and in parts of four of which one has three and the other one; as 1, 9 and 2, of which no part is a multiple.
#[test]
fn unlike_shares_train_every_method_as_one_device_does() {
    for method in registry::names().into_iter().filter(|&name| name != "random") {
        for (networks, steps) in [(Vec::new(), "steps=50"), (convolutional(), "steps=10")] {
            let folder = temporary();
            let ended = |shares: &[usize], parts: &str| {
                let out = folder.path().join(format!("{}{parts}", shares.len()));
                let set = [&["method", method].join("="), steps, parts].map(str::to_owned);
                let shares = (shares.len() > 1).then_some(shares);
                let devices = vec![Device::cpu(); shares.map_or(1, <[usize]>::len)];
                trained_in_shares(&out, &devices, shares, false, &[&networks[..], &set].concat()).expect("a run")
            };
            for parts in ["accumulate=1", "accumulate=3"] {
                let alone = ended(&[12], parts);
                for shares in [&[9, 3][..], &[1, 9, 2]] {
                    alike(&format!("{method}, {networks:?}, {parts}, {shares:?}"), &ended(shares, parts), &alone);
                }
            }
        }
    }
}

/// Channels are normalised with the moments of the whole step, whoever computes it, and of the whole part where it is computed in parts.
#[test]
fn batch_normalisation_sees_the_rows_of_all_devices() {
    let methods = ["simvae", "vae", "cr-vae", "simclr", "vicreg", "supervised"].map(|method| (method, "official-conv"));
    for (method, kind) in methods.into_iter().chain([("simvae", "resnet18"), ("simclr", "resnet18")]) {
        let folder = temporary();
        let ended = |devices: usize, parts: &str| {
            let out = folder.path().join(format!("{devices}{parts}"));
            let own = [format!("method={method}"), "steps=10".to_owned(), parts.to_owned()];
            let set = [networks(kind), own.into()].concat();
            trained(&out, &vec![Device::cpu(); devices], false, &set).expect("a run")
        };
        for parts in ["accumulate=1", "accumulate=3"] {
            let alone = ended(1, parts);
            for devices in if parts == "accumulate=1" { &[2, 4][..] } else { &[2] } {
                alike(&format!("{method}, {kind}, {parts} on {devices}"), &ended(*devices, parts), &alone);
            }
        }
    }
}

/// The gradient of the first step beside that of one process in double precision, which central differences are held against.
#[test]
fn the_gradient_of_a_shared_step_is_that_of_one_process() {
    for method in ["simvae", "simclr", "vicreg", "supervised"] {
        let folder = temporary();
        let own = [format!("method={method}"), "steps=1".to_owned(), "log.every=1".to_owned()];
        let set = [convolutional(), own.into()].concat();
        let mut alone = Session::reference(&recipe(&set), &sprites("sprites-rgb", 40, 8)).expect("a session");
        let step = alone.blueprint.training_step().expect("a step");
        let step = alone.executor.load(step).expect("it loads");
        alone.train(step, 0, 1).expect("it trains");
        let wanted = alone.executor.read(alone.blueprint.memory.gradients).expect("a gradient").to_f64();
        for devices in [2, 3] {
            let found = trained(&folder.path().join(devices.to_string()), &vec![Device::cpu(); devices], false, &set);
            let apart = apart(&found.expect("a run").gradient, &wanted);
            assert!(apart < 1e-5, "{method} on {devices}: {apart:e} apart");
        }
    }
}

#[test]
fn a_run_goes_on_with_another_number_of_devices_and_repeats_bit_for_bit() {
    for networks in [Vec::new(), convolutional()] {
        let folder = temporary();
        let ended = |name: &str, devices: usize, resume: bool, epochs: &str| {
            let set = ["method=simclr", "data.device_bytes=1", epochs].map(str::to_owned);
            let set = [&set, &networks[..]].concat();
            trained(&folder.path().join(name), &vec![Device::cpu(); devices], resume, &set).expect("a run")
        };
        let alone = ended("alone", 1, false, "epochs=6");
        ended("several", 3, false, "epochs=3");
        let again = ended("again", 2, false, "epochs=6");
        let once_more = ended("once more", 2, false, "epochs=6");
        alike("streamed on two", &again, &alone);
        assert!(again.weights == once_more.weights && again.losses == once_more.losses);
        assert!(again.statistics == once_more.statistics);
        alike("begun on three", &ended("several", 2, true, "epochs=6"), &alone);
    }
}

#[test]
fn unlike_devices_share_steps() {
    let Some(gpu) = gpu() else { return };
    let both = [gpu.clone(), Device::cpu()];
    let plain = ["method=simvae", "method=simclr", "method=vicreg"].map(|method| (method, Vec::new()));
    for (method, networks) in plain.into_iter().chain([("method=supervised", convolutional())]) {
        let folder = temporary();
        let ended = |name: &str, devices: &[Device], resume: bool, steps: &str| {
            let set = [&[method, steps].map(str::to_owned), &networks[..]].concat();
            // A resumed run knows its shares.
            let shares = (devices.len() > 1 && !resume).then_some(&[3, 9][..]);
            trained_in_shares(&folder.path().join(name), devices, shares, resume, &set).expect("a run")
        };
        let alone = ended("alone", &[Device::cpu()], false, "steps=20");
        alike("CPU and GPU", &ended("first", &[Device::cpu(), gpu.clone()], false, "steps=20"), &alone);
        let whole = ended("second", &both, false, "steps=20");
        alike("GPU and CPU", &whole, &alone);
        ended("third", &both, false, "steps=10");
        assert_eq!(shares_of(&folder.path().join("third")), [3, 9]);
        let resumed = ended("third", &both, true, "steps=20");
        assert_eq!(shares_of(&folder.path().join("third")), [3, 9]);
        assert!(resumed.weights == whole.weights, "a resumed run is the same, bit for bit");
        assert!(resumed.losses == whole.losses, "its losses are too");
        assert!(resumed.statistics == whole.statistics, "its statistics are too");
    }
}

/// The shares that the newest checkpoint of a run knows.
fn shares_of(out: &Path) -> Vec<usize> {
    Checkpoint::newest(out).expect("a checkpoint").0.state.shares
}

/// Whatever is measured, the run is that of one device, and goes on with the shares that it had. Where its devices are others, they are chosen
/// anew.
#[test]
fn unlike_devices_are_measured_once() {
    let Some(gpu) = gpu() else { return };
    let folder = temporary();
    let ended = |name: &str, devices: &[Device], resume: bool, steps: &str| {
        trained(&folder.path().join(name), devices, resume, &["method=simvae", steps]).expect("a run");
        shares_of(&folder.path().join(name))
    };
    let both = [gpu.clone(), Device::cpu()];
    let shares = ended("both", &both, false, "steps=5");
    assert!(shares.len() == 2 && shares.iter().sum::<usize>() == 12 && !shares.contains(&0), "{shares:?}");
    assert_eq!(ended("both", &both, true, "steps=10"), shares);
    assert_eq!(ended("both", &[Device::cpu(), Device::cpu(), Device::cpu()], true, "steps=15"), [4, 4, 4]);
    assert_eq!(ended("both", &[Device::cpu()], true, "steps=20"), [0; 0]);
}

#[test]
fn what_cannot_be_shared_is_refused_before_anything_is_written() {
    let folder = temporary();
    let out = folder.path().join("run");
    let refused = |devices: usize, set: &[&str], words: &str| {
        let error = trained(&out, &vec![Device::cpu(); devices], false, set).err().expect("it is refused");
        assert!(error.contains(words), "{error}");
        assert!(!out.exists());
    };
    refused(13, &[], "batch = 12");
    refused(3, &["accumulate=6"], "accumulate = 6");
    refused(2, &["batch=48"], "48");
    let refused = |shares: &[usize], devices: usize, fix: &str| {
        let options = RunOptions { shares: Some(shares.to_vec()), ..RunOptions::new(&out) };
        let (recipe, data) = (recipe(&["steps=1"]), sprites("sprites", 40, 8));
        let (devices, stop) = (vec![Device::cpu(); devices], AtomicBool::new(false));
        let error = run_on(&recipe, &data, &devices, &options, &mut Silent, &stop).expect_err("it is refused");
        let said = error.to_string();
        assert!(
            error.is_usage() && said.contains("--shares") && said.contains("batch") && said.ends_with(fix),
            "{said}"
        );
        assert!(!out.exists());
    };
    refused(&[6, 3, 3], 2, "--shares 6,6");
    refused(&[12], 2, "--shares 6,6");
    refused(&[5, 1], 2, "--shares 10,2");
    refused(&[12, 0], 2, "--shares 11,1");
    refused(&[usize::MAX, 13], 2, "--shares 6,6");
    refused(&[6, 6], 1, "--shares 12");
    refused(&[], 2, "--shares 6,6");
}
