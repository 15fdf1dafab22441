//! Where the settings of a run come from: defaults, then a preset, then a file, then `--set` overrides.

use super::{Config, ConfigError, DataConfig, JudgeConfig, presets};
use crate::console::detail;
use crate::data::named_folder;
use crate::methods::registry::METHODS;
use crate::setting::at;
use toml::{Table, Value};

/// Settings of a run without the record `run.json`: it was made with all of these, and has none that came later.
const FIRST: &str = include_str!("first.toml");

/// Where the settings of a run come from, beside the defaults.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// Preset; `quick` for sprites and `official-code` for other data where none is named.
    pub preset: Option<String>,
    /// Data set, stronger than the file's.
    pub data: Option<String>,
    /// TOML text and its name for messages.
    pub file: Option<(String, String)>,
    /// `key=value` overrides, the last wins.
    pub set: Vec<String>,
}

impl Sources {
    /// These with more settings laid over them, each as `key=value`.
    #[must_use]
    pub fn with(mut self, set: impl IntoIterator<Item: ToString>) -> Self {
        self.set.extend(set.into_iter().map(|one| one.to_string()));
        self
    }
}

impl Config {
    /// The defaults, the preset that suits the data set and the method, and settings over them, each as `key=value`.
    ///
    /// ```
    /// let config = wgpu_simvae::Config::of(["method=simclr", "data.name=mnist", "batch=64"])?;
    /// assert_eq!((config.batch, config.views), (64, 2));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`Config::merge`].
    pub fn of(set: impl IntoIterator<Item: ToString>) -> Result<Self, ConfigError> {
        Self::merge(&Sources::default().with(set))
    }

    /// Merges the sources, weakest first: defaults, preset (which depends on the data set and the method), file, `set`.
    ///
    /// # Errors
    /// On unknown keys, wrong types and values outside their range.
    pub fn merge(sources: &Sources) -> Result<Self, ConfigError> {
        let config = Self::lay(sources)?;
        config.validate()?;
        if let (Some(path), false) = (named_folder(&config.data.name), config.data.dir.is_empty()) {
            return Err(ConfigError::TwoFolders { one: path.to_owned(), other: config.data.dir.into() });
        }
        Ok(config)
    }

    /// [`Config::merge`] before the values are checked against their ranges and each other.
    pub(crate) fn lay(sources: &Sources) -> Result<Self, ConfigError> {
        let mut layers: Vec<(String, Table)> = Vec::new();
        if let Some((origin, text)) = &sources.file {
            layers.push((origin.clone(), parse(origin, text)?));
        }
        if let Some(name) = &sources.data {
            layers.push(("--data".to_owned(), nested("data.name", Value::String(name.clone()))));
        }
        for assignment in &sources.set {
            layers.push((format!("--set {assignment}"), parse_assignment(assignment)?));
        }
        let defaults = to_table(&Config::default())?;
        for (origin, layer) in &layers {
            check_keys(origin, layer, &defaults, "")?;
        }
        let named = |path: &str| {
            let found = layers.iter().rev().find_map(|(_, layer)| at(layer, path)?.as_str());
            found.or_else(|| at(&defaults, path)?.as_str()).unwrap_or_default().to_owned()
        };
        let (data, method) = (named("data.name"), named("method"));
        let preset = match &sources.preset {
            Some(name) => name.as_str(),
            None if data.starts_with("sprites") => "quick",
            None => "official-code",
        };
        let over: String = layers.iter().map(|(origin, _)| format!(", {origin}")).collect();
        detail(format_args!("settings: defaults, preset {preset} for {method} on {data}{over}"));
        let mut merged = defaults;
        overlay(&mut merged, &presets::table(preset, &data, &method)?);
        let mut config = from_table(&format!("preset {preset}"), &merged)?;
        for (origin, layer) in &layers {
            overlay(&mut merged, layer);
            config = from_table(origin, &merged)?;
            check_names(origin, &config)?;
        }
        Ok(config)
    }

