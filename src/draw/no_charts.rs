//! In the place of the charts, in a library without its feature `report`: there are none.

use crate::run_folder::metrics::Row;

/// Draws nothing.
///
/// # Errors
/// Never.
pub fn losses(_rows: &[Row]) -> Result<Option<String>, String> {
    Ok(None)
}

/// Draws nothing.
///
/// # Errors
/// Never.
pub fn plane(_rows: &[f32], _width: usize, _labels: &[u8], _classes: &[String]) -> Result<Option<String>, String> {
    Ok(None)
}
