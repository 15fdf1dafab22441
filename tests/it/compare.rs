//! The judges of a run and the comparison of methods: what they write, that they go on, and what they refuse.

use crate::common::ends::{assert_ends, simvae, text};
use serde_json::{Value, json};
use std::path::Path;
use std::process::Output;
use wgpu_simvae::compare::{Budget, JudgedRun, Results, Table, tables};
use wgpu_simvae::eval::judges::{Bound, HeldOut, Likelihood, LinearProbe, Prior, Reconstruction, Style};

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

/// The runs of a comparison.
fn results(json: &str) -> Vec<JudgedRun> {
    serde_json::from_str::<Results>(json).expect("results").runs
}

/// Holds the differences for programs against those that people see.
fn assert_as_shown(results: &Results, tables: &[Table]) {
    let shown = tables.iter().filter(|table| table.title.contains("differences"));
    let cells = shown.flat_map(|table| &table.rows).flat_map(|(_, cells)| cells).filter(|cell| cell.text.contains('±'));
    assert_eq!(cells.count(), results.differences.len());
    for found in &results.differences {
        let title = format!("{}, differences from {}", found.table, found.against);
        let table = tables.iter().find(|table| table.title == title).expect("a table");
        let row = |name: &str| name == found.row || name.starts_with(&format!("{} ", found.row));
        let (_, cells) = table.rows.iter().find(|(name, _)| row(name)).expect("a row");
        let cell = &cells[table.columns.iter().position(|name| *name == found.score).expect("a column")];
        let (mean, half) = cell.text.split_once(" ± ").expect("a mean and half an interval");
        let digits = mean.split_once('.').expect("decimals").1.len() as i32;
        // Percentages are the numbers of two digits.
        let factor = if digits == 2 { 100.0 } else { 1.0 };
        let near = |text: &str, value: f64| {
            let written: f64 = text.parse().expect("a number");
            assert!(
                (written - factor * value).abs() <= 0.500001 * 0.1f64.powi(digits),
                "{found:?} is shown as {cell:?}"
            );
        };
        let [low, high] = found.interval;
        near(mean, found.mean);
        [found.mean - low, high - found.mean].into_iter().for_each(|width| near(half, width));
        assert_eq!(found.zero_outside, cell.bold);
    }
}

#[test]
fn a_comparison_trains_judges_and_reports_every_row_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path();
    let first = compare(out, "random,simvae", &["--seeds", "2"]);
    assert!(first.status.success(), "{}", text(&first));

    let page = read(&out.join("report.html"));
    for part in [
        "<td>simvae</td>",
        "<td>random *</td>",
        "±",
        "data:image/png;base64,",
        "data:image/svg+xml;base64,",
        "hidden =",
    ] {
        assert!(page.contains(part), "the report lacks {part}");
    }
    for network in ["src=\"http", "href=\"http", "url(http", "@import"] {
        assert!(!page.contains(network), "the report asks the network for something: {network}");
    }
    assert!(page.matches("<script").count() == 2 && !page.contains("<svg width"), "files are shown, not run");
    let markdown = read(&out.join("tables.md"));
    assert!(markdown.contains("## Content") && markdown.contains("## Style, linear probe"), "{markdown}");

    let runs = results(&read(&out.join("results.json")));
    let names: Vec<(&str, u64)> = runs.iter().map(|run| (run.method.as_str(), run.seed)).collect();
    assert_eq!(names, [("random", 0), ("random", 1), ("simvae", 0), ("simvae", 1)]);
    for run in &runs {
        let linear = run.found.of::<LinearProbe>().expect("sprites have classes");
        assert!((0.0..=1.0).contains(&linear.last) && linear.best >= linear.last);
        assert_eq!(run.found.of::<Style>().map(|factors| factors.len()), Some(6), "grey sprites show six factors");
        let (error, bound) = (run.found.of::<Reconstruction>(), run.found.of::<Bound>());
        assert_eq!([error.is_some(), bound.is_some(), run.steps > 0], [run.method == "simvae"; 3]);
    }
    let whole: Results = serde_json::from_str(&read(&out.join("results.json"))).expect("results");
    assert_eq!(whole, Results::new(runs.clone(), None));
    assert!(whole.differences.iter().any(|found| found.row == "random" && found.seeds == 2));
    let tables = tables(&runs, None);
    assert_as_shown(&whole, &tables);
    let titles: Vec<&str> = tables.iter().map(|table| table.title.as_str()).collect();
    let differing = ["Content", "Style, linear probe", "Style, MLP probe"];
    let differing = differing.map(|title| [title.to_owned(), format!("{title}, differences from simvae")]);
    assert_eq!(titles, [&["Budget".to_owned()], &differing.concat()[..], &["Generation".to_owned()]].concat());

    // A row whose verdict is gone is judged again, not trained again; the others stay as they are.
    std::fs::remove_file(out.join("simvae-seed-1").join("eval.json")).expect("a verdict");
    let again = compare(out, "random,simvae", &["--seeds", "2"]);
    assert!(again.status.success(), "{}", text(&again));
    let shown = text(&again);
    assert_eq!(shown.matches("nearest neighbours").count(), 1, "{shown}");
    let repeated = results(&read(&out.join("results.json")));
    assert_eq!(repeated, runs, "a repeated judgement is equal");

    let other = compare(out, "simvae", &["--set", "optim.lr=0.5"]);
    assert_eq!(other.status.code(), Some(2), "{}", text(&other));
    assert!(text(&other).contains("lr = 0.5") && text(&other).contains("--out"), "{}", text(&other));
}

