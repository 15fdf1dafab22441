//! Settings that a comparison varies, and the points of their grid.

use super::error::CompareError;
use super::matched::Match;
use crate::settings::{Config, described};
use std::str::FromStr;
use toml::{Table, Value};

/// A setting and the values that it takes in a comparison.
#[derive(Clone, Debug, PartialEq)]
pub struct Varied {
    /// Its key, such as `simvae.variance_z`.
    pub key: String,
    /// Its values, in the order of the rows.
    pub values: Vec<Value>,
}

/// A point of the grid: the settings by their whole keys, with dots in them, and their values.
pub(super) type Point = Table;

impl FromStr for Varied {
    type Err = String;

    /// Reads `KEY=VALUE,VALUE,...`; commas within brackets belong to a value, and what is no TOML is a word.
    fn from_str(text: &str) -> Result<Self, String> {
        let Some((key, values)) = text.split_once('=') else {
            return Err("expected KEY=VALUE,VALUE,..., such as views=2,4,10".to_owned());
        };
        let mut depth = 0_usize;
        let words = values.split(|letter| {
            match letter {
                '[' => depth += 1,
                ']' => depth = depth.saturating_sub(1),
                _ => {}
            }
            letter == ',' && depth == 0
        });
        let value = |word: &str| word.parse().unwrap_or_else(|_| Value::String(word.to_owned()));
        Ok(Self { key: key.trim().to_owned(), values: words.map(|word| value(word.trim())).collect() })
    }
}

/// Checks each setting by itself: that there is such a key, that rows may differ in it, and that it may have these values.
pub(super) fn check(vary: &[Varied], by: Match) -> Result<(), CompareError> {
    for (i, Varied { key, values }) in vary.iter().enumerate() {
        let refused = |problem: &str| Err(CompareError::Vary { key: key.clone(), problem: problem.to_owned() });
        let flag = format!("--vary {key}");
        let one = |value: &Value| -> Result<(), CompareError> {
            // The untrained encoder takes any number of views and images.
            Config::from_toml(&flag, &format!("method = \"random\"\n{key} = {value}"))?.backbone()?;
            Ok(())
        };
        let inside = format!("{key}.");
        if described().any(|(known, _)| known.starts_with(&inside)) {
            return refused("name one setting, such as simvae.variance_z");
        }
        if let Some(why) = kept(key, by) {
            return refused(why);
        }
        if vary[..i].iter().any(|other| other.key == *key) {
            return refused("it is given twice; separate its values by commas");
        }
        for value in values {
            one(value)?;
        }
    }
    Ok(())
}

/// Why rows may not differ in a setting, where they may not.
fn kept(key: &str, by: Match) -> Option<&'static str> {
    let counts_batch = matches!(by, Match::Steps | Match::Images);
    match key {
        "method" => Some("--methods names the methods of the rows"),
        "seed" => Some("every row has the same seeds: --seeds says how many"),
        "augment.plain" => Some("plain images are rows of their own, such as --methods all,vae-plain"),
        "epochs" | "steps" | "optim.warmup_epochs" | "optim.warmup_steps" => {
            Some("--match gives every row as much of it: set it for all rows, with --set")
        }
        "batch" if counts_batch => Some(
            "the batch of each row follows from --match: set it for all rows, with --set, or --match rows or epochs",
        ),
        _ if key.starts_with("data.") || ["judge.share", "judge.rows"].contains(&key) => {
            Some("a comparison is of one data set: set it for all rows, with --set")
        }
        _ if key.starts_with("log.") => Some("it changes no result"),
        _ => None,
    }
}

/// All points of the grid, the last setting varying fastest; without settings the one point that has none.
pub(super) fn grid(vary: &[Varied]) -> Vec<Point> {
    vary.iter().fold(vec![Point::new()], |points, Varied { key, values }| {
        let with = |point: &Point, value: &Value| {
            let mut point = point.clone();
            point.insert(key.clone(), value.clone());
            point
        };
        points.iter().flat_map(|point| values.iter().map(move |value| with(point, value))).collect()
    })
}

