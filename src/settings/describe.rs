//! Every setting with its whole key, and all of them as a table for people.

use super::merge::to_table;
use super::{CheckpointConfig, Config, ConfigError, DataConfig, JudgeConfig, LogConfig, ProjectorConfig, StopConfig};
use crate::augment::{Augmentation, BlurSettings, JitterSettings, SolariseSettings};
use crate::methods::{LikelihoodSettings, registry};
use crate::nn::ModelConfig;
use crate::optim::OptimConfig;
use crate::setting::{Allowed, Described, Setting, at, path};
use std::collections::HashMap;

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
        of::<JudgeConfig>(),
        of::<CheckpointConfig>(),
        of::<StopConfig>(),
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

/// What is said about choices where the sources disagree.
const CHOICES: &str = include_str!("../../docs/choices.md");

/// What `docs/choices.md` says about a setting on which the sources disagree.
#[derive(Clone, Copy, Debug)]
pub struct Choice {
    /// The line's anchor on the page.
    pub anchor: &'static str,
    /// What the paper and its authors' code say.
    pub sources: &'static str,
    /// What is done here.
    pub here: &'static str,
    /// Why; empty where there is no more to say.
    pub why: &'static str,
}

/// The lines of `docs/choices.md` by the settings that they are about: the points of its tables name them.
pub(super) fn choices() -> HashMap<&'static str, Choice> {
    let mut found = HashMap::new();
    for line in CHOICES.lines() {
        let Some((anchor, rest)) = line.strip_prefix("| <a id=\"").and_then(|line| line.split_once("\"></a>")) else {
            continue;
        };
        let mut cells = rest.split('|').map(str::trim);
        let [point, sources, here, why] = [(); 4].map(|()| cells.next().unwrap_or_default());
        // Between backquotes, as far as the point goes.
        for key in point.split('`').skip(1).step_by(2) {
            found.entry(key).or_insert(Choice { anchor, sources, here, why });
        }
    }
    found
}

/// The tables of `docs/settings.md`: the settings, with links to what `docs/choices.md` says about them, and the methods.
///
/// # Errors
/// As [`describe`].
pub fn markdown() -> Result<String, ConfigError> {
    let choices = choices();
    let mut text = "| key | default | range | meaning |\n|---|---|---|---|\n".to_owned();
    for Description { key, default, allowed, about } in describe()? {
        let named = match choices.get(key.as_str()) {
            Some(Choice { anchor, .. }) => format!("[`{key}`](choices.md#{anchor})"),
            None => format!("`{key}`"),
        };
        text += &format!("| {named} | `{default}` | {allowed} | {about} |\n");
    }
    text += "\n| method | what |\n|---|---|\n";
    for entry in registry::METHODS {
        text += &format!("| `{}` | {} |\n", entry.name, entry.about);
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_lead_to_a_choice_and_every_choice_about_a_setting_is_linked() {
        let text = markdown().expect("defaults");
        let links: Vec<&str> = text.split("](choices.md#").skip(1).filter_map(|rest| rest.split(')').next()).collect();
        for anchor in &links {
            assert_eq!(CHOICES.matches(&format!("<a id=\"{anchor}\"></a>")).count(), 1, "{anchor}");
        }
        let choices = choices();
        assert_eq!(links.len(), choices.len(), "a choice is about a setting that there is not: {choices:?}");
        assert!(text.contains("[`simvae.variance_z`](choices.md#variance-z)"), "{text}");
    }
}
