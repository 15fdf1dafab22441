//! A comparison shared by several processes in one folder, or by several devices in one process: every row is judged once, and the report
//! is that of one process alone.

use crate::common::ends::{assert_ends, text};
use crate::common::files::files_of;
use crate::common::wait_for;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use wgpu_simvae::compare::{Compared, Results, report, row_folder};

/// Small settings, and judges that take no time.
const TINY: [&str; 7] = [
    "model.hidden=[16]",
    "model.latent=4",
    "data.limit=64",
    "batch=8",
    "views=2",
    "log.every=20",
    "log.checkpoint_every=5",
];
const JUDGES: [&str; 4] = ["--probe-epochs", "1", "--mixture-starts", "1"];

/// `compare` into a folder; `words` come first, and `steps` are of each row.
fn command(words: &[&str], out: &Path, steps: u32) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wgpu-simvae"));
    command.arg("compare").args(words).arg("--out").arg(out).args(["--steps", &steps.to_string()]);
    command.args(TINY.iter().flat_map(|set| ["--set", set])).args(JUDGES);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn compare(words: &[&str], out: &Path, steps: u32) -> Output {
    command(words, out, steps).output().expect("the command starts")
}

/// The rows that a process said it took, in their order.
fn taken(output: &Output) -> Vec<String> {
    let rows = text(output);
    let rows = rows.lines().filter_map(|line| line.split_once("] ").filter(|(number, _)| number.contains('[')));
    rows.map(|(_, row)| row.to_owned()).collect()
}

/// How many rows were judged, by what their judges say.
fn judged(output: &Output) -> usize {
    text(output).matches("nearest neighbours").count()
}

/// The rows that a process claims and has checkpoints of, but no verdict.
fn in_work(out: &Path, process: u32) -> Vec<PathBuf> {
    let name = format!("process {process} on ");
    let claims = |row: &Path| {
        let files = std::fs::read_dir(row).into_iter().flatten().flatten().map(|entry| entry.path());
        let claims =
            files.filter(|file| file.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b".claim")));
        claims.filter_map(|claim| std::fs::read_to_string(claim).ok()).any(|claim| claim.contains(&name))
    };
    let begun = |row: &Path| wgpu_simvae::run_folder::checkpoint::list(row).is_ok_and(|all| !all.is_empty());
    let rows = std::fs::read_dir(out).into_iter().flatten().flatten().map(|entry| entry.path());
    rows.filter(|row| claims(row) && begun(row) && !row.join("eval.json").exists()).collect()
}

#[cfg(unix)]
fn signal(child: &Child, signal: i32) {
    // SAFETY: a signal to a child that has not been waited for.
    assert_eq!(unsafe { libc::kill(child.id() as i32, signal) }, 0);
}

/// Stops a process in the middle of the training of a row, at a moment after its first checkpoint, and returns the row.
#[cfg(unix)]
fn halt_in_training(child: &Child, out: &Path) -> PathBuf {
    wait_for("a row that trains", || {
        in_work(out, child.id()).pop()?;
        signal(child, libc::SIGSTOP);
        // What it is at does not change any more.
        let row = in_work(out, child.id()).pop();
        if row.is_none() {
            signal(child, libc::SIGCONT);
        }
        row
    })
}

/// A page without the seconds at which its curves have points.
fn timeless(page: &str) -> String {
    const SECONDS: &str = "\"seconds\":[";
    let parts = page.split(SECONDS).enumerate();
    let kept = parts.map(|(at, part)| if at == 0 { part } else { part.split_once(']').expect("a list").1 });
    kept.collect::<Vec<_>>().join(SECONDS)
}

/// What a comparison tells at its end, made anew from its results and its rows' folders, where seconds may be left out.
fn told(out: &Path, seconds: bool) -> BTreeMap<&'static str, String> {
    let read =
        |path: PathBuf| std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let Results { mut runs, differences } = serde_json::from_str(&read(out.join("results.json"))).expect("results");
    if !seconds {
        runs.iter_mut().filter_map(|run| run.budget.as_mut()).for_each(|budget| budget.seconds = 0.0);
    }
    let folders = runs.iter().map(|run| row_folder(out, &run.row(), run.seed as u32)).collect();
    let compared = Compared { judged: runs.clone(), folders, ..Compared::default() };
    let folder = tempfile::tempdir().expect("a folder");
    report::write(&compared, folder.path()).expect("a report");
    let results = serde_json::to_string_pretty(&Results { runs, differences }).expect("JSON");
    let page = |name: &str| read(folder.path().join(name));
    let report = if seconds { page("report.html") } else { timeless(&page("report.html")) };
    [("tables.md", page("tables.md")), ("report.html", report), ("results.json", results)].into()
}