#[test]
fn every_row_states_what_it_was_given_and_gets_as_many_rows() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path();
    let methods = "simvae,vae-plain,vae,cr-vae,simclr,random";
    let output = compare(out, methods, &["--set", "views=4", "--set", "batch=4", "--steps", "6"]);
    assert!(output.status.success(), "{}", text(&output));
    let runs = results(&read(&out.join("results.json")));
    let given = |run: &JudgedRun| {
        let Budget { images_per_step, views, plain_views, rows_per_step, images_seen, parameters, seconds } =
            run.budget.clone().expect("it is stated");
        assert!(rows_per_step == 16 && parameters > 0 && seconds > 0.0);
        (run.row(), run.steps, images_per_step, views, plain_views, images_seen)
    };
    let want = [
        ("random", 0, 4, 4, 0, 0),
        ("simclr", 6, 4, 4, 0, 24),
        ("vae", 6, 4, 4, 0, 24),
        ("vae-plain", 6, 16, 1, 1, 96),
        ("cr-vae", 6, 8, 2, 1, 48),
        ("simvae", 6, 4, 4, 0, 24),
    ];
    let want = want.map(|(name, steps, batch, views, plain, seen)| (name.to_owned(), steps, batch, views, plain, seen));
    assert_eq!(runs.iter().map(given).collect::<Vec<_>>(), want);
    assert!(out.join("vae-plain-seed-0").join("eval.json").is_file());

    let (markdown, page) = (read(&out.join("tables.md")), read(&out.join("report.html")));
    for text in [&markdown, &page] {
        for word in ["Budget", "4 x 4", "16 x 1, 1 plain", "random *", "vae-plain §◊", "cr-vae §◊", "simclr ¶"] {
            assert!(text.contains(word), "{word} is missing");
        }
        for sentence in
            ["* not trained.", "§ not as many images seen as simvae.", "¶ not as many parameters as simvae."]
        {
            assert!(text.contains(sentence), "{sentence}");
        }
        assert!(!text.contains('†') && !text.contains('‡'), "steps and rows a step are equal");
        assert!(!text.contains('±') && !text.contains("interval"), "one seed has no interval");
    }
    assert!(!markdown.contains("**") && !page.contains("class=\"top\""), "and nothing stands out");
}

