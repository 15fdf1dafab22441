//! What is seen of a run while it trains: its page, the page of all runs, and its table.

use crate::common::ends::{assert_ends, simvae, text, trains};
use crate::common::folders::temporary;
use crate::common::{sprites, stopping};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use wgpu_simvae::device::Device;
use wgpu_simvae::page::file;
use wgpu_simvae::run_folder::metrics::{MetricsLog, Row, metrics_file, table_file};
use wgpu_simvae::train::run;
use wgpu_simvae::{Config, Progress, Recipe, RunOptions};

const SETTINGS: [&str; 8] = [
    "model.hidden=[16]",
    "data.limit=64",
    "batch=8",
    "epochs=2",
    "log.every=3",
    "log.pictures_every=1",
    "judge.every=1",
    "judge.share=0.25",
];

fn config(more: &[&str]) -> Config {
    Config::of(SETTINGS.iter().chain(more)).expect("valid settings")
}

fn page(folder: &Path) -> String {
    std::fs::read_to_string(file(folder)).expect("a page")
}

/// The numbers of a page.
fn numbers(page: &str) -> Value {
    let (_, rest) = page.split_once("id=\"data\">").expect("numbers");
    serde_json::from_str(rest.split_once("</script>").expect("their end").0).expect("JSON")
}

/// The runs that a page lists.
fn listed(page: &str) -> Vec<Value> {
    numbers(page)["runs"].as_array().cloned().unwrap_or_default()
}

/// How a page says that its run is.
fn state(folder: &Path) -> Value {
    numbers(&page(folder))["summary"]["state"]["is"].clone()
}

#[track_caller]
fn assert_alone(page: &str) {
    for outside in ["http:", "https:", "src=\"/", "@import", "fetch("] {
        assert!(!page.contains(outside), "the page asks for something outside its folder: {outside}");
    }
}

#[test]
fn a_run_has_a_page_of_all_that_it_knows() {
    let folder = temporary();
    let out = folder.path().join("run");
    trains(&out, &SETTINGS);
    let (page, rows) = (page(&out), MetricsLog::read(&metrics_file(&out)).expect("metrics"));
    assert_alone(&page);
    let numbers = numbers(&page);
    assert_eq!(state(&out), "finished");
    assert_eq!((&numbers["summary"]["step"], &numbers["summary"]["total"]), (&12.into(), &12.into()));
    let group = |title: &str| {
        let groups = numbers["groups"].as_array().expect("groups");
        groups.iter().find(|group| group["title"] == title).expect("a group").clone()
    };
    let curve = |row: fn(&Row) -> Option<f64>| -> Vec<(u64, f32)> {
        rows.iter().filter_map(|found| Some((found.step, row(found)? as f32))).collect()
    };
    let drawn = |group: &Value, name: &str| -> Vec<(u64, f32)> {
        let [steps, values] = [&group["step"], &group["curves"][name]].map(|all| all.as_array().expect("numbers"));
        let point = |(step, value): (&Value, &Value)| Some((step.as_u64()?, value.as_f64()? as f32));
        steps.iter().zip(values).filter_map(point).collect()
    };
    assert_eq!(drawn(&group("Losses"), "total"), curve(|row| row.losses.get("total").copied()));
    assert_eq!(drawn(&group("Judges"), "knn"), curve(|row| row.judged.get("knn").copied()));
    assert_eq!(numbers["map"]["points"].as_array().map(Vec::len), Some(512));
    assert_eq!(numbers["pictures"], serde_json::json!([1, 2].map(|n| format!("reconstructions/epoch-000{n}.png"))));
    for part in ["epochs = 2", "<h1>simvae on sprites", "accuracy of a linear probe", "href=\"../index.html\""] {
        assert!(page.contains(part), "{part}");
    }
    assert!(!page.contains("http-equiv"), "what is over is not loaded anew");

    // Its folder's page tells the same in a line.
    let all = std::fs::read_to_string(file(folder.path())).expect("a page");
    assert_alone(&all);
    assert!(all.contains("<a href=\"run/index.html\">run</a>"));
    assert_eq!(listed(&all)[0]["summary"], numbers["summary"]);
}

/// Reads the page as soon as there is one, and asks the run to stop.
struct Looks<'a>(Option<(PathBuf, String)>, &'a AtomicBool);

impl Progress for Looks<'_> {
    fn page(&mut self, path: &Path) {
        self.0 = Some((path.to_owned(), std::fs::read_to_string(path).expect("a page")));
        self.1.store(true, Ordering::Relaxed);
    }
}

