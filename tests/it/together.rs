//! Devices that share each step of a run train what one of them would.

use crate::common::folders::temporary;
use crate::common::{adapter, apart, decided, sprites};
use std::path::Path;
use std::sync::atomic::AtomicBool;
use wgpu_simvae::Recipe;
use wgpu_simvae::device::{Device, DeviceRequest, choose};
use wgpu_simvae::methods::registry;
use wgpu_simvae::run_folder::metrics::MetricsLog;
use wgpu_simvae::settings::{Config, Sources};
use wgpu_simvae::train::{RunOptions, Silent, run_on};

/// What a run ended with: its rows of losses, and its weights.
struct Ended {
    losses: Vec<f64>,
    weights: Vec<f64>,
}

fn recipe(set: &[&str]) -> Recipe {
    let small = ["model.hidden=[17]", "model.latent=3", "projector.widths=[7]", "batch=12", "views=2", "log.every=5"];
    let constant = ["optim.schedule=constant", "optim.warmup_epochs=0"];
    let set = small.iter().chain(&constant).chain(set).map(|&set| set.to_owned()).collect();
    Recipe::new(&Config::merge(&Sources { set, ..Sources::default() }).expect("valid settings")).expect("a recipe")
}

fn trained(out: &Path, devices: &[Device], resume: bool, set: &[&str]) -> Result<Ended, String> {
    let options = RunOptions { resume, extend: resume, ..RunOptions::new(out) };
    let data = sprites("sprites", 40, 8);
    let report = run_on(&recipe(set), &data, devices, &options, &mut Silent, &AtomicBool::new(false));
    let report = report.map_err(|error| error.to_string())?;
    let rows = MetricsLog::read(&out.join("metrics.jsonl")).expect("metrics");
    let losses = rows.iter().flat_map(|row| row.losses.values().copied()).collect();
    let mut session = report.session;
    Ok(Ended { losses, weights: decided(&mut session) })
}

fn alike(what: &str, found: &Ended, wanted: &Ended) {
    let (losses, weights) = (apart(&found.losses, &wanted.losses), apart(&found.weights, &wanted.weights));
    assert!(losses < 1e-5 && weights < 1e-5, "{what}: losses {losses:e}, weights {weights:e} apart");
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
    }
}

#[test]
fn a_run_goes_on_with_another_number_of_devices_and_repeats_bit_for_bit() {
    let folder = temporary();
    let out = |name: &str| folder.path().join(name);
    let cpus = |count| vec![Device::cpu(); count];
    let set = ["method=simclr", "epochs=6", "data.device_bytes=1"];
    let alone = trained(&out("alone"), &cpus(1), false, &set).expect("a run");
    trained(&out("several"), &cpus(3), false, &["method=simclr", "epochs=3", "data.device_bytes=1"]).expect("a run");
    let again = trained(&out("again"), &cpus(2), false, &set).expect("a run");
    let once_more = trained(&out("once more"), &cpus(2), false, &set).expect("a run");
    alike("streamed on two", &again, &alone);
    assert!(again.weights == once_more.weights && again.losses == once_more.losses);
    let resumed = trained(&out("several"), &cpus(2), true, &set).expect("it goes on");
    alike("begun on three", &resumed, &alone);
}

#[test]
fn unlike_devices_share_steps() {
    if adapter().is_none() {
        return;
    }
    let folder = temporary();
    let ended = |name: &str, devices: &[Device], resume: bool, steps: &str| {
        trained(&folder.path().join(name), devices, resume, &["method=simvae", steps]).expect("a run")
    };
    let gpu = choose(&DeviceRequest::Gpu).expect("an adapter");
    let both = [gpu.clone(), Device::cpu()];
    let alone = ended("alone", &[Device::cpu()], false, "steps=20");
    alike("CPU and GPU", &ended("first", &[Device::cpu(), gpu], false, "steps=20"), &alone);
    let whole = ended("second", &both, false, "steps=20");
    alike("GPU and CPU", &whole, &alone);
    ended("third", &both, false, "steps=10");
    assert!(ended("third", &both, true, "steps=20").weights == whole.weights, "a resumed run is the same, bit for bit");
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
    refused(5, &[], "batch = 12");
    refused(3, &["accumulate=3"], "accumulate = 3");
    refused(2, &["model.kind=official-conv"], "batch normalisation");
    refused(2, &["batch=48"], "48");
}
