//! The page that trains in a browser: what its folder holds, and a visit of it in Chromium (`tests/page/drive.mjs`), as a user would.

use crate::browser::driver::script;
use crate::common::ends::{simvae, trains};
use crate::common::folders::assert_words;
use crate::common::served::Served;
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
#[cfg(unix)]
use std::{net::TcpStream, process::Command, time::Duration};

/// Bytes of the page without weights, at most.
const LARGEST: u64 = 300_000;

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

fn plans(folder: &Path) -> Value {
    let text = std::fs::read(folder.join("plans.json")).expect("the list of plans");
    serde_json::from_slice(&text).expect("JSON")
}

/// A folder as text for a command line.
fn text(path: &Path) -> &str {
    path.to_str().expect("a name in UTF-8")
}

#[test]
fn the_folder_is_small_and_whole_and_is_served_to_this_machine_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("page");
    let served = Served::start(&["web", "--serve", "--out", text(&out)]);

    let of_weights = |path: &PathBuf| path.starts_with(out.join("weights"));
    let rest: Vec<PathBuf> = files(&out).into_iter().filter(|path| !of_weights(path)).collect();
    let bytes: u64 = rest.iter().map(|path| path.metadata().expect("a file").len()).sum();
    println!("{bytes} bytes without weights");
    assert!(bytes < LARGEST, "{bytes} bytes in {rest:?}");

    // Every file that a page or the list names is there.
    let list = plans(&out);
    let entries = list["plans"].as_array().expect("plans").iter();
    for entry in entries.chain(list["sprites"].as_object().expect("sprites").values()) {
        let named = entry["files"].as_object().expect("files").values().chain([&entry["plan"]]);
        for name in named {
            assert!(out.join(name.as_str().expect("a name")).is_file(), "{name}");
        }
    }
    let outside = |path: &&PathBuf| {
        let text =
            String::from_utf8_lossy(&std::fs::read(path).expect("a file")).replace("http://www.w3.org/2000/svg", "");
        text.contains("http://") || text.contains("https://") || text.contains("//cdn")
    };
    let own = rest.iter().filter(|path| path.extension().is_some_and(|end| end != "gz" && end != "json"));
    assert_eq!(own.filter(outside).collect::<Vec<_>>(), Vec::<&PathBuf>::new(), "addresses of others");

    assert_words(
        &served.ask("GET / HTTP/1.1\r\nHost: HOST\r\n\r\n"),
        &["200 OK", "text/html", "Content-Security-Policy"],
    );
    assert_words(&served.ask("GET /page/main.js HTTP/1.1\r\nHost: HOST\r\n\r\n"), &["200 OK", "text/javascript"]);
    assert_words(&served.ask("HEAD /plans.json HTTP/1.1\r\nHost: localhost\r\n\r\n"), &["200 OK", "application/json"]);
    for path in ["/../Cargo.toml", "/nothing", "//etc/passwd", "/page"] {
        assert_words(&served.ask(&format!("GET {path} HTTP/1.1\r\nHost: HOST\r\n\r\n")), &["404"]);
    }
    assert_words(&served.ask("GET / HTTP/1.1\r\nHost: example.org\r\n\r\n"), &["403"]);
    assert_words(&served.ask("POST / HTTP/1.1\r\nHost: HOST\r\n\r\n"), &["405"]);
    assert_words(&served.ask("\r\n\r\n"), &["403"]);
}

/// The step of a run that the page is to begin with.
const STEP: &str = "50";

/// Trains a small model.
fn trained(run: &Path) {
    let set = [
        "optim.schedule=constant",
        "data.limit=400",
        "model.hidden=[32]",
        "model.latent=4",
        "batch=8",
        "views=2",
        "log.keep_checkpoints=100",
    ];
    trains(run, &[&["data.name=sprites", "epochs=60", "steps=0"][..], &set].concat());
}