#[test]
fn a_comparison_that_would_not_be_fair_is_refused_and_nothing_is_written() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("out");
    let refused = |methods: &str, more: &[&str], words: &[&str]| {
        assert_ends(&compare(&out, methods, more), 2, words);
        assert!(!out.exists(), "something was written");
    };
    refused("cr-vae", &["--set", "views=3", "--set", "batch=3"], &["cr-vae cannot be matched by steps", "9 rows"]);
    refused("vae,cr-vae", &["--set", "views=4", "--set", "batch=64"], &["cr-vae", "128 images", "there are 96"]);
    refused("vae", &["--set", "augment.plain=true"], &["vae-plain"]);
    refused("vae", &["--match", "epochs", "--steps", "5"], &["vae cannot be matched by epochs", "5 steps"]);
    refused("vae", &["--match", "colour"], &["colour", "steps, rows, images, epochs"]);
    refused("vae", &["--steps", "5", "--epochs", "1"], &["--steps", "--epochs"]);
    refused("vae,simvae", &["--against", "simvae"], &["two seeds", "--seeds"]);
    refused("vae,simvae", &["--against", "cr-vae", "--seeds", "2"], &["cr-vae", "no such row among vae, simvae"]);
    refused("vae", &["--against", "nobody", "--seeds", "2"], &["nobody", "simvae"]);

    refused("simvae", &["--vary", "views"], &["--vary", "KEY=VALUE"]);
    refused("simvae", &["--vary", "simvae.varianse_z=0.1"], &["--vary", "simvae.variance_z"]);
    refused("simvae", &["--vary", "simvae.variance_z=0.1,0"], &["simvae.variance_z = 0", "between 1e-6 and 1e6"]);
    refused("simvae", &["--vary", "batch=4,8"], &["--vary batch", "--match"]);
    refused("simvae", &["--vary", "epochs=1,2"], &["--vary epochs", "--match"]);
    refused("vae,random", &["--vary", "simvae.variance_z=0.1"], &["changes none of the rows random, vae"]);
    refused("vae", &["--vary", "vae.entropy_scale=1,2"], &["--vary vae.entropy_scale", "changes none of the rows vae"]);
    refused("vae", &["--vary", "augment.blur.kernel=3,5"], &["changes none of the rows vae"]);
    refused("simvae", &["--vary", "views=2,3"], &["simvae views=3 cannot be matched by steps", "16 rows"]);
    let unknown = ["--vary", "views=2,4", "--seeds", "2", "--against", "vae views=8"];
    refused("vae", &unknown, &["vae views=8", "no such row among vae views=2, vae views=4"]);
}

#[test]
fn varied_settings_are_rows_of_equal_budgets_and_columns_and_charts() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path();
    let vary = ["--vary", "views=2,4", "--vary", "simvae.variance_z=0.05,0.5", "--steps", "2"];
    let arguments = [&vary[..], &["--set", "simvae.prior=uniform"]].concat();
    let first = compare(out, "random,simvae,vae", &arguments);
    assert!(first.status.success(), "{}", text(&first));
    assert!(text(&first).contains("simvae.variance_z only sets the unit of z"), "{}", text(&first));
    let runs = results(&read(&out.join("results.json")));
    let want = [
        "random",
        "vae views=2",
        "vae views=4",
        "simvae simvae.variance_z=0.05 views=2",
        "simvae simvae.variance_z=0.5 views=2",
        "simvae simvae.variance_z=0.05 views=4",
        "simvae simvae.variance_z=0.5 views=4",
    ];
    assert_eq!(runs.iter().map(JudgedRun::row).collect::<Vec<_>>(), want);
    for run in runs.iter().filter(|run| run.method != "random") {
        let budget = run.budget.as_ref().expect("it is stated");
        let views = run.varied.get("views").and_then(|views| views.as_integer()).expect("a number");
        assert_eq!((budget.views as i64, budget.rows_per_step, run.steps), (views, 16, 2));
    }
    assert!(out.join("vae-views=4-seed-0").join("eval.json").is_file());

    let page = read(&out.join("report.html"));
    for part in [
        "<th>simvae.variance_z</th><th>views</th>",
        "<td>vae §</td><td class=\"\">-</td><td class=\"\">4</td>",
        "Scores over views",
        "Scores over simvae.variance_z",
        "alt=\"scores over views\"",
        "only sets the unit of z",
    ] {
        assert!(page.contains(part), "the report lacks {part}");
    }

    let again = compare(out, "random,simvae,vae", &arguments);
    assert!(again.status.success() && !text(&again).contains("nearest neighbours"), "{}", text(&again));
    let repeated = results(&read(&out.join("results.json")));
    assert_eq!(repeated, runs);
    // A row that uses none of them is the one that it is without them.
    let plainly = compare(out, "random", &["--steps", "2", "--set", "simvae.prior=uniform"]);
    assert!(plainly.status.success() && !text(&plainly).contains("nearest neighbours"), "{}", text(&plainly));
}

