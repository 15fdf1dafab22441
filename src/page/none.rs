//! In the place of the pages, in a library without its feature `report`: there are none.

use super::{Map, Shown, Verdict};
use crate::files::FileError;
use crate::settings::Config;
use std::path::Path;

/// Whether pages are written at all.
pub const BUILT: bool = false;

/// Places nothing.
pub fn map(_step: u64, _rows: &[f32], _width: usize, _labels: &[u8], _classes: &[String]) -> Option<Map> {
    None
}

/// Writes nothing.
///
/// # Errors
/// Never.
pub fn write(_shown: &Shown<'_>, _run: &Path) -> Result<bool, FileError> {
    Ok(false)
}

/// Shows nothing.
///
/// # Errors
/// Never.
pub fn show_verdict(_run: &Path, _config: &Config, _verdict: Verdict) -> Result<bool, FileError> {
    Ok(false)
}

/// Knows of none.
pub fn verdict(_run: &Path) -> Option<Verdict> {
    None
}

/// Writes nothing.
///
/// # Errors
/// Never.
pub fn write_runs(_run: &Path) -> Result<bool, FileError> {
    Ok(false)
}