/// The report of a comparison is there as a whole: as it is when it is made anew.
fn assert_whole(out: &Path) {
    for (name, text) in told(out, true) {
        assert!(
            std::fs::read(out.join(name)).expect(name) == text.into_bytes(),
            "{name} is not the report of these rows"
        );
    }
    let hidden = |path: &PathBuf| path.iter().any(|part| part.as_encoded_bytes().starts_with(b".") && part != ".");
    let left: Vec<PathBuf> =
        files_of(out).into_keys().filter(|path| hidden(&path.strip_prefix(out).expect("inside").to_owned())).collect();
    assert!(left.is_empty(), "claims, locks or drafts are left: {left:?}");
}

/// The lines of docs/cluster.md that compare, as their words between the program's name and what follows `:::`.
fn documented() -> Vec<Vec<String>> {
    let page = include_str!("../../docs/cluster.md").replace("\\\n", " ");
    let blocks = page.split("```sh").skip(1).filter_map(|rest| rest.split("```").next());
    let lines = blocks.flat_map(str::lines).filter_map(|line| line.split_once("wgpu-simvae compare "));
    let words = |line: &str| {
        line.replace('"', "").split_whitespace().take_while(|word| *word != ":::").map(str::to_owned).collect()
    };
    lines.map(|(_, line)| words(line)).collect()
}

/// Words without an option and its value.
fn without(words: &[String], option: &str) -> Vec<String> {
    let at = words.iter().position(|word| word == option).unwrap_or_else(|| panic!("{option} is not in {words:?}"));
    [&words[..at], &words[at + 2..]].concat()
}

fn as_text(words: &[String]) -> Vec<&str> {
    words.iter().map(String::as_str).collect()
}

#[test]
fn the_page_about_clusters_shows_commands_that_there_are() {
    let all = documented();
    assert_eq!(all.len(), 5, "{all:?}");
    let folder = tempfile::tempdir().expect("a folder");
    for words in all {
        let words: Vec<String> = words.iter().map(|word| word.replace("$1", "sprites")).collect();
        let words = without(&words, "--out");
        // Refused for the device alone, whose choice follows all that concerns the words.
        let output = compare(&[&as_text(&words)[..], &["--device", "nosuch"]].concat(), &folder.path().join("out"), 1);
        assert_ends(&output, 2, &["--device nosuch: no such device"]);
    }
}

#[cfg(unix)]
#[test]
fn four_processes_share_the_rows_also_when_one_is_killed() {
    let folder = tempfile::tempdir().expect("a folder");
    let (together, alone) = (folder.path().join("together"), folder.path().join("alone"));
    let words = documented().into_iter().find(|words| !words.contains(&"--no-wait".to_owned())).expect("a line");
    let words = without(&words, "--out");
    let words = [&as_text(&words)[..], &["--device", "cpu"]].concat();
    let start = || command(&words, &together, STEPS).spawn().expect("the command starts");
    let mut killed = start();
    let row = halt_in_training(&killed, &together);
    let others = [start(), start(), start()];
    killed.kill().expect("it is there");
    let killed = killed.wait_with_output().expect("its output");
    let others = others.map(|child| child.wait_with_output().expect("its output"));

    let name = |row: &Path| row.file_name().expect("a name").to_string_lossy().replace("-seed-", ", seed ");
    let first = taken(&killed);
    assert_eq!(first.last(), Some(&name(&row)), "it was killed at work on {}", row.display());
    let mut rows = first[..first.len() - 1].to_vec();
    for output in &others {
        assert_ends(output, 0, &["| simvae ", "report.html"]);
        assert_eq!(judged(output), taken(output).len(), "{}", text(output));
        rows.extend(taken(output));
    }
    rows.sort();
    let methods = ["simclr", "simvae", "vae", "vicreg"];
    let every: Vec<String> =
        methods.iter().flat_map(|name| [0, 1].map(|seed| format!("{name}, seed {seed}"))).collect();
    assert_eq!(rows, every, "each row was judged once, by one process");
    assert!(others.iter().any(|output| text(output).contains("resumed from")), "one went on where the killed one was");

    assert_whole(&together);
    assert_ends(&compare(&words, &alone, STEPS), 0, &[]);
    assert!(told(&together, false) == told(&alone, false), "the report is that of one process alone");
    let before = files_of(&together);
    let last = compare(&words, &together, STEPS);
    assert_ends(&last, 0, &["8 of 8 rows are done already", "| simvae "]);
    assert!(taken(&last).is_empty() && files_of(&together) == before, "who finds nothing left writes the same report");
}

/// Steps of a row that trains for some moments.
const STEPS: u32 = 400;

