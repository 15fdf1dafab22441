//! The presets: one embedded TOML file each, with a `[base]` table and refinements per data set and method.

use super::ConfigError;
use super::merge::{overlay, parse};
use crate::data::family;
use crate::setting::at;
use toml::{Table, Value};

/// Every preset's name and text; a new one is one line.
const PRESETS: [(&str, &str); 4] = [
    ("paper", include_str!("../../presets/paper.toml")),
    ("paper-rows", include_str!("../../presets/paper-rows.toml")),
    ("official-code", include_str!("../../presets/official-code.toml")),
    ("quick", include_str!("../../presets/quick.toml")),
];

/// The names of the presets.
pub fn names() -> [&'static str; PRESETS.len()] {
    PRESETS.map(|(name, _)| name)
}

/// The file of a preset.
fn file(preset: &str) -> Result<Table, ConfigError> {
    let Some((_, text)) = PRESETS.iter().find(|(name, _)| *name == preset) else {
        return Err(ConfigError::UnknownPreset { name: preset.to_owned(), known: names().join(", ") });
    };
    parse(&format!("preset {preset}"), text)
}

/// The settings of a preset for a data set and a method: those of the preset that it is `like`, then `[base]`, then
/// `[data-set.NAME]` (`folder` for `folder:PATH`), then `[methods.NAME]`.
pub(super) fn table(preset: &str, data: &str, method: &str) -> Result<Table, ConfigError> {
    let file = file(preset)?;
    let part = |path: [&str; 2]| file.get(path[0])?.get(path[1])?.as_table();
    let mut merged = match file.get("like").and_then(Value::as_str) {
        Some(other) => table(other, data, method)?,
        None => Table::new(),
    };
    let base = file.get("base").and_then(Value::as_table);
    for part in [base, part(["data-set", family(data)]), part(["methods", method])].into_iter().flatten() {
        overlay(&mut merged, part);
    }
    Ok(merged)
}

/// The values that a preset gives a setting, as TOML, each with the data set or method that it is for, in the order in which they lie over
/// each other: of those that fit a run, the last one counts.
pub(super) fn values(preset: &str, key: &str) -> Result<Vec<(String, String)>, ConfigError> {
    let file = file(preset)?;
    let mut found = match file.get("like").and_then(Value::as_str) {
        Some(other) => values(other, key)?,
        None => Vec::new(),
    };
    if let Some(value) = file.get("base").and_then(Value::as_table).and_then(|base| at(base, key)) {
        // It lies over all that the other preset says.
        found = vec![(String::new(), value.to_string())];
    }
    for (part, kind) in [("data-set", "data"), ("methods", "method")] {
        for (name, table) in file.get(part).and_then(Value::as_table).into_iter().flatten() {
            if let Some(value) = table.as_table().and_then(|table| at(table, key)) {
                let whom = format!("{kind} {name}");
                found.retain(|(other, _)| *other != whom);
                found.push((whom, value.to_string()));
            }
        }
    }
    Ok(found)
}
