//! `bench`: what it writes and how it ends. No test times anything: numbers are only checked against each other.

use crate::common::ends::{assert_ends, simvae};
use serde_json::Value;
use std::path::Path;

/// A step of a moment, measured for a moment.
const TINY: [&str; 11] = [
    "bench",
    "--seconds",
    "0.002",
    "--rounds",
    "2",
    "--set",
    "model.hidden=[16]",
    "--set",
    "data.limit=64",
    "--rows",
    "12",
];

fn json(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).expect("a file")).expect("JSON")
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("no number: {value}"))
}

fn array<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value[key].as_array().unwrap_or_else(|| panic!("no array {key}: {value}"))
}

/// Measures on a device and checks the files.
fn measured(device: &str) -> Value {
    let folder = tempfile::tempdir().expect("a folder");
    let [file, trace] = ["bench.json", "trace.json"].map(|name| folder.path().join(name));
    let [file_name, trace_name] = [&file, &trace].map(|path| path.to_string_lossy().into_owned());
    let more = ["--device", device, "--json", &file_name, "--trace", &trace_name];
    let output = simvae(&[&TINY[..], &more[..]].concat());
    assert_ends(&output, 0, &["steps/s", "images/s", "GB/s copied", "the step", "longest dispatches", "optim/adam"]);

    let (report, trace) = (json(&file), json(&trace));
    let setting = &report["setting"];
    assert_eq!(
        [&setting["rows"], &setting["images"], &setting["views"]].map(Value::as_u64),
        [Some(12), Some(6), Some(2)]
    );
    let (dispatches, measured) = (array(&report, "dispatches"), &report["measured"]);
    let timeline = array(measured, "timeline");
    assert!(dispatches.len() > 20 && timeline.len() == dispatches.len(), "{}", dispatches.len());
    let mut last = 0.0;
    for span in timeline {
        let [begin, end] = [0, 1].map(|at| number(&span[at]));
        assert!(last <= begin && begin <= end, "{begin} to {end} after {last}");
        last = end;
    }
    for dispatch in dispatches {
        assert!(number(&dispatch["seconds"]) >= 0.0 && number(&dispatch["bytes"]) > 0.0, "{dispatch}");
        assert!(number(&dispatch["padded_multiply_adds"]) >= number(&dispatch["multiply_adds"]), "{dispatch}");
        assert!(array(dispatch, "modelled_seconds").iter().all(|seconds| number(seconds) > 0.0), "{dispatch}");
    }
    assert!(number(&measured["loading_seconds"]) > 0.0, "{measured}");
    let speed = &measured["speed"];
    let [best, median] = ["best_steps_per_second", "median_steps_per_second"].map(|key| number(&speed[key]));
    assert!(best >= median && median > 0.0 && array(speed, "rounds").len() == 2, "{speed}");
    assert!((number(&speed["best_images_per_second"]) - 6.0 * best).abs() < 1e-6 * best, "{speed}");
    for key in ["copy_bytes_per_second", "multiply_adds_per_second", "product_multiply_adds_per_second"] {
        assert!(number(&measured["ceilings"][key]) > 0.0, "{key}: {measured}");
    }
    // The first event names the process.
    let events = array(&trace, "traceEvents");
    assert_eq!(events.len(), dispatches.len() + 1);
    for (event, dispatch) in events[1..].iter().zip(dispatches) {
        assert_eq!((&event["ph"], &event["name"]), (&Value::from("X"), &dispatch["label"]));
        assert!(number(&event["ts"]) >= 0.0 && number(&event["dur"]) >= 0.0, "{event}");
    }
    report
}

#[test]
fn the_cpu_is_measured_by_the_clock_of_the_host() {
    let report = measured("cpu");
    let measured = &report["measured"];
    assert_eq!((&measured["stopwatch"], &measured["device"]["name"]), (&Value::from("host"), &Value::from("CPU")));
    assert_eq!(measured["device"]["backend"], Value::Null);
}

