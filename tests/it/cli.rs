//! The command: what a run leaves behind, and how bad input ends: a clear message, the right exit code, no panic.

use crate::common::ends::{assert_ends, simvae};
use crate::common::older::make_older;
use std::path::Path;
use std::process::Output;

const TINY: [&str; 6] = ["model.hidden=[16]", "data.limit=64", "batch=8", "views=2", "epochs=1", "log.every=4"];

fn train(out: &Path, more: &[&str]) -> Output {
    let out = out.to_string_lossy();
    let mut arguments = vec!["train", "--device", "cpu", "--out", &out];
    if !more.contains(&"--resume") {
        arguments.extend(TINY.iter().flat_map(|set| ["--set", set]));
    }
    arguments.extend(more);
    simvae(&arguments)
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn trained() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let output = train(&folder.path().join("run"), &[]);
    assert!(output.status.success(), "{}", stderr(&output));
    folder
}

#[test]
fn a_run_leaves_settings_metrics_pictures_and_a_checkpoint() {
    let folder = trained();
    let run = folder.path().join("run");
    let text = |name: &str| std::fs::read_to_string(run.join(name)).expect("a file of the run");
    assert!(text("config.toml").contains("hidden = [16]"));
    assert_eq!(text("metrics.jsonl").lines().count(), 2, "8 steps, a row every 4");
    assert!(text("losses.svg").contains("reconstruction"));
    let picture = image::open(run.join("reconstructions/epoch-0001.png")).expect("a picture");
    // 16 columns of 28 pixels, magnified twice, with gaps of two.
    assert_eq!(picture.width(), 16 * (56 + 2) + 2);
    let checkpoint = run.join("checkpoints/step-000000008");
    for file in ["model.safetensors", "optimizer.safetensors", "state.json"] {
        assert!(checkpoint.join(file).is_file(), "{file}");
    }
}

#[test]
fn a_refused_run_leaves_the_folder_that_was_there() {
    let folder = tempfile::tempdir().expect("a folder");
    assert_ends(&train(folder.path(), &["--set", "batch=65"]), 2, &["batch = 65"]);
    assert!(folder.path().is_dir());
    let made = folder.path().join("run");
    assert_ends(&train(&made, &["--set", "batch=65"]), 2, &["batch = 65"]);
    assert!(!made.exists());
}

#[test]
fn the_summary_reports_nearest_neighbours() {
    let folder = tempfile::tempdir().expect("a folder");
    let output = train(&folder.path().join("run"), &[]);
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("k-NN (k = 5, Euclidean, 64 labelled images)"), "{text}");
}

#[test]
fn wrong_use_ends_with_code_2() {
    let folder = tempfile::tempdir().expect("a folder");
    let run = folder.path().join("run");
    assert_ends(&train(&run, &["--set", "optm.lr=1"]), 2, &["unknown key `optm", "did you mean `optim."]);
    assert_ends(&train(&run, &["--shares", "5,1"]), 2, &["--shares 5,1", "batch", "such as --shares 8"]);
    assert_ends(&train(&run, &["--shares", "many"]), 2, &["--shares"]);
    let two = ["train", "--device", "cpu,cpu", "--out", "none", "--set", "batch=8", "--shares"];
    assert_ends(&simvae(&[&two[..], &["3,1"]].concat()), 2, &["--shares 3,1", "such as --shares 6,2"]);
    assert_ends(&train(&run, &["--set", "views=1"]), 2, &["views = 1", "at least 2"]);
    assert_ends(&train(&run, &["--set", "batch=65"]), 2, &["batch = 65", "64 images"]);
    assert_ends(&train(&run, &["--preset", "papr"]), 2, &["papr", "paper"]);
    assert_ends(&train(&run, &["--config", "absent.toml"]), 2, &["absent.toml"]);
    assert_ends(&train(&run, &["--resume", "--preset", "paper"]), 2, &["--resume", "--preset"]);
    assert_ends(&simvae(&["train", "--resume"]), 2, &["--out"]);
    assert_ends(&train(&run, &["--from", "Cargo.toml", "--checkpoint", "8"]), 2, &["a file has no checkpoints"]);
    assert_ends(&simvae(&["traverse", "run", "--range", "nan"]), 2, &["--range", "a finite number"]);
    assert_ends(&simvae(&["plan", "--checkpoint", "8"]), 2, &["FOLDER"]);
    assert_ends(&simvae(&["bench", "--json", "it", "--trace", "./it"]), 2, &["--json is written there"]);
    assert_ends(&simvae(&["trian"]), 2, &["train"]);
    assert_ends(&simvae(&["data", "fetch", "minst", "--data-dir", "x"]), 2, &["minst", "mnist"]);
    assert!(!run.exists(), "nothing was written");
}