#[test]
fn a_page_says_whether_its_run_goes_on() {
    let folder = temporary();
    let out = folder.path().join("run");
    let (config, data, device) = (config(&[]), sprites("sprites", 64, 40), Device::cpu());
    // As `load_data` would, without what is held out for judges.
    let config = Config { judge: Default::default(), ..config };
    let stop = AtomicBool::new(false);
    let mut looks = Looks(None, &stop);
    let recipe = Recipe::new(&config).expect("a recipe");
    let options = RunOptions::new(&out);
    let report = run(&recipe, &data, &device, &options, &mut looks, &stop).expect("it trains");
    assert!(report.interrupted);
    let (path, first) = looks.0.expect("it was told of its page");
    assert_eq!(path, file(&out));
    assert_eq!(numbers(&first)["summary"]["state"]["is"], "running");
    assert!(first.contains("http-equiv=\"refresh\""), "without scripts it loads itself anew, too");
    assert_eq!(state(&out), "interrupted");
    stopping::train(&config, &data, &device, &out, true, None);
    assert_eq!(state(&out), "finished");
    // Trained to its end already, it still shows all that it knows.
    let before = numbers(&page(&out));
    stopping::train(&config, &data, &device, &out, true, None);
    let after = numbers(&page(&out));
    for part in ["groups", "map", "pictures"] {
        assert_eq!(before[part], after[part], "{part}");
    }
    let diverging = folder.path().join("diverging");
    let config = Config { method: "vae".to_owned(), views: 1, epochs: 20, ..config };
    let config = config.changed(&["optim.lr=100".to_owned()]).expect("valid settings");
    let recipe = Recipe::new(&config).expect("a recipe");
    run(&recipe, &data, &device, &RunOptions::new(&diverging), &mut Looks(None, &stop), &AtomicBool::new(false))
        .expect_err("it diverges");
    assert_eq!(state(&diverging), "failed");
    assert!(page(&diverging).contains("It began at step"));
}

#[test]
fn pages_of_others_stay_and_only_runs_are_listed() {
    let folder = temporary();
    let small = ["judge.every=0", "judge.share=0", "epochs=1", "log.every=8"];
    let trains = |name: &str| trains(&folder.path().join(name), &[&SETTINGS[..], &small].concat());
    let at = |name: &str| folder.path().join(name);
    // Beside something else, no page of runs is made.
    std::fs::write(at("notes.txt"), "mine").expect("a file");
    trains("a");
    assert!(file(&at("a")).exists() && !file(folder.path()).exists());
    std::fs::remove_file(at("notes.txt")).expect("it goes");
    trains("b");
    let names = || -> Vec<String> {
        let all = listed(&page(folder.path()));
        let mut names: Vec<String> = all.iter().filter_map(|run| Some(run["name"].as_str()?.to_owned())).collect();
        names.sort();
        names
    };
    assert_eq!(names(), ["a", "b"]);
    // Once there is one, it is kept, whatever comes beside it; damaged pages are no runs.
    std::fs::write(at("notes.txt"), "mine").expect("a file");
    std::fs::write(file(&at("a")), page(&at("a")).replace("\"summary\"", "\"summery\"")).expect("a page");
    trains("c d");
    assert_eq!(names(), ["b", "c d"]);
    assert!(page(folder.path()).contains("<a href=\"c%20d/index.html\">c d</a>"));
    // Somebody else's pages are never touched.
    for place in [file(folder.path()), at("e/index.html")] {
        std::fs::create_dir_all(place.parent().expect("a folder")).expect("a folder");
        std::fs::write(&place, "<html>mine</html>").expect("a page");
    }
    let theirs = format!("{}: somebody else's", at("e").join("index.html").display());
    assert_ends(&trains("e"), 0, &[&theirs]);
    for place in [file(folder.path()), at("e/index.html")] {
        assert_eq!(std::fs::read_to_string(place).expect("a page"), "<html>mine</html>");
    }
}