    /// The settings as TOML, which [`Config::from_toml`] reads back.
    ///
    /// # Errors
    /// When a value is outside its range: what is written can be read back.
    pub fn to_toml(&self) -> Result<String, ConfigError> {
        self.validate()?;
        toml::to_string_pretty(self).map_err(|error| ConfigError::wrong_type("settings", error))
    }

    /// The settings in which a run with these and one with `now` compute something else, given the same data: each with its key and
    /// both values. Where the data lie, what is logged, who judges and which checkpoints are kept may differ.
    pub fn differences(&self, now: &Self) -> Vec<String> {
        let essence = |config: &Self| {
            let mut config = config.clone();
            config.data = DataConfig { dir: String::new(), cache: String::new(), device_bytes: 0, ..config.data };
            let Config { log, judge, checkpoint, stop, .. } = Config::default();
            config.judge = JudgeConfig { share: config.judge.share, ..judge };
            (config.log, config.checkpoint, config.stop) = (log, checkpoint, stop);
            config
        };
        essence(self).changes(&essence(now))
    }

    /// All settings that are others `now`, each with its key and both values.
    pub fn changes(&self, now: &Self) -> Vec<String> {
        let all = |config: &Self| {
            let mut found = Vec::new();
            match to_table(config) {
                Ok(table) => values(&table, "", &mut found),
                Err(error) => found.push((error.to_string(), String::new())),
            }
            found
        };
        let pairs = all(self).into_iter().zip(all(now));
        let differing = pairs.filter(|(then, now)| then != now);
        differing.map(|((key, then), (_, now))| format!("{key} = {then}, now {key} = {now}")).collect()
    }

    /// These settings with some of them changed, each as `key=value`.
    ///
    /// # Errors
    /// As [`Config::merge`].
    pub fn changed(&self, set: &[String]) -> Result<Self, ConfigError> {
        let mut merged = to_table(self)?;
        for assignment in set {
            let layer = parse_assignment(assignment)?;
            check_keys(&format!("--set {assignment}"), &layer, &merged, "")?;
            overlay(&mut merged, &layer);
        }
        let config = from_table("--set", &merged)?;
        check_names("--set", &config)?;
        config.validate()?;
        Ok(config)
    }

    /// Reads settings of which none is missing, as a run saved them that has no record of them: a file that was cut is refused.
    ///
    /// # Errors
    /// As [`Config::merge`], and at the first key that is missing and was there when such runs were made.
    pub fn from_whole_toml(origin: &str, text: &str) -> Result<Self, ConfigError> {
        let config = Self::from_toml(origin, text)?;
        let (mut first, mut found) = (Vec::new(), Vec::new());
        values(&parse("first.toml", FIRST)?, "", &mut first);
        values(&parse(origin, text)?, "", &mut found);
        match first.into_iter().find(|(key, _)| found.iter().all(|(other, _)| other != key)) {
            Some((key, _)) => Err(ConfigError::Incomplete { origin: origin.to_owned(), key }),
            None => Ok(config),
        }
    }

    /// Reads settings; what is missing has its default, as for keys that came later than the file.
    ///
    /// # Errors
    /// As [`Config::merge`].
    pub fn from_toml(origin: &str, text: &str) -> Result<Self, ConfigError> {
        let table = parse(origin, text)?;
        let mut merged = to_table(&Config::default())?;
        check_keys(origin, &table, &merged, "")?;
        overlay(&mut merged, &table);
        let config = from_table(origin, &merged)?;
        config.validate()?;
        Ok(config)
    }
}

pub(crate) fn to_table(config: &Config) -> Result<Table, ConfigError> {
    Table::try_from(config).map_err(|error| ConfigError::wrong_type("settings", error))
}

fn from_table(origin: &str, table: &Table) -> Result<Config, ConfigError> {
    let wrong = |error: toml::de::Error| ConfigError::wrong_type(origin, error);
    let config: Config = table.clone().try_into().map_err(wrong)?;
    for entry in METHODS {
        entry.objective(config.table(entry.table)).map_err(wrong)?;
    }
    Ok(config)
}

