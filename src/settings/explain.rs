//! All that is known of one setting.

use super::describe::choices;
use super::merge::nearest;
use super::{Choice, ConfigError, Description, describe, presets};

/// What a key leads to.
#[derive(Clone, Debug)]
pub enum Explained {
    /// A setting.
    Setting {
        /// Its meaning, range and default.
        description: Description,
        /// The values that presets give it: the preset, for which data set or method (empty for all), and the value as TOML. Of the lines of
        /// a preset that fit a run, the last one counts.
        presets: Vec<[String; 3]>,
        /// What is said about it where the sources disagree.
        choice: Option<Choice>,
    },
    /// A table: the settings in it.
    Table(Vec<Description>),
}

/// Explains a setting, such as `optim.lr`, or a table of settings, such as `augment`.
///
/// # Errors
/// When there is neither; the message names the setting whose key is most like it.
pub fn explain(key: &str) -> Result<Explained, ConfigError> {
    let all = describe()?;
    if let Some(description) = all.iter().find(|setting| setting.key == key).cloned() {
        let mut found = Vec::new();
        for preset in presets::names() {
            let values = presets::values(preset, key)?;
            found.extend(values.into_iter().map(|(whom, value)| [preset.to_owned(), whom, value]));
        }
        return Ok(Explained::Setting { description, presets: found, choice: choices().get(key).copied() });
    }
    let inside = format!("{key}.");
    let table: Vec<Description> = all.iter().filter(|setting| setting.key.starts_with(&inside)).cloned().collect();
    if !table.is_empty() {
        return Ok(Explained::Table(table));
    }
    let tables = all.iter().filter_map(|setting| Some(setting.key.rsplit_once('.')?.0.to_owned()));
    let nearest = nearest(key, tables.chain(all.iter().map(|setting| setting.key.clone())));
    Err(ConfigError::UnknownKey { origin: "explain".to_owned(), key: key.to_owned(), nearest })
}