#[test]
fn a_verdict_stands_on_the_page_of_its_run() {
    let folder = temporary();
    let [out, other] = ["run", "other"].map(|name| folder.path().join(name));
    trains(&out, &SETTINGS);
    trains(&other, &SETTINGS);
    let run = out.to_string_lossy();
    let before = numbers(&page(&out));
    assert!(before["verdict"].is_null() && !page(folder.path()).contains("eval: "));
    let judges = ["eval", &run, "--device", "cpu", "--probe-epochs", "1", "--mixture-starts", "1"];
    assert_ends(&simvae(&judges), 0, &["k-NN"]);

    let found: Value = serde_json::from_slice(&std::fs::read(out.join("eval.json")).expect("a verdict")).expect("JSON");
    let knn = found["verdict"]["content"]["knn_euclidean"]["accuracy"].as_f64().expect("a score");
    let (shown, after) = (page(&out), numbers(&page(&out)));
    assert_alone(&shown);
    assert_eq!(after["verdict"]["step"], 12);
    let in_words = format!("<tr><td>k-NN</td><td>{:.2} %</td></tr>", 100.0 * knn);
    for part in ["<h2>Verdict</h2>", "after step 12.", &in_words, "squared error of a pixel", "<h2>This run</h2>"] {
        assert!(shown.contains(part), "{part} is missing from {shown}");
    }
    for part in ["summary", "groups", "map", "pictures", "facts"] {
        assert_eq!(before[part], after[part], "{part}");
    }
    // The page of all runs has columns of it, in which the other run has nothing.
    let all = page(folder.path());
    for part in
        ["<th>eval: k-NN</th><th>eval: linear</th>", &format!("<td data-value=\"{knn}\">"), "<td>–</td><td>–</td>"]
    {
        assert!(all.contains(part), "{part} is missing from {all}");
    }
    // It stays, with its step, while the run goes on; a page of somebody else's stays what it is.
    assert_ends(&simvae(&["train", "--device", "cpu", "--resume", "--epochs", "3", "--out", &run]), 0, &[]);
    assert_eq!(numbers(&page(&out))["verdict"], after["verdict"]);
    std::fs::write(file(&out), "<html>mine</html>").expect("a page");
    assert_ends(&simvae(&judges), 0, &["k-NN"]);
    assert_eq!(page(&out), "<html>mine</html>");
}

#[test]
fn the_table_has_the_rows_of_the_metrics_after_a_resume_too() {
    let folder = temporary();
    let out = folder.path().join("run");
    trains(&out, &SETTINGS);
    let assert_equal = || {
        let table = std::fs::read_to_string(table_file(&out)).expect("a table");
        let lines: Vec<Vec<&str>> = table.lines().map(|line| line.split(',').collect()).collect();
        let rows = MetricsLog::read(&metrics_file(&out)).expect("metrics");
        assert_eq!(lines.len(), 1 + rows.len());
        for (row, cells) in rows.iter().zip(&lines[1..]) {
            let cell = |name: &str| cells[lines[0].iter().position(|head| *head == name).expect("a column")];
            let score = row.judged.get("knn").map(f64::to_string).unwrap_or_default();
            assert_eq!((cell("step"), cell("judged.knn")), (row.step.to_string().as_str(), score.as_str()));
            assert_eq!(cell("total").parse::<f64>().ok(), row.losses.get("total").copied());
        }
    };
    assert_equal();
    let (_, last) = wgpu_simvae::run_folder::checkpoint::list(&out).expect("a listing").pop().expect("a checkpoint");
    std::fs::remove_dir_all(last).expect("it goes");
    std::fs::write(table_file(&out), "damaged").expect("a file");
    let run = out.to_string_lossy();
    let resumed = simvae(&["train", "--device", "cpu", "--resume", "--epochs", "3", "--out", &run]);
    assert_ends(&resumed, 0, &["at step 6"]);
    assert_equal();
    assert_ends(&simvae(&["check", &run]), 0, &[]);
}

#[cfg(target_os = "linux")]
#[test]
fn a_browser_opens_the_page_and_is_not_needed() {
    use std::os::unix::fs::PermissionsExt;
    let folder = temporary();
    let browser = folder.path().join("bin/xdg-open");
    let seen = folder.path().join("seen");
    std::fs::create_dir(folder.path().join("bin")).expect("a folder");
    let train = |out: &str| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_wgpu-simvae"));
        command.args(["train", "--device", "cpu", "--open", "--out", out]);
        command.args(SETTINGS.iter().flat_map(|set| ["--set", set]));
        command.current_dir(folder.path()).env("PATH", folder.path().join("bin")).output().expect("it starts")
    };
    let without = train("first");
    assert_ends(&without, 0, &["first/index.html", "warning: no browser could be opened"]);
    std::fs::write(&browser, format!("#!/bin/sh\necho \"$@\" > {0}.new\n/bin/mv {0}.new {0}\n", seen.display()))
        .and_then(|()| std::fs::set_permissions(&browser, std::fs::Permissions::from_mode(0o755)))
        .expect("a script");
    let output = train("second");
    assert!(output.status.success() && !text(&output).contains("no browser"), "{}", text(&output));
    // The browser goes its own way; it was started before the first step.
    while !seen.exists() {
        std::thread::yield_now();
    }
    let opened = std::fs::read_to_string(&seen).expect("what was opened");
    assert_eq!(Path::new(opened.trim()), file(&folder.path().join("second")));
}
