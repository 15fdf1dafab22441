//! What the settings may be: at both ends of every range the first step is finite, and beyond them nothing begins.

use std::sync::atomic::AtomicBool;
use wgpu_simvae::data::{Dataset, FileOptions, load_with};
use wgpu_simvae::device::Device;
use wgpu_simvae::setting::Allowed;
use wgpu_simvae::settings::{Config, ConfigError, Recipe, described, markdown};
use wgpu_simvae::train::{RunOptions, Silent, run};

const TINY: [&str; 7] = [
    "model.hidden=[8]",
    "data.limit=24",
    "batch=24",
    "epochs=1",
    "log.every=1",
    "optim.warmup_epochs=0",
    "augment.jitter.probability=1",
];

/// A setting that is a real number, with its range.
struct Range {
    key: String,
    low: f64,
    high: f64,
    zero: bool,
    about: String,
}

fn ranges() -> Vec<Range> {
    let all = described().filter_map(|(key, setting)| match setting.allowed {
        Allowed::Real { low, high, zero } => Some(Range { key, low, high, zero, about: setting.allowed.about() }),
        _ => None,
    });
    let all: Vec<Range> = all.collect();
    assert!(all.len() >= 18, "{} ranges", all.len());
    all
}

fn config(set: &[String]) -> Result<Config, ConfigError> {
    let own = set.iter().map(String::as_str);
    Config::of(["data.name=sprites-rgb"].into_iter().chain(TINY).chain(own))
}

/// The methods that read a setting, with the views that each takes.
fn readers(range: &Range) -> Vec<[&'static str; 2]> {
    let one = |method| vec![[method, "views=2"]];
    match range.key.split('.').next().unwrap_or_default() {
        "simvae" => one("method=simvae"),
        "vae" => one("method=vae"),
        "beta_vae" => one("method=beta-vae"),
        "cr_vae" => one("method=cr-vae"),
        "simclr" => one("method=simclr"),
        "vicreg" => one("method=vicreg"),
        "likelihood" => ["simvae", "vae"].map(|_| ["method=simvae", "views=2"]).into(),
        _ => vec![["method=simvae", "views=2"], ["method=simclr", "views=2"]],
    }
}

fn trains(config: &Config, data: &Dataset) -> Result<(), String> {
    let folder = tempfile::tempdir().expect("a folder");
    let options = RunOptions::new(folder.path().join("run"));
    let report = run(
        &Recipe::new(config).expect("a recipe"),
        data,
        &Device::cpu(),
        &options,
        &mut Silent,
        &AtomicBool::new(false),
    );
    report.map(|report| assert_eq!(report.steps, 1)).map_err(|error| error.to_string())
}

#[test]
fn the_first_step_is_finite_at_both_ends_of_every_range() {
    let options = FileOptions { limit: 24, ..FileOptions::default() };
    let mut data = load_with("sprites-rgb", None, &Device::cpu(), &options).expect("sprites need nothing");
    data.test.truncate(8);
    for range in ranges() {
        for [method, views] in readers(&range) {
            for value in [range.low, range.high] {
                let set = [
                    method.to_owned(),
                    views.to_owned(),
                    "vae.divergence=sampled".to_owned(),
                    format!("{}={value:e}", range.key),
                ];
                let config = config(&set).unwrap_or_else(|error| panic!("{set:?}: {error}"));
                if let Err(error) = trains(&config, &data) {
                    panic!("{set:?}: {error}");
                }
            }
        }
    }
}

#[test]
fn values_beyond_a_range_are_refused_with_the_range() {
    for range in ranges() {
        let low = if range.zero { -range.low } else { range.low / 10.0 };
        for value in [low, range.high * 10.0, 1e-320, 1e300] {
            let error = config(&[format!("{}={value:e}", range.key)]).expect_err(&range.key).to_string();
            assert!(error.contains(&range.key) && error.contains(&range.about), "{error}");
        }
        assert_eq!(config(&[format!("{}=0", range.key)]).is_ok(), range.zero, "{}", range.key);
    }
}

#[test]
fn the_document_has_every_setting() {
    let document = include_str!("../../docs/settings.md");
    let tables = markdown().expect("defaults");
    assert!(document.contains(&tables), "put what `wgpu-simvae settings --markdown` prints into docs/settings.md");
}

#[test]
fn every_word_of_a_description_is_taken() {
    for (key, setting) in described() {
        let Allowed::Words(words) = setting.allowed else { continue };
        for word in words() {
            // What some of the words ask for beside them.
            let others = ["views=2", "judge.every=1", "judge.share=0.1"].map(str::to_owned);
            config(&[&others[..], &[format!("{key}={word}")]].concat())
                .unwrap_or_else(|error| panic!("{key}={word}: {error}"));
        }
    }
}

#[test]
fn every_setting_is_described_once() {
    let text = Config::default().to_toml().expect("defaults are valid");
    let table: toml::Table = text.parse().expect("what is written is read back");
    let mut keys = Vec::new();
    leaves(&table, "", &mut keys);
    let mut known: Vec<String> = described().map(|(key, _)| key).collect();
    keys.sort();
    known.sort();
    assert_eq!(keys, known);
}

fn leaves(table: &toml::Table, prefix: &str, keys: &mut Vec<String>) {
    for (key, value) in table {
        match value {
            toml::Value::Table(table) => leaves(table, &format!("{prefix}{key}."), keys),
            _ => keys.push(format!("{prefix}{key}")),
        }
    }
}

#[test]
fn sizes_are_refused_before_anything_is_made() {
    let many = vec!["8"; 100_000].join(",");
    for (set, words) in [
        (format!("model.hidden=[{many}]"), "1 to 64 layers"),
        (format!("projector.widths=[{many}]"), "at most 64 layers"),
        (format!("model.hidden=[{}]", 1 << 21), "1,048,576"),
        ("batch=100000000".to_owned(), "2^24"),
        ("model.width=4096".to_owned(), "1,024"),
    ] {
        let error = config(&[set]).expect_err(words).to_string();
        assert!(error.contains(words) && error.len() < 500, "{error}");
    }
    let mut endless = config(&[]).expect("valid settings");
    endless.epochs = u32::MAX;
    assert!(endless.check_steps(24).is_ok());
    assert!(endless.check_steps(60_000).is_err_and(|error| error.to_string().contains("2^32 - 1")));
    endless.seed = u64::MAX;
    assert!(endless.validate().is_err_and(|error| error.to_string().contains("2^63")));
    assert!(endless.to_toml().is_err(), "and nothing is written that would not be read back");
}

#[test]
fn models_that_fit_no_machine_are_refused_with_their_bytes() {
    let data = load_with("sprites-rgb", None, &Device::cpu(), &FileOptions { limit: 24, ..FileOptions::default() });
    let data = data.expect("sprites need nothing");
    for hidden in ["[1048576]", "[1048576,1048576]"] {
        let set = [format!("model.hidden={hidden}"), "model.latent=1048576".to_owned()];
        let error = trains(&config(&set).expect("within the ranges"), &data).expect_err("too large");
        assert!(error.contains("needs") && error.contains("bytes"), "{error}");
    }
}
