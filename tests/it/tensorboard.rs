//! Events for TensorBoard, read back by TensorBoard.

use crate::common::ends::{assert_ends, simvae, trains};
use crate::common::folders::temporary;
use crate::common::python::answer;
use serde_json::Value;
use std::path::Path;
use wgpu_simvae::data::load;
use wgpu_simvae::device::Device;
use wgpu_simvae::run_folder::checkpoint;
use wgpu_simvae::run_folder::metrics::{MetricsLog, Row, metrics_file};

const SETTINGS: [&str; 10] = [
    "model.hidden=[16]",
    "model.latent=5",
    "data.limit=64",
    "batch=8",
    "epochs=3",
    "log.every=3",
    "log.pictures_every=1",
    "log.tensorboard=true",
    "judge.every=1",
    "judge.share=0.25",
];

fn read(run: &Path) -> Value {
    answer("events.py", &[run.join("tensorboard").as_os_str()])
}

/// The points of a curve are those of the metrics.
#[track_caller]
fn assert_curve(found: &Value, tag: &str, rows: &[Row], value: impl Fn(&Row) -> Option<f64>) {
    let wanted: Vec<Value> =
        rows.iter().filter_map(|row| Some(serde_json::json!([row.step, f64::from(value(row)? as f32)]))).collect();
    assert!(!wanted.is_empty(), "{tag}");
    assert_eq!(found["scalars"][tag], Value::Array(wanted), "{tag}");
}

#[track_caller]
fn assert_rows(found: &Value, rows: &[Row]) {
    for term in rows[0].losses.keys() {
        assert_curve(found, &format!("loss/{term}"), rows, |row| row.losses.get(term).copied());
    }
    for score in ["knn", "held_out_loss"] {
        assert_curve(found, &format!("judged/{score}"), rows, |row| row.judged.get(score).copied());
    }
    assert_curve(found, "progress/epoch", rows, |row| Some(row.epoch));
    let steps = |tag: &str| found["scalars"][tag].as_array().map(Vec::len);
    assert_eq!(steps("progress/images_per_second"), Some(rows.len()));
}

#[test]
fn tensorboard_reads_what_a_run_wrote_and_a_resumed_run_goes_on() {
    let folder = temporary();
    let run = folder.path().join("run");
    trains(&run, &SETTINGS);
    let rows = || MetricsLog::read(&metrics_file(&run)).expect("metrics");
    let (found, all) = (read(&run), rows());
    assert_rows(&found, &all);

    let png = |epoch: u32| {
        let path = run.join(format!("reconstructions/epoch-{epoch:04}.png"));
        let (width, height) = image::image_dimensions(&path).expect("a picture");
        (width, height, std::fs::read(path).expect("a picture").len())
    };
    let pictures: Vec<Value> = [(6, png(1)), (12, png(2)), (18, png(3))]
        .map(|(step, (width, height, bytes))| serde_json::json!([step, width, height, bytes]))
        .into();
    assert_eq!(found["images"]["reconstructions"], Value::Array(pictures.clone()));

    // A point for each of the first test images, its class, and its place in the sprite: 23 by 23 of 28 pixels.
    let test = load("sprites", None, &Device::cpu()).expect("sprites need nothing").test;
    let lines = |name: &str| found[name].as_array().cloned().unwrap_or_default();
    assert_eq!((lines("tensors").len(), lines("metadata").len()), (512, 1 + 512));
    assert!(lines("tensors").iter().all(|row| row.as_array().is_some_and(|row| row.len() == 5)));
    assert_eq!(lines("metadata")[0], serde_json::json!(["class", "image"]));
    let class = |at: usize| test.classes[usize::from(test.labels[at])].as_str();
    assert!((0..512).all(|at| lines("metadata")[at + 1] == serde_json::json!([class(at), at.to_string()])));
    assert_eq!((&found["image"], &found["sprite"]), (&serde_json::json!([28, 28]), &serde_json::json!([644, 644])));

    // Killed before its last checkpoint: what is trained again stands there once.
    let (_, last) = checkpoint::list(&run).expect("a listing").pop().expect("a checkpoint");
    std::fs::remove_dir_all(last).expect("it goes");
    let resume = ["train", "--device", "cpu", "--resume", "--epochs", "4", "--out", &run.to_string_lossy()];
    assert_ends(&simvae(&resume), 0, &["at step 12"]);
    let (found, longer) = (read(&run), rows());
    assert!(longer.len() > all.len());
    assert_rows(&found, &longer);
    let steps: Vec<u64> =
        found["images"]["reconstructions"].as_array().into_iter().flatten().filter_map(|at| at[0].as_u64()).collect();
    assert_eq!(steps, [6, 12, 18, 24]);
    let events = std::fs::read_dir(run.join("tensorboard")).expect("a folder").flatten();
    assert_eq!(events.filter(|entry| entry.file_name().to_string_lossy().contains("tfevents")).count(), 2);
    assert_ends(&simvae(&["check", &run.to_string_lossy()]), 0, &[]);
}

#[test]
fn events_that_cannot_be_written_are_a_warning() {
    let folder = temporary();
    let run = folder.path().join("run");
    std::fs::create_dir(&run).expect("a folder");
    std::fs::write(run.join("tensorboard"), "a file in the way").expect("a file");
    assert_ends(&trains(&run, &SETTINGS), 0, &["warning", "tensorboard"]);
}