#[test]
fn missing_things_end_with_code_1() {
    let folder = tempfile::tempdir().expect("a folder");
    let run = folder.path().join("run");
    assert_ends(
        &train(&run, &["--data", "mnist", "--data-dir", "/nonexistent"]),
        1,
        &["/nonexistent", "data fetch mnist"],
    );
    assert_ends(&train(&run, &["--data", "mnist"]), 2, &["--data-dir"]);
    assert_ends(&train(&run, &["--data", "sprits"]), 2, &["did you mean `sprites`"]);
    assert_ends(&simvae(&["train", "--device", "no such card"]), 2, &["no such card", "cpu"]);
    assert_ends(&simvae(&["train", "--device", "99"]), 2, &["--device 99"]);
    assert_ends(&simvae(&["gradcheck", "--device", "cpu", "--golden", "/nonexistent"]), 1, &["/nonexistent"]);
}

#[test]
fn images_that_do_not_fit_a_checkpoint_are_refused() {
    let folder = trained();
    let run = folder.path().join("run");
    make_older(&run);
    let settings = run.join("config.toml");
    let text = std::fs::read_to_string(&settings).expect("settings");
    std::fs::write(&settings, text.replace("\"sprites\"", "\"sprites-rgb\"")).expect("settings");
    assert_ends(&train(&run, &["--resume"]), 1, &["enc.0.weight", "another architecture"]);
}

#[test]
fn a_folder_with_a_run_is_not_overwritten() {
    let folder = trained();
    let run = folder.path().join("run");
    let before = std::fs::read(run.join("checkpoints/step-000000008/model.safetensors")).expect("weights");
    assert_ends(&train(&run, &["--set", "seed=5"]), 2, &["--resume", "--out"]);
    assert_eq!(std::fs::read(run.join("checkpoints/step-000000008/model.safetensors")).expect("weights"), before);
}

#[test]
fn a_model_that_does_not_fit_names_both_sizes() {
    let folder = tempfile::tempdir().expect("a folder");
    let huge = ["--set", "model.hidden=[400000, 400000]"];
    let words = ["needs", "bytes", "offers", "smaller batch or model"];
    assert_ends(&train(&folder.path().join("cpu"), &huge), 1, &words);
    if crate::common::adapter().is_some() {
        let out = folder.path().join("gpu").to_string_lossy().into_owned();
        let large = ["train", "--device", "gpu", "--out", &out, "--set", "model.hidden=[100000, 100000]"];
        assert_ends(&simvae(&large), 1, &words);
    }
}

#[test]
fn unusable_folders_are_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("file");
    std::fs::write(&file, "not a folder").expect("a file");
    let within = file.join("run");
    assert_ends(&train(&within, &[]), 1, &[&within.display().to_string(), "--out"]);
    assert_ends(&train(&folder.path().join("empty"), &["--resume"]), 2, &["config.toml"]);
}

