//! `explain`: what is said of a setting is what its presets do with it.

use crate::common::ends::{assert_ends, simvae, text};
use wgpu_simvae::setting::at;
use wgpu_simvae::settings::{Config, Explained, Sources, describe, explain, presets};

#[test]
fn a_setting_is_explained_a_table_is_listed_and_a_slip_is_corrected() {
    let explained = text(&simvae(&["explain", "optim.lr"]));
    for word in
        ["Adam's peak learning rate", "between 1e-12 and 1e3", "preset paper, method vicreg", "choices.md#rates"]
    {
        assert!(explained.contains(word), "`{word}` is missing from: {explained}");
    }
    assert_ends(&simvae(&["explain", "augment.jitter"]), 0, &["augment.jitter.hue", "augment.jitter.probability"]);
    assert_ends(&simvae(&["explain", "optim.lrr"]), 2, &["unknown key `optim.lrr`; did you mean `optim.lr`?"]);
    assert_ends(&simvae(&["explain", "lr"]), 2, &["did you mean `optim.lr`?"]);
    assert_ends(&simvae(&["explain", "augment.jit"]), 2, &["did you mean `augment.jitter`?"]);
}

/// Of the lines of a preset that fit a run, the last one is the value that the run gets, or the default where none fits.
#[test]
fn what_is_said_of_presets_is_what_they_do() {
    for key in describe().expect("settings").into_iter().map(|setting| setting.key) {
        let Explained::Setting { description, presets: said, .. } = explain(&key).expect("a setting") else {
            panic!("{key} is a table");
        };
        for preset in presets::names() {
            for (data, method) in [("sprites", "simvae"), ("cifar10", "vicreg"), ("celeba", "vae"), ("mnist", "simclr")]
            {
                let set = vec![format!("data.name={data}"), format!("method={method}")];
                let config = Config::merge(&Sources { preset: Some(preset.to_owned()), set, ..Sources::default() });
                let table = toml::Table::try_from(config.expect("settings")).expect("a table");
                let is = at(&table, &key).expect("a value");
                if key == "data.name" || key == "method" {
                    continue;
                }
                let fits = |whom: &str| {
                    [String::new(), format!("data {data}"), format!("method {method}")].contains(&whom.to_owned())
                };
                let last = said.iter().rfind(|[of, whom, _]| of == preset && fits(whom)).map(|[.., value]| value);
                let last: toml::Value = last.unwrap_or(&description.default).parse().expect("TOML");
                assert_eq!(is, &last, "{key}: {preset} for {data} and {method}");
            }
        }
    }
}