#[test]
fn rows_of_varied_settings_are_told_apart_and_compared_with_the_one_that_is_meant() {
    let of = |method: &str, views: Option<i64>, seed: u64, error: f64| {
        let mut run = verdict(method, seed, error, -1.0, None);
        run.varied.extend(views.map(|views| ("views".to_owned(), views.into())));
        run
    };
    let both = |method, views, error| [of(method, views, 0, error), of(method, views, 1, error + 0.02)];
    let runs = [both("simvae", Some(2), 0.3), both("simvae", Some(4), 0.2), both("cr-vae", None, 0.1)].concat();
    let tables = tables(&runs, Some("simvae views=4"));
    let shown = |title: &str| -> Vec<(String, String, String)> {
        let table = tables.iter().find(|table| table.title == title).expect(title);
        assert_eq!(table.columns[0], "views");
        let cells = |cells: &[wgpu_simvae::compare::Cell]| (cells[0].text.clone(), cells[1].text.clone());
        let rows = table.rows.iter().map(|(name, row)| (name.clone(), cells(row)));
        rows.map(|(name, (views, score))| (name, views, score)).collect()
    };
    let row = |name: &str, views: &str, score: &str| (name.to_owned(), views.to_owned(), score.to_owned());
    let want = [
        row("simvae", "2", "0.31000 ± 0.01414"),
        row("simvae", "4", "0.21000 ± 0.01414"),
        row("cr-vae", "-", "0.11000 ± 0.01414"),
    ];
    assert_eq!(shown("Generation"), want);
    let differences = shown("Generation, differences from simvae views=4");
    assert_eq!(differences, [row("simvae", "2", "+0.10000 ± 0.00000"), row("cr-vae", "-", "-0.10000 ± 0.00000")]);
}

/// A verdict with nothing but an error of the reconstructions and a bound.
fn verdict(method: &str, seed: u64, error: f64, bound: f64, budget: Option<Value>) -> JudgedRun {
    let mut verdict = json!({
        "method": method, "data": "sprites", "seed": seed, "steps": 9,
        "judges": { "probe_epochs": 1, "mixture_starts": 1, "seed": 0 },
        "reconstruction_error": error,
        "bound": { "nats": bound, "likelihood_constant": 0.0, "likelihood": "density", "prior": "proper" },
    });
    if let Some(budget) = budget {
        verdict["budget"] = budget;
    }
    serde_json::from_value(verdict).expect("a verdict")
}