#[test]
fn it_begins_with_a_run_which_a_later_page_takes_away() {
    let folder = tempfile::tempdir().expect("a folder");
    let [run, out, fresh] = ["run", "page", "fresh"].map(|name| folder.path().join(name));
    trained(&run);
    let output = simvae(&["web", "--run", text(&run), "--checkpoint", STEP, "--out", text(&out)]);
    assert!(output.status.success(), "{output:?}");
    let list = plans(&out);
    let first = &list["plans"][0];
    assert_eq!((first["title"].as_str(), first["sprites"].as_str()), (Some("Run run"), Some("run")), "{first}");
    assert_eq!((first["clock"][0].as_u64(), first["variance"].as_f64()), (Some(50), Some(0.15)), "{first}");
    for name in ["model.safetensors", "optimizer.safetensors"] {
        assert!(first["files"][name].is_string(), "{first}");
    }
    assert!(first["files"]["data.safetensors"].is_null(), "the browser draws sprites");

    // Nothing of the run is hosted with a page without it; what is no page's stays.
    let own = ["plans/own.json.gz", "weights/notes.txt", "weights/0123456789abcdef.safetensors"];
    own.iter().for_each(|name| std::fs::write(out.join(name), "own").expect("a file"));
    for folder in [&out, &fresh] {
        let output = simvae(&["web", "--out", text(folder)]);
        assert!(output.status.success(), "{output:?}");
    }
    let names = |folder: &Path| -> BTreeSet<PathBuf> {
        files(folder).iter().map(|path| path.strip_prefix(folder).expect("inside").to_owned()).collect()
    };
    let wanted = names(&fresh).into_iter().chain(own.map(PathBuf::from)).collect();
    assert_eq!(names(&out), wanted);
}

#[test]
fn it_wants_to_be_told_where_to_go() {
    let output = simvae(&["web"]);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert_words(&String::from_utf8_lossy(&output.stderr), &["--out", "--serve"]);
}

