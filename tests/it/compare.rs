//! The judges of a run and the comparison of methods: what they write, that they go on, and what they refuse.

use crate::common::ends::{simvae, text};
use std::path::Path;
use std::process::Output;
use wgpu_simvae::compare::{JudgedRun, tables};
use wgpu_simvae::eval::judges::{Bound, HeldOut, LinearProbe, Reconstruction, Style};

const TINY: [&str; 7] =
    ["model.hidden=[16]", "model.latent=5", "data.limit=96", "batch=8", "epochs=1", "log.every=4", "views=2"];
const JUDGES: [&str; 4] = ["--probe-epochs", "2", "--mixture-starts", "1"];

fn compare(out: &Path, methods: &str, more: &[&str]) -> Output {
    let out = out.to_string_lossy();
    let mut arguments = vec!["compare", "--device", "cpu", "--methods", methods, "--out", &out];
    arguments.extend(TINY.iter().flat_map(|set| ["--set", set]));
    arguments.extend(JUDGES);
    arguments.extend(more);
    simvae(&arguments)
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn a_comparison_trains_judges_and_reports_every_row_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path();
    let first = compare(out, "random,simvae", &["--seeds", "2"]);
    assert!(first.status.success(), "{}", text(&first));

    let page = read(&out.join("report.html"));
    for part in
        ["<td>simvae</td>", "<td>random</td>", "±", "data:image/png;base64,", "data:image/svg+xml;base64,", "hidden ="]
    {
        assert!(page.contains(part), "the report lacks {part}");
    }
    for network in ["src=\"http", "href=\"http", "url(http", "@import"] {
        assert!(!page.contains(network), "the report asks the network for something: {network}");
    }
    assert!(!page.contains("<svg") && !page.contains("<script"), "files are shown, not run");
    let markdown = read(&out.join("tables.md"));
    assert!(markdown.contains("## Content") && markdown.contains("## Style, linear probe"), "{markdown}");

    let runs: Vec<JudgedRun> = serde_json::from_str(&read(&out.join("results.json"))).expect("judged runs");
    let names: Vec<(&str, u64)> = runs.iter().map(|run| (run.method.as_str(), run.seed)).collect();
    assert_eq!(names, [("random", 0), ("random", 1), ("simvae", 0), ("simvae", 1)]);
    for run in &runs {
        let linear = run.found.of::<LinearProbe>().expect("sprites have classes");
        assert!((0.0..=1.0).contains(&linear.last) && linear.best >= linear.last);
        assert_eq!(run.found.of::<Style>().map(|factors| factors.len()), Some(6), "grey sprites show six factors");
        let (error, bound) = (run.found.of::<Reconstruction>(), run.found.of::<Bound>());
        assert_eq!([error.is_some(), bound.is_some(), run.steps > 0], [run.method == "simvae"; 3]);
    }
    assert_eq!(tables(&runs).len(), 4);

    // A row whose verdict is gone is judged again, not trained again; the others stay as they are.
    std::fs::remove_file(out.join("simvae-seed-1").join("eval.json")).expect("a verdict");
    let again = compare(out, "random,simvae", &["--seeds", "2"]);
    assert!(again.status.success(), "{}", text(&again));
    let shown = text(&again);
    assert_eq!(shown.matches("nearest neighbours").count(), 1, "{shown}");
    let repeated: Vec<JudgedRun> = serde_json::from_str(&read(&out.join("results.json"))).expect("judged runs");
    assert_eq!(repeated, runs, "a repeated judgement is equal");

    let other = compare(out, "simvae", &["--set", "optim.lr=0.5"]);
    assert_eq!(other.status.code(), Some(2), "{}", text(&other));
    assert!(text(&other).contains("lr = 0.5") && text(&other).contains("--out"), "{}", text(&other));
}

#[test]
fn eval_writes_its_verdict_and_predictions() {
    let folder = tempfile::tempdir().expect("a folder");
    let run = folder.path().join("run");
    let name = run.to_string_lossy().into_owned();
    let mut arguments = vec!["train", "--device", "cpu", "--out", &name, "--set", "method=cr-vae"];
    arguments.extend(TINY.iter().flat_map(|set| ["--set", set]));
    assert!(simvae(&arguments).status.success());
    let output = simvae(&[&["eval", &name, "--device", "cpu", "--predictions"], &JUDGES[..]].concat());
    assert!(output.status.success(), "{}", text(&output));
    let judged = JudgedRun::read(&run).expect("a whole verdict").expect("a verdict");
    assert_eq!((judged.method.as_str(), judged.judges.probe_epochs), ("cr-vae", 2));

    // The held-out terms are weighted: reconstruction, kl and consistency make the total, and the bound leaves out the last.
    let held_out = judged.found.of::<HeldOut>().expect("losses");
    let term = |name: &str| held_out[name];
    let total = term("reconstruction") + term("kl") + term("consistency");
    assert!((total - term("total")).abs() < 1e-4 * total.abs(), "{held_out:?}");
    let bound = judged.found.of::<Bound>().expect("a generative model");
    assert!((bound + 0.5 * (term("reconstruction") + term("kl"))).abs() < 1e-6 * bound.abs());

    let bytes = std::fs::read(run.join("predictions.safetensors")).expect("predictions");
    let tensors = safetensors::SafeTensors::deserialize(&bytes).expect("whole safetensors");
    for name in ["knn.euclidean", "knn.cosine", "gmm"] {
        assert_eq!(tensors.tensor(name).expect(name).shape(), [2400], "{name}");
    }

    std::fs::write(run.join("eval.json"), "{").expect("a file");
    assert!(JudgedRun::read(&run).is_err_and(|error| error.to_string().contains("eval.json")));
    let nowhere = simvae(&["eval", "/nowhere/at/all"]);
    assert_eq!(nowhere.status.code(), Some(1));
    assert!(text(&nowhere).contains("/nowhere/at/all"), "{}", text(&nowhere));
}

#[test]
fn unknown_methods_are_refused_with_those_that_there_are() {
    let folder = tempfile::tempdir().expect("a folder");
    let output = compare(folder.path(), "simvea", &[]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output).contains("simvae") && text(&output).contains("vicreg"), "{}", text(&output));
    let none = compare(folder.path(), "simvae", &["--seeds", "0"]);
    assert_eq!(none.status.code(), Some(2));
    let data = compare(folder.path(), "simvae", &["--data", "nosuch"]);
    assert_eq!(data.status.code(), Some(2), "as for train: {}", text(&data));
}
