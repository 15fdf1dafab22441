//! The rows of a comparison: what is refused before the first one trains, and which verdicts count as theirs.

use crate::common::ends::{assert_ends, simvae, text};
use crate::common::files::files_of;
use crate::common::folders::{fill, temporary};
use std::path::Path;
use std::process::Output;
use wgpu_simvae::compare::{JudgedRun, Results};
use wgpu_simvae::run_folder::checkpoint::{folder_of, list};

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

/// Judges a row from outside of its comparison.
fn eval(row: &Path, more: &[&str]) {
    assert_ends(&simvae(&[&["eval", &row.to_string_lossy()], &JUDGES[..], more].concat()), 0, &["eval.json"]);
}

/// The only run of a comparison, but for the seconds that it took.
fn result(out: &Path) -> JudgedRun {
    let json = std::fs::read(out.join("results.json")).expect("results");
    let Results { mut runs, .. } = serde_json::from_slice(&json).expect("results");
    assert_eq!(runs.len(), 1);
    runs.iter_mut().filter_map(|run| run.budget.as_mut()).for_each(|budget| budget.seconds = 0.0);
    runs.remove(0)
}

/// What people and programs read of a comparison.
fn report(out: &Path) -> [Vec<u8>; 3] {
    ["results.json", "tables.md", "report.html"].map(|name| std::fs::read(out.join(name)).expect(name))
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

#[test]
fn a_verdict_counts_where_it_is_of_what_the_run_ended_with_and_of_its_data() {
    let folder = temporary();
    let (out, row) = (folder.path().join("out"), folder.path().join("out/vae-seed-0"));
    let [data, others] = ["data", "others"].map(|name| folder.path().join(name));
    let names: Vec<String> = (0..40).map(|number| format!("{}/{number}.png", ["one", "two"][number % 2])).collect();
    let mut names: Vec<&str> = names.iter().map(String::as_str).collect();
    fill(&data, &names);
    names.reverse();
    fill(&others, &names);
    let (data, others) = (data.to_string_lossy(), others.to_string_lossy());
    let again = |words: &[&str]| {
        let output = compare(&out, "vae", &["--data", "folder", "--data-dir", &data]);
        assert_ends(&output, 0, words);
        text(&output)
    };
    let whole = again(&["| vae "]);
    assert!(!whole.contains("does not count"), "{whole}");
    let steps: Vec<u64> = list(&row).expect("checkpoints").into_iter().map(|(step, _)| step).collect();
    let [early, last] = steps[..] else { panic!("two checkpoints, one for each epoch: {steps:?}") };
    let (first, files) = (report(&out), files_of(&out));
    let verdict = JudgedRun::read(&row).expect("a verdict").expect("a verdict");
    assert!(verdict.basis.is_some() && result(&out).basis.is_none(), "{verdict:?}");
    again(&["1 of 1 rows are done already"]);
    assert!(files_of(&out) == files, "what is done is left as it is");

    // Verdicts that `eval` put there are replaced by the row's own, with the same report.
    let aside = ["its verdict of before does not count"];
    let judged_again = |why: &str| {
        let shown = again(&[aside[0], why]);
        assert!(!shown.contains("done already") && report(&out) == first, "{why}: {shown}");
        assert_eq!(JudgedRun::read(&row).expect("a verdict").as_ref(), Some(&verdict));
    };
    eval(&row, &["--checkpoint", &early.to_string()]);
    assert_eq!(JudgedRun::read(&row).expect("a verdict").expect("a verdict").steps, early);
    judged_again("not of the weights that the run ends with");
    eval(&row, &["--data-dir", &others]);
    judged_again("it is of other data");
    JudgedRun { basis: None, ..verdict.clone() }.write(&row).expect("a verdict of before");
    judged_again("an older version made it");
    eval(&row, &[]);
    again(&["1 of 1 rows are done already"]);

    // A run that was stopped before its end is trained on, although it was judged meanwhile.
    let before = result(&out);
    std::fs::remove_dir_all(folder_of(&row, last)).expect("the last checkpoint");
    eval(&row, &[]);
    again(&[aside[0], "resumed from"]);
    assert_eq!(result(&out), before);
    assert_eq!(result(&out).steps, last);
}

#[test]
fn a_row_that_patience_ended_is_done() {
    let folder = temporary();
    let out = folder.path().join("out");
    // With a rate this low nothing gets better: k-NN stays what it was.
    let sets = ["optim.lr=1e-12", "judge.every=1", "judge.share=0.2", "checkpoint.best=knn", "stop.patience=1"];
    let more = [&["--epochs", "4"], &sets.map(|set| ["--set", set]).concat()[..]].concat();
    assert_ends(&compare(&out, "vae", &more), 0, &["stop.patience ends the run"]);
    let (first, ended) = (report(&out), result(&out).steps);
    assert!(ended > 0 && ended < 28, "52 images in batches of 8, four times, were {ended} steps");
    assert_ends(&compare(&out, "vae", &more), 0, &["1 of 1 rows are done already"]);
    assert!(report(&out) == first);
}