#[cfg(unix)]
#[test]
fn who_finds_no_row_free_leaves_or_waits_and_who_compares_otherwise_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("out");
    let words = ["--device", "cpu", "--methods", "vae"];
    let first = command(&words, &out, STEPS).spawn().expect("the command starts");
    let row = halt_in_training(&first, &out);

    let both = ["--device", "cpu", "--methods", "random,vae"];
    let left = compare(&[&both[..], &["--no-wait"]].concat(), &out, STEPS);
    assert_ends(&left, 0, &["[1/2] random, seed 0", "1 row is left to other processes"]);
    assert!(!out.join("report.html").exists() && taken(&left).len() == 1);
    let other = compare(&[&both[..], &["--set", "optim.lr=0.5"]].concat(), &out, STEPS);
    assert_ends(&other, 2, &["optim.lr = 0.5", "--out"]);
    let train = ["train", "--device", "cpu", "--out", &out.to_string_lossy()].map(str::to_owned);
    assert_ends(&crate::common::ends::simvae(&as_text(&train)), 2, &["is at work in this folder"]);

    // Another waits, until the first gives up its row.
    let second = command(&both, &out, STEPS).spawn().expect("the command starts");
    signal(&first, libc::SIGTERM);
    signal(&first, libc::SIGCONT);
    assert_ends(&first.wait_with_output().expect("its output"), 130, &["the same command goes on"]);
    let second = second.wait_with_output().expect("its output");
    assert_ends(&second, 0, &["1 of 2 rows are done already", "[2/2] vae, seed 0", "resumed from", "report.html"]);
    assert!(row.join("eval.json").exists());
    assert_whole(&out);
}

#[cfg(unix)]
#[test]
fn devices_share_the_rows_and_an_interrupt_stops_them_all() {
    let folder = tempfile::tempdir().expect("a folder");
    // Long enough for an interrupt while two rows train.
    let steps = 1000;
    let (two, one) = (folder.path().join("two"), folder.path().join("one"));
    let words = |device| ["--methods", "simvae,vae,vicreg", "--device", device];
    let child = command(&words("cpu,cpu"), &two, steps).spawn().expect("the command starts");
    let rows = wait_for("two rows that train", || Some(in_work(&two, child.id())).filter(|rows| rows.len() == 2));
    signal(&child, libc::SIGTERM);
    let stopped = child.wait_with_output().expect("its output");
    assert_ends(&stopped, 130, &["device cpu: native", "device cpu#2: native", "cpu    [", "cpu#2  [", "interrupted"]);
    for row in rows {
        assert!(!wgpu_simvae::run_folder::checkpoint::list(&row).expect("a listing").is_empty());
    }
    let again = compare(&words("cpu, cpu"), &two, steps);
    assert_ends(&again, 0, &["resumed from", "| simvae ", "report.html"]);
    assert_whole(&two);
    assert_ends(&compare(&words("cpu"), &one, steps), 0, &[]);
    assert!(told(&two, false) == told(&one, false), "two devices give the rows of one");
}

#[test]
fn adapters_share_the_rows_and_give_those_of_one() {
    if crate::common::adapter().is_none() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let [two, one] = ["0,0", "0"].map(|devices| {
        let out = folder.path().join(devices);
        assert_ends(&compare(&["--methods", "vae,vicreg", "--device", devices], &out, 8), 0, &["report.html"]);
        out
    });
    assert!(told(&two, false) == told(&one, false));
    // Rows of different devices are rows of one comparison, each its device's.
    let mixed = folder.path().join("mixed");
    assert_ends(&compare(&["--methods", "vae,vicreg", "--device", "0,cpu"], &mixed, 8), 0, &["report.html"]);
    assert_whole(&mixed);
}

#[test]
fn devices_that_are_not_there_are_refused_before_anything_begins() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("out");
    let refused = |devices: &str, words: &[&str]| {
        assert_ends(&compare(&["--methods", "vae", "--device", devices], &out, 1), 2, words);
        assert!(!out.exists(), "{devices}: something was written");
    };
    refused("cpu,", &["--device", "a device is `auto`, `gpu`, `cpu`, a number or part of an adapter's name"]);
    refused(",", &["--device", "a device is"]);
    refused("cpu,,cpu", &["--device", "a device is"]);
    refused("cpu,99", &["--device 99: no such device"]);
    refused("nosuch,cpu", &["--device nosuch: no such device"]);
}

#[cfg(unix)]
#[test]
fn an_error_on_one_device_ends_the_others_and_names_it_and_its_row() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("out");
    std::fs::create_dir(&out).expect("a folder");
    std::os::unix::fs::symlink("/nowhere/at/all", out.join("simvae-seed-0")).expect("a link");
    let words = ["--methods", "vae,simvae", "--device", "cpu,cpu"];
    let output = compare(&words, &out, STEPS);
    assert_ends(&output, 1, &["error: cpu", ", simvae, seed 0: ", "simvae-seed-0", "the same command goes on"]);
    assert!(!out.join("report.html").exists());
    std::fs::remove_file(out.join("simvae-seed-0")).expect("a link");
    assert_ends(&compare(&words, &out, STEPS), 0, &["report.html"]);
    assert_whole(&out);
}