#[test]
fn a_visit() {
    if std::env::var_os("WGPU_SIMVAE_SKIP_GPU_TESTS").is_some() {
        println!("WGPU_SIMVAE_SKIP_GPU_TESTS is set: not run in a browser");
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let [run, out, saved] = ["run", "page", "saved"].map(|name| folder.path().join(name));
    trained(&run);
    let served = Served::start(&["web", "--serve", "--out", text(&out), "--run", text(&run), "--checkpoint", STEP]);
    // Weights of another method, which the page is to refuse.
    let list = plans(&out);
    let other =
        list["plans"].as_array().expect("plans").iter().find(|entry| entry["name"] == "simclr").expect("SimCLR");
    let other = out.join(other["files"]["model.safetensors"].as_str().expect("weights"));
    std::fs::create_dir(&saved).expect("a folder");
    std::fs::copy(other, saved.join("other.safetensors")).expect("a file");

    let told = script("tests/page/drive.mjs", &[served.address.as_ref(), saved.as_ref()]);
    let seen: Value = serde_json::from_str(&told).expect("a line of JSON");
    println!("{seen}");

    assert_eq!(seen["console"], Value::Array(Vec::new()), "nothing to complain of");
    assert_eq!(seen["requests"], serde_json::json!([served.address.trim_end_matches('/')]), "only its own files");
    assert_words(seen["policy"].as_str().expect("a policy"), &["default-src 'none'", "connect-src 'self'"]);
    assert_eq!(seen["outside"], "refused");
    let losses: Vec<f64> = serde_json::from_value(seen["losses"].clone()).expect("losses");
    assert!(losses[1] < losses[0], "it learns: {losses:?}");
    assert!(seen["steps"][0].as_f64() > Some(50.0), "it goes on where the run stood: {}", seen["steps"]);
    assert_eq!(seen["paused"], 0, "it pauses");
    assert_eq!(seen["pictures"], 3, "a slider and another image draw something else");
    assert_words(seen["own"].as_str().expect("a sentence"), &["1 picture of yours"]);
    assert_words(seen["mnist"][0].as_str().expect("a sentence"), &["90 images of yours"]);
    assert_eq!(seen["mnist"][1], "0 1 2", "the digits are its classes");
    assert_words(seen["otherWeights"].as_str().expect("a sentence"), &["other.safetensors", "the plan wants"]);

    let late = &seen["late"];
    assert_eq!(late["console"], Value::Array(Vec::new()), "nothing to complain of");
    assert_eq!(late["begins"], "1", "weights that come while it trains begin at the first step");
    assert_eq!(late["told"], Value::Array(Vec::new()), "what fails of a closed model concerns nobody");
    assert_words(late["kept"].as_str().expect("a sentence"), &["trains in this browser"]);

    let looks = &seen["looks"];
    assert_eq!(looks["console"], Value::Array(Vec::new()), "nothing to complain of");
    assert_eq!(
        looks["order"],
        serde_json::json!(["method", "setting", "go", "reset", "principal", "another"]),
        "{looks}"
    );
    assert_eq!(looks["kept"], "reset", "what was used by the keyboard keeps the focus");
    assert_eq!((looks["overflow"].as_i64(), &looks["outside"]), (Some(0), &Value::Array(Vec::new())), "{looks}");
    assert_eq!(looks["themes"], serde_json::json!([true, true, true]), "chart, map and page follow the theme");
    assert_words(looks["dropped"].as_str().expect("a sentence"), &["2 pictures of yours, 1 file was passed over"]);
    assert_eq!(looks["classes"], "cats dogs", "folders are classes");
    assert_words(looks["many"].as_str().expect("a sentence"), &["257 folders", "at most 256 classes"]);

    let ends = |name: &str| &seen["ends"][name];
    assert_words(ends("run")["sentence"].as_str().expect("a sentence"), &["52 steps", "Go on trains as many again"]);
    assert_eq!(ends("run")["offered"], "Go on");
    assert!(ends("run")["went"].as_i64() >= Some(10), "{}", seen["ends"]);
    assert_words(ends("simvae")["sentence"].as_str().expect("a sentence"), &["2 steps", "zero: Reset begins anew"]);
    assert_eq!(ends("simvae")["disabled"], true);

    let refusals = [
        ("version", ["plan.json", "version 9", "write the page anew with `wgpu-simvae web`"]),
        ("truncated", ["run.json.gz", "end is missing", "write the page anew"]),
        ("short", ["plan.json", "not a whole plan", "write the page anew"]),
        ("missing", ["weights/", "does not answer", "."]),
        ("limits", ["needs", "offers 1.0 MiB", "choose other settings"]),
        ("browser", ["no WebGPU", "Firefox", "Safari"]),
        ("lost", ["graphics device was lost", "what was saved is safe", "load the page again"]),
    ];
    for (what, words) in refusals {
        let refusal = &seen["refusals"][what];
        assert_words(refusal["sentence"].as_str().unwrap_or_default(), &words);
        assert_eq!(refusal["errors"], Value::Array(Vec::new()), "{what}: an error that the page does not tell");
    }

    // The command line reads what the browser trained.
    let [model, settings, run] = ["model.safetensors", "settings.toml", "imported"].map(|name| saved.join(name));
    let import = simvae(&["import", text(&model), "--config", text(&settings), "--out", text(&run)]);
    assert!(import.status.success(), "{import:?}");
    let few = ["--probe-epochs", "1", "--mixture-starts", "1"];
    let eval = simvae(&[&["eval", text(&run), "--device", "cpu"][..], &few].concat());
    assert!(eval.status.success(), "{eval:?}");
}

/// A machine that has no room for more connections takes the next when there is.
#[test]
#[cfg(unix)]
fn connections_that_cannot_be_taken_do_not_end_it() {
    let command = format!("ulimit -n 40; exec '{}' web --serve", env!("CARGO_BIN_EXE_wgpu-simvae"));
    let served = Served::run(Command::new("sh").args(["-c", &command]));
    let page = "GET / HTTP/1.1\r\nHost: HOST\r\n\r\n";
    let many: Vec<TcpStream> = (0..60).map(|_| served.connect()).collect();
    std::thread::sleep(Duration::from_millis(300));
    drop(many);
    assert_words(&served.ask(page), &["200 OK"]);
}
