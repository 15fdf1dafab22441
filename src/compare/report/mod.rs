//! What a comparison shows to people: `report.html`, and `tables.md`. Its numbers are in `results.json` without it.

mod html;
mod markdown;
mod varied;

use super::{Compared, tables};
use crate::files::{FileError, write_atomically};
use std::path::Path;

/// Writes `tables.md` and `report.html` into a comparison's folder.
///
/// # Errors
/// When a file of a run's folder cannot be read, or one of the two cannot be written.
pub fn write(compared: &Compared, out: &Path) -> Result<(), FileError> {
    let tables = tables(&compared.judged, compared.against.as_deref());
    let mut text: Vec<String> = tables.iter().map(|table| format!("## {table}")).collect();
    let failed = compared.failed.iter();
    text.extend(failed.map(|row| format!("Failed: {}, seed {}: {}\n", row.name, row.seed, row.reason)));
    write_atomically(&out.join("tables.md"), text.join("\n").as_bytes())?;
    write_atomically(&out.join("report.html"), html::html(compared)?.as_bytes())
}