#[test]
fn adapters_with_timestamps_are_measured_by_them() {
    let Some(adapter) = crate::common::adapter() else { return };
    let report = measured("gpu");
    let measured = &report["measured"];
    assert_eq!(measured["device"]["name"], Value::from(adapter.info.name.clone()));
    let stamps = adapter.features.contains(wgpu::Features::TIMESTAMP_QUERY);
    assert_eq!(measured["stopwatch"], Value::from(if stamps { "timestamps" } else { "host" }));
}

#[test]
fn the_model_runs_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("model.json");
    let output = simvae(&["bench", "--model", "--conv", "--rows", "8", "--json", &file.to_string_lossy()]);
    assert_ends(&output, 0, &["padded", "H100, ms", "conv/transposed"]);
    let report = json(&file);
    assert_eq!((&report["measured"], &report["setting"]["networks"]), (&Value::Null, &Value::from("official-conv")));
    assert!(array(&report, "dispatches").iter().all(|dispatch| dispatch["seconds"].is_null()));
    assert_eq!(array(&report, "cards").len(), 3);
}

#[test]
fn a_shared_step_is_measured_and_modelled() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("members.json");
    let more = ["--device", "cpu", "--members", "1,2,3", "--link", "10,2", "--json", &file.to_string_lossy()];
    let output = simvae(&[&TINY[..], &more[..]].concat());
    assert_ends(&output, 0, &["10.0 us a message, 2.00 GB/s", "rows of each", "times as fast", "efficiency"]);
    let report = json(&file);
    let groups = array(&report, "groups");
    let words = |key: &str| groups.iter().map(|group| number(&group[key])).collect::<Vec<f64>>();
    assert_eq!([words("members"), words("rows")], [[1.0, 2.0, 3.0], [12.0, 6.0, 4.0]]);
    assert_eq!(groups[0]["own_seconds"], report["one_seconds"]);
    assert_eq!([&words("bytes")[..1], &words("meetings")[..1], &words("link_seconds")[..1]], [[0.0]; 3]);
    for group in &groups[1..] {
        let [members, bytes, meetings, link, host] =
            ["members", "bytes", "meetings", "link_seconds", "host_seconds"].map(|key| number(&group[key]));
        // Every weight has a gradient, of four bytes.
        assert!(bytes > 4.0 * 16.0 * 784.0 && meetings >= 1.0 && host > 0.0, "{group}");
        let rounds = 2.0 * members.log2().ceil() * meetings;
        let modelled = rounds * 1e-5 + 2.0 * (members - 1.0) / members * bytes / 2e9;
        assert!((link - modelled).abs() <= 1e-9, "{link} is not {modelled}");
    }
}

#[test]
fn wrong_use_is_refused() {
    let refused = |more: &[&str], words: &[&str]| assert_ends(&simvae(&[&["bench"], more].concat()), 2, words);
    refused(&["--rows", "13"], &["--rows 13", "2 views"]);
    refused(&["--rows", "0"], &["--rows"]);
    refused(&["--seconds", "0"], &["between 0.001 and 600"]);
    refused(&["--model", "--trace", "trace.json"], &["--trace"]);
    refused(&["--conv", "--preset", "quick"], &["--preset"]);
    refused(&["--set", "optm.lr=1"], &["unknown key"]);
    refused(&["--members", "3"], &["--members 3", "batch=N"]);
    refused(&["--members", "0"], &["--members"]);
    refused(&["--members", "2", "--link", "10"], &["`30,1.1`"]);
    refused(&["--link", "ethernet"], &["--members"]);
    refused(&["--members", "2", "--model"], &["--members"]);
    refused(&["--device", "no such card"], &["no such device"]);
    let output = simvae(&["bench", "--model", "--rows", "2", "--json", "/proc/there-is-no-such-folder/bench.json"]);
    assert_ends(&output, if cfg!(target_os = "linux") { 1 } else { 0 }, &[]);
}