/// Checks that there are the method and the networks that settings of this origin name.
fn check_names(origin: &str, config: &Config) -> Result<(), ConfigError> {
    let named = config.objective().map(drop).and_then(|()| config.backbone().map(drop));
    named.map_err(|error| ConfigError::wrong_type(origin, error))
}

pub(super) fn parse(origin: &str, text: &str) -> Result<Table, ConfigError> {
    text.parse().map_err(|error: toml::de::Error| ConfigError::Syntax {
        origin: origin.to_owned(),
        problem: error.to_string().trim().to_owned(),
    })
}

/// `key.sub=value`; a value that is not TOML is taken as a word.
fn parse_assignment(assignment: &str) -> Result<Table, ConfigError> {
    let origin = format!("--set {assignment}");
    let Some((key, value)) = assignment.split_once('=') else {
        return Err(ConfigError::Syntax { origin, problem: "expected key=value, such as optim.lr=1e-3".to_owned() });
    };
    if assignment.contains(char::is_control) {
        return Err(ConfigError::Syntax { origin, problem: "one setting on one line is expected".to_owned() });
    }
    let (key, word) = (key.trim(), value.trim());
    let value = word.parse().unwrap_or_else(|_| Value::String(word.to_owned()));
    Ok(nested(key, value))
}

/// A table that has one value at a path of keys.
fn nested(path: &str, value: Value) -> Table {
    let wrap = |value, key: &str| Value::Table(Table::from_iter([(key.to_owned(), value)]));
    let mut keys: Vec<&str> = path.split('.').collect();
    let first = keys.remove(0);
    Table::from_iter([(first.to_owned(), keys.into_iter().rev().fold(value, wrap))])
}

/// Lays one table over another, key by key.
pub(super) fn overlay(under: &mut Table, over: &Table) {
    for (key, value) in over {
        match (under.get_mut(key), value) {
            (Some(Value::Table(under)), Value::Table(over)) => overlay(under, over),
            (Some(Value::Float(number)), Value::Integer(whole)) => *number = *whole as f64,
            _ => {
                under.insert(key.clone(), value.clone());
            }
        }
    }
}

pub(super) fn check_keys(origin: &str, table: &Table, known: &Table, prefix: &str) -> Result<(), ConfigError> {
    for (key, value) in table {
        let path = format!("{prefix}{key}");
        match (known.get(key), value) {
            (Some(Value::Table(known)), Value::Table(table)) => check_keys(origin, table, known, &format!("{path}."))?,
            (Some(_), _) => {}
            (None, _) => {
                let mut all = Vec::new();
                values(&to_table(&Config::default())?, "", &mut all);
                let nearest = nearest(&path, all.into_iter().map(|(key, _)| key));
                return Err(ConfigError::UnknownKey { origin: origin.to_owned(), key: path, nearest });
            }
        }
    }
    Ok(())
}

/// `; did you mean ...?` with the known path that, or the end of which, is most like this one.
pub(super) fn nearest(path: &str, known: impl Iterator<Item = String>) -> String {
    let leaf = path.rsplit('.').next().unwrap_or_default();
    let likeness = |known: &str| {
        let own = known.rsplit('.').next().unwrap_or_default();
        strsim::jaro_winkler(known, path).max(strsim::jaro_winkler(own, leaf))
    };
    let nearest = known.max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
    nearest.map(|key| format!("; did you mean `{key}`?")).unwrap_or_default()
}

/// The paths of all keys, with their values.
fn values(table: &Table, prefix: &str, all: &mut Vec<(String, String)>) {
    for (key, value) in table {
        match value {
            Value::Table(table) => values(table, &format!("{prefix}{key}."), all),
            _ => all.push((format!("{prefix}{key}"), value.to_string())),
        }
    }
}