#[test]
fn only_what_an_interval_carries_stands_out() {
    // Over the seeds, simvae is 0.1 below vae; beta-vae is far off in the mean, but not steadily.
    let errors = [("simvae", [0.10, 0.12, 0.11]), ("vae", [0.20, 0.221, 0.21]), ("beta-vae", [0.9, 0.1, 0.4])];
    let runs = |seeds: usize| -> Vec<JudgedRun> {
        let of = |(method, errors): &(&str, [f64; 3])| -> Vec<JudgedRun> {
            let seeds = errors[..seeds].iter().enumerate();
            seeds.map(|(seed, &error)| verdict(method, seed as u64, error, -1.0, None)).collect()
        };
        errors.iter().flat_map(of).collect()
    };
    let cells = |tables: &[Table], title: &str| -> Vec<(String, String, bool)> {
        let table = tables.iter().find(|table| table.title == title).expect(title);
        table.rows.iter().map(|(name, cells)| (name.clone(), cells[0].text.clone(), cells[0].bold)).collect()
    };
    let row = |name: &str, text: &str, bold| (name.to_owned(), text.to_owned(), bold);

    let three = tables(&runs(3), None);
    let scores = [
        row("simvae", "0.11000 ± 0.01000", false),
        row("vae", "0.21033 ± 0.01050", false),
        row("beta-vae", "0.46667 ± 0.40415", false),
    ];
    assert_eq!(cells(&three, "Generation"), scores, "simvae is the best, but not surely better than beta-vae");
    let differences = [row("vae", "+0.10033 ± 0.00143", true), row("beta-vae", "+0.35667 ± 1.02", false)];
    let found = cells(&three, "Generation, differences from simvae");
    assert_eq!(found[0], differences[0]);
    assert!(found[1].1.starts_with("+0.35667 ± 1.0") && !found[1].2, "{found:?}");
    assert_eq!(cells(&three, "Budget")[0].1, "9", "a verdict of before states its steps");
    assert!(three[0].to_string().contains("| simvae   |     9 |              - |"), "{}", three[0]);

    assert_as_shown(&Results::new(runs(3), None), &three);

    let two = tables(&runs(3)[..6], Some("vae"));
    let named = Results::new(runs(3)[..6].to_vec(), Some("vae"));
    assert_eq!(named.differences.iter().map(|found| found.against.as_str()).collect::<Vec<_>>(), ["vae"; 2]);
    assert_as_shown(&named, &two);
    assert_eq!(cells(&two, "Generation")[0], row("simvae", "0.11000 ± 0.01000", true), "surely better than vae");
    assert_eq!(cells(&two, "Generation, differences from vae"), [row("simvae", "-0.10033 ± 0.00143", true)]);
    assert!(two[1].to_string().contains("**0.11000 ± 0.01000**"), "{}", two[1]);

    let one = tables(&runs(1), None);
    assert_eq!(one.len(), 2, "no differences");
    assert!(Results::new(runs(1), None).differences.is_empty());
    assert!(cells(&one, "Generation").iter().all(|(_, text, bold)| !bold && !text.contains('±')));
}

#[test]
fn unequal_budgets_are_marked() {
    let budget = |images: u64, views: u64, steps: u64| {
        json!({ "images_per_step": images, "views": views, "plain_views": 0, "rows_per_step": images * views,
                "images_seen": images * steps, "parameters": 5, "seconds": 1.5 })
    };
    let mut runs = vec![
        verdict("simvae", 0, 0.1, -1.0, Some(budget(4, 4, 9))),
        verdict("vae", 0, 0.1, -1.0, Some(budget(4, 2, 9))),
        verdict("beta-vae", 0, 0.1, -1.0, Some(budget(4, 4, 3))),
    ];
    runs[2].steps = 3;
    for table in tables(&runs, None) {
        let names: Vec<&str> = table.rows.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["simvae", "vae ‡", "beta-vae †§"], "{}", table.title);
        let text = table.to_string();
        assert!(
            text.contains("† not as many steps as simvae.") && text.contains("‡ not as many rows a step as simvae.")
        );
    }
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
    let constant = -392.0 * (std::f64::consts::TAU * 0.02).ln();
    assert!((bound.likelihood_constant - constant).abs() < 1e-9, "{bound:?}");
    let nats = constant - 0.5 * (term("reconstruction") + term("kl"));
    assert!((bound.nats - nats).abs() < 1e-6 * nats.abs(), "{bound:?}");
    assert_eq!((bound.likelihood, bound.prior), (Likelihood::Density, Prior::Proper));

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