#[test]
fn damaged_checkpoints_are_refused_and_named() {
    for file in ["model.safetensors", "optimizer.safetensors", "state.json", "manifest.json"] {
        let folder = trained();
        let run = folder.path().join("run");
        let path = run.join("checkpoints/step-000000008").join(file);
        let bytes = std::fs::read(&path).expect("a checkpoint's file");
        std::fs::write(&path, &bytes[..bytes.len() / 2]).expect("a checkpoint's file");
        assert_ends(&train(&run, &["--resume"]), 1, &[file, "no checkpoint is whole", "damaged"]);
        std::fs::remove_file(&path).expect("a checkpoint's file");
        assert_ends(&train(&run, &["--resume"]), 1, &[file]);
    }
}

#[test]
fn a_checkpoint_of_another_architecture_is_refused() {
    let folder = trained();
    let run = folder.path().join("run");
    make_older(&run);
    let settings = run.join("config.toml");
    let text = std::fs::read_to_string(&settings).expect("settings");
    for hidden in ["[17]", "[16, 16]", "[16, 16, 16]"] {
        std::fs::write(&settings, text.replace("[16]", hidden)).expect("settings");
        assert_ends(&train(&run, &["--resume"]), 1, &["model.safetensors", "another architecture"]);
    }
}

#[test]
fn a_loss_that_is_not_finite_stops_the_run() {
    let folder = tempfile::tempdir().expect("a folder");
    let run = folder.path().join("run");
    let output = train(&run, &["--set", "optim.lr=1e3", "--set", "optim.warmup_epochs=0"]);
    assert_ends(&output, 1, &["step ", "No checkpoint was written", "optim.lr"]);
    let term = |name: &&str| stderr(&output).contains(&format!("loss term `{name}`"));
    assert!(["reconstruction", "prior", "entropy"].iter().any(term), "the term is named");
    assert!(!run.join("checkpoints").exists());
}

#[test]
fn a_finished_run_resumes_to_nothing() {
    let folder = trained();
    let output = train(&folder.path().join("run"), &["--resume"]);
    assert!(output.status.success(), "{}", stderr(&output));
}

#[test]
fn shaders_are_written_as_plain_files() {
    let folder = tempfile::tempdir().expect("a folder");
    let others = if cfg!(feature = "translate") { &["hlsl"][..] } else { &[] };
    for &language in ["wgsl"].iter().chain(others) {
        let out = folder.path().join(language).to_string_lossy().into_owned();
        let output = simvae(&["shaders", "--language", language, "--out", &out]);
        assert!(output.status.success(), "{}", stderr(&output));
        let written = std::fs::read_dir(folder.path().join(language).join("linear")).expect("a folder per family");
        let written: Vec<_> = written.map(|file| file.expect("a file").path()).collect();
        assert!(
            written.len() > 10 && written.iter().all(|path| path.extension().is_some_and(|found| found == language))
        );
    }
    let output = simvae(&["shaders", "--language", "cuda"]);
    assert_eq!(output.status.code(), Some(2));
    let advice = match cfg!(feature = "translate") {
        true => "the languages are wgsl, spirv, msl, hlsl, glsl",
        false => "cargo build --release --features translate",
    };
    assert!(stderr(&output).contains(advice), "{}", stderr(&output));
}

#[test]
fn shells_complete_and_the_manual_has_a_page_for_each_command() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let output = simvae(&["completions", shell]);
        let script = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && script.contains("reconstruct") && script.contains("resume"), "{shell}");
    }
    let folder = tempfile::tempdir().expect("a folder");
    let place = folder.path().join("man1");
    assert_ends(&simvae(&["man", "--out", &place.to_string_lossy()]), 0, &["man1"]);
    let page = |name: &str| std::fs::read_to_string(place.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert!(page("wgpu-simvae.1").contains("wgpu\\-simvae\\-train"));
    assert!(page("wgpu-simvae-train.1").contains("resume"));
    let file = folder.path().join("file");
    std::fs::write(&file, "in the way").expect("a file");
    assert_ends(&simvae(&["man", "--out", &file.to_string_lossy()]), 1, &["choose another folder with --out"]);
}
