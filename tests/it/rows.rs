//! The rows of a comparison: what is refused before the first one trains.

use crate::common::ends::{assert_ends, simvae};
use crate::common::folders::{fill, temporary};
use std::path::Path;
use std::process::Output;

const TINY: [&str; 9] = [
    "model.kind=mlp",
    "model.hidden=[16]",
    "model.latent=4",
    "data.limit=64",
    "batch=8",
    "views=2",
    "epochs=2",
    "log.every=4",
    "data.size=8",
];
const JUDGES: [&str; 6] = ["--device", "cpu", "--probe-epochs", "1", "--mixture-starts", "1"];

fn compare(out: &Path, methods: &str, more: &[&str]) -> Output {
    let out = out.to_string_lossy();
    let mut arguments = vec!["compare", "--methods", methods, "--out", &out];
    arguments.extend(TINY.iter().flat_map(|set| ["--set", set]));
    arguments.extend(JUDGES);
    arguments.extend(more);
    simvae(&arguments)
}

#[test]
fn what_a_run_would_refuse_is_refused_before_the_first_row_trains() {
    let folder = temporary();
    let (out, one_class) = (folder.path().join("out"), folder.path().join("pictures"));
    let names: Vec<String> = (0..20).map(|number| format!("{number}.png")).collect();
    fill(&one_class, &names.iter().map(String::as_str).collect::<Vec<_>>());
    let refused = |methods: &str, more: &[&str], words: &[&str]| {
        assert_ends(&compare(&out, methods, more), 2, words);
        assert!(!out.exists(), "something was written");
    };
    let grid = ["--vary", "simvae.learn_variance_z=false,true", "--vary", "simvae.prior=gaussian,uniform"];
    let row = "simvae simvae.learn_variance_z=true simvae.prior=uniform cannot be trained: simvae.learn_variance_z";
    refused("simvae", &grid, &[row]);
    let learned = ["--set", "simvae.learn_variance_z=true", "--set", "simvae.prior=uniform"];
    refused("vae,simvae", &learned, &["simvae cannot be trained", "simvae.prior = \"gaussian\""]);
    let kinds = ["--vary", "model.kind=mlp,resnet18"];
    refused("vae", &kinds, &["vae model.kind=resnet18 cannot be trained", "multiples of 16"]);
    refused("vae", &["--set", "model.kind=official-conv"], &["vae cannot be trained", "official-conv"]);

    let one_class = one_class.to_string_lossy();
    let data = ["--data", "folder", "--data-dir", &one_class];
    refused("supervised", &data, &["supervised cannot be trained", "it learns from classes"]);
    let best = ["judge.every=1", "judge.share=0.2", "checkpoint.best=knn"].map(|set| ["--set", set]).concat();
    refused("vae", &[&data[..], &best].concat(), &["vae cannot be trained", "checkpoint.best = knn"]);
    // Where others are there, a row that learns from classes is left out.
    let both = compare(&out, "random,supervised", &data);
    assert_ends(&both, 0, &["left out: supervised learns from classes", "| random "]);
}