/// A point as overrides of settings.
pub(super) fn assignments(point: &Point) -> impl Iterator<Item = String> {
    point.iter().map(|(key, value)| format!("{key}={value}"))
}

/// A value as tables and folders name it.
pub(super) fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string().replace(' ', ""), str::to_owned)
}

/// The name of a row at a point, such as `simvae views=4`.
pub(super) fn label(row: &str, point: &Point) -> String {
    let settings = point.iter().map(|(key, value)| format!("{key}={}", text(value)));
    std::iter::once(row.to_owned()).chain(settings).collect::<Vec<_>>().join(" ")
}

/// Whether a row's label is meant by these words, of which it may have more, as `simvae views=4` has more than `simvae`.
pub(super) fn is_meant(label: &str, words: &str) -> bool {
    words.split_whitespace().all(|word| label.split(' ').any(|own| own == word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn varied(text: &str) -> Varied {
        text.parse().expect("a setting and its values")
    }

    #[test]
    fn values_are_read_and_the_last_setting_varies_fastest() {
        let widths = varied("model.hidden=[16, 8],[4]");
        assert_eq!(widths.values.iter().map(text).collect::<Vec<_>>(), ["[16,8]", "[4]"]);
        assert_eq!(varied("simvae.prior = uniform,gaussian").values[1], Value::String("gaussian".to_owned()));
        assert!("views".parse::<Varied>().is_err());

        let points = grid(&[varied("views=2,4"), varied("optim.lr=1e-3,0.01")]);
        let labels: Vec<String> = points.iter().map(|point| label("vae", point)).collect();
        let want = ["0.001 views=2", "0.01 views=2", "0.001 views=4", "0.01 views=4"];
        assert_eq!(labels, want.map(|rest| format!("vae optim.lr={rest}")));
        assert_eq!(grid(&[]), [Point::new()]);
        assert!(is_meant(&labels[2], "vae views=4") && is_meant(&labels[2], "vae"));
        assert!(!is_meant(&labels[2], "simvae") && !is_meant(&labels[2], "vae views=2"));
    }

    #[test]
    fn what_cannot_be_varied_is_refused_with_the_reason() {
        let refused = |text: &str, by: Match, words: &[&str]| {
            let error = check(&[varied(text)], by).expect_err(text);
            assert!(error.is_usage());
            let shown = error.to_string();
            assert!(words.iter().all(|word| shown.contains(word)), "{shown}");
        };
        refused("simvae.varianse_z=0.1", Match::Steps, &["--vary", "unknown key", "simvae.variance_z"]);
        refused("simvae=0.1", Match::Steps, &["--vary simvae", "name one setting"]);
        refused("simvae.variance_z=0.1,0", Match::Steps, &["simvae.variance_z = 0", "between 1e-6"]);
        refused("simvae.variance_z=", Match::Steps, &["--vary simvae.variance_z"]);
        refused("views=two", Match::Steps, &["--vary views", "two"]);
        refused("model.kind=mlp,cnn", Match::Steps, &["model.kind = cnn", "official-conv"]);
        refused("method=vae", Match::Steps, &["--methods"]);
        refused("seed=1,2", Match::Steps, &["--seeds"]);
        refused("epochs=1,2", Match::Epochs, &["epochs", "--set"]);
        refused("batch=8,16", Match::Steps, &["batch", "--match"]);
        refused("data.limit=8,16", Match::Steps, &["one data set"]);
        refused("judge.share=0.1,0.2", Match::Steps, &["one data set"]);
        refused("log.every=8,16", Match::Steps, &["no result"]);
        assert!(check(&[varied("batch=8,16"), varied("views=1,2")], Match::Rows).is_ok());
        let twice = check(&[varied("views=1"), varied("views=2")], Match::Steps).expect_err("twice");
        assert!(twice.to_string().contains("twice"), "{twice}");
    }
}
