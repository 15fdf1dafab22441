//! Charts as SVG: the losses of a run, a plane of its representations, and scores over the values of a setting.

mod curves;
mod projection;
mod scatter;
mod theme;
pub mod varied;

use crate::run_folder::metrics::Row;
use curves::Curve;
pub(crate) use projection::principal_plane;
use scatter::Point;
use std::collections::BTreeMap;

/// Draws every term of the rows of a run, and what judges found, against the epoch.
///
/// # Errors
/// When the drawing library refuses, as text.
pub fn losses(rows: &[Row]) -> Result<Option<String>, String> {
    type Part = fn(&Row) -> &BTreeMap<String, f64>;
    let curves = |part: Part| -> Vec<Curve> {
        let names = rows.iter().map(part).find(|scores| !scores.is_empty()).into_iter().flat_map(BTreeMap::keys);
        let points = |name| rows.iter().filter_map(|row| Some((row.epoch, *part(row).get(name)?))).collect();
        names.map(|name| Curve { name: name.clone(), points: points(name) }).collect()
    };
    let parts: [(&str, Part); 2] = [("losses", |row| &row.losses), ("judged on held-out images", |row| &row.judged)];
    let parts: Vec<(&str, Vec<Curve>)> = parts.map(|(title, part)| (title, curves(part))).into();
    curves::svg(&parts).map(Some)
}

/// Draws rows of an embedding (`[n, width]`) on their principal plane, coloured by their labels, of which `classes` are the
/// names.
///
/// # Errors
/// When the drawing library refuses, as text.
pub fn plane(rows: &[f32], width: usize, labels: &[u8], classes: &[String]) -> Result<Option<String>, String> {
    let plane = principal_plane(rows, width);
    let points: Vec<Point> =
        plane.into_iter().zip(labels).map(|([x, y], &class)| Point { x, y, class: class.into() }).collect();
    scatter::svg(&points, classes).map(Some)
}
