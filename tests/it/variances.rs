//! Variances that are trained: what becomes of them, and where they cannot be.

use crate::common::ends::{assert_ends, simvae, trains};
use std::path::Path;
use wgpu_simvae::device::Device;
use wgpu_simvae::methods::Latents;
use wgpu_simvae::run_folder::Checkpoint;
use wgpu_simvae::settings::Recipe;
use wgpu_simvae::train::{LearnedVariances, Planned, Silent, Trained, load_data};

const TINY: [&str; 9] = [
    "model.hidden=[16]",
    "model.latent=3",
    "data.limit=64",
    "batch=8",
    "epochs=2",
    "optim.lr=1e-2",
    "optim.warmup_epochs=0",
    "simvae.prior=gaussian",
    "log.every=4",
];
const LEARNING: [&str; 2] = ["likelihood.learn_variance=true", "simvae.learn_variance_z=true"];

fn with(more: &[&'static str]) -> Vec<&'static str> {
    [&TINY[..], more].concat()
}

/// What `eval` says a run has learned.
fn learned(run: &Path) -> Option<LearnedVariances> {
    let path = run.to_string_lossy();
    let judged = ["eval", &path, "--device", "cpu", "--probe-epochs", "1", "--mixture-starts", "1"];
    let output = simvae(&judged);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = std::fs::read_to_string(run.join("eval.json")).expect("a verdict");
    let verdict: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert!(verdict["bound"]["nats"].is_number(), "{text}");
    serde_json::from_value(verdict.get("learned_variances")?.clone()).expect("variances")
}

#[test]
fn variances_are_learned_kept_and_drawn_by() {
    let folder = tempfile::tempdir().expect("a folder");
    let [run, fixed, weights] = ["run", "fixed", "weights.safetensors"].map(|name| folder.path().join(name));
    trains(&run, &with(&LEARNING));
    let Some(LearnedVariances { pixels: Some(pixels), latents: Some(latents) }) = learned(&run) else {
        panic!("nothing was learned")
    };
    // They begin at 0.02 and 0.15. Sprites of a network that has learned little are further off than a deviation of 0.14.
    assert!(pixels > 0.021 && pixels < 0.2, "{pixels}");
    assert!((latents / 0.15 - 1.0).abs() > 0.02, "{latents}");
    let paths = [&run, &weights].map(|path| path.to_string_lossy());
    assert!(simvae(&["sample", &paths[0], "--device", "cpu"]).status.success());

    assert!(simvae(&["export", &paths[0], "--out", &paths[1]]).status.success());
    let bytes = std::fs::read(&weights).expect("weights");
    let dict = safetensors::SafeTensors::deserialize(&bytes).expect("a state dict");
    for (name, variance) in [("likelihood.logvar", pixels), ("prior.logvar", latents)] {
        let logvar: f32 = bytemuck::pod_read_unaligned(dict.tensor(name).expect(name).data());
        assert!((f64::from(logvar) - variance.ln()).abs() < 1e-6, "{name}: {logvar} and {variance}");
    }

    // What is recorded of the run knows it, too.
    let config = Trained::settings(&run).expect("settings");
    let data = load_data(&config, None, &Device::cpu(), &mut Silent).expect("sprites need nothing");
    let (checkpoint, _) = Checkpoint::newest(&run).expect("a checkpoint");
    let planned = Planned::new(&Recipe::new(&config).expect("a recipe"), &data, 1, checkpoint.state.step);
    let recorded = planned.expect("a plan").latents(Some(&checkpoint)).expect("it is whole");
    assert!(matches!(recorded, Latents::Around { variance, .. } if (variance - latents).abs() < 1e-9), "{recorded:?}");

    trains(&fixed, &with(&[]));
    assert_eq!(learned(&fixed), None);
}

#[test]
fn one_variance_is_learned_without_the_other() {
    let folder = tempfile::tempdir().expect("a folder");
    for (place, one) in LEARNING.into_iter().enumerate() {
        let run = folder.path().join(place.to_string());
        trains(&run, &with(&[one]));
        let LearnedVariances { pixels, latents } = learned(&run).expect("it is told");
        assert_eq!([pixels.is_some(), latents.is_some()], [place == 0, place == 1]);
    }
}

#[test]
fn variances_that_no_loss_determines_are_not_learned() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("run").to_string_lossy().into_owned();
    let refused = |set: &[&str], words: &[&str]| {
        let set = set.iter().flat_map(|set| ["--set", set]);
        let line: Vec<&str> = ["train", "--device", "cpu", "--out", &out].into_iter().chain(set).collect();
        assert_ends(&simvae(&line), 2, words);
    };
    refused(
        &["likelihood.learn_variance=true", "likelihood.kind=bernoulli"],
        &["likelihood.learn_variance", "bernoulli has no variance", "likelihood.kind = \"gaussian\""],
    );
    refused(
        &["simvae.learn_variance_z=true", "simvae.prior=uniform"],
        &["simvae.learn_variance_z", "unit of z", "simvae.prior = \"gaussian\""],
    );
    assert!(!Path::new(&out).exists(), "nothing is written");
}
