//! Every setting with its whole key, and all of them as a table for people.

use super::merge::to_table;
use super::{Config, ConfigError, DataConfig, LogConfig, ProjectorConfig};
use crate::augment::{Augmentation, BlurSettings, JitterSettings, SolariseSettings};
use crate::methods::{LikelihoodSettings, registry};
use crate::nn::ModelConfig;
use crate::optim::OptimConfig;
use crate::setting::{Allowed, Described, Setting, at, path};

/// A setting as people read it.
#[derive(Clone, Debug)]
pub struct Description {
    /// Its key, such as `optim.lr`.
    pub key: String,
    /// Its default, as TOML.
    pub default: String,
    /// What it may be.
    pub allowed: String,
    /// What it means.
    pub about: String,
}

/// All settings by their whole keys, in the order of a settings file.
pub fn described() -> impl Iterator<Item = (String, Setting)> {
    fn of<D: Described>() -> (&'static str, &'static [Setting]) {
        (D::TABLE, D::SETTINGS)
    }
    let first = [of::<Config>(), of::<DataConfig>(), of::<ModelConfig>(), of::<LikelihoodSettings>()];
    let methods = registry::METHODS.iter().map(|entry| (entry.table, entry.settings));
    let last = [
        of::<ProjectorConfig>(),
        of::<Augmentation>(),
        of::<JitterSettings>(),
        of::<BlurSettings>(),
        of::<SolariseSettings>(),
        of::<OptimConfig>(),
        of::<LogConfig>(),
    ];
    let tables = first.into_iter().chain(methods).chain(last);
    let all =
        tables.flat_map(|(table, settings)| settings.iter().map(move |setting| (path(table, setting.key), *setting)));
    all.filter(|(_, setting)| !matches!(setting.allowed, Allowed::Table))
}

/// Describes every setting.
///
/// # Errors
/// When a default cannot be written in TOML.
pub fn describe() -> Result<Vec<Description>, ConfigError> {
    let defaults = to_table(&Config::default())?;
    let all = described().map(|(key, setting)| Description {
        default: at(&defaults, &key).map(ToString::to_string).unwrap_or_default(),
        allowed: setting.allowed.about(),
        about: setting.about.trim().to_owned(),
        key,
    });
    Ok(all.collect())
}

/// The tables of `docs/settings.md`: the settings, and the methods.
///
/// # Errors
/// As [`describe`].
pub fn markdown() -> Result<String, ConfigError> {
    let mut text = "| key | default | range | meaning |\n|---|---|---|---|\n".to_owned();
    for Description { key, default, allowed, about } in describe()? {
        text += &format!("| `{key}` | `{default}` | {allowed} | {about} |\n");
    }
    text += "\n| method | what |\n|---|---|\n";
    for entry in registry::METHODS {
        text += &format!("| `{}` | {} |\n", entry.name, entry.about);
    }
    Ok(text)
}
