//! The report of a comparison: one HTML file that needs no network.

use super::varied::charts;
use crate::compare::{Compared, JudgedRun, Table, tables};
use crate::files::{FileError, read_if_there};
use crate::page::{self, Group, groups, pictures, prose};
use crate::run_folder::metrics::{MetricsLog, metrics_file};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use maud::{Markup, html as markup};
use serde::Serialize;
use std::path::Path;

/// Points of a curve, at most.
const POINTS: usize = 200;
/// What to do where a file cannot be read.
const INCOMPLETE: &str = "The run's folder is incomplete: delete it, and compare again";

/// What the report shows of a run's folder; pictures as URLs that hold them.
struct Pictures {
    name: String,
    curves: Vec<Group>,
    plane: Option<String>,
    reconstructions: Option<String>,
    settings: String,
}

impl Pictures {
    fn read(folder: &Path, run: &JudgedRun) -> Result<Self, FileError> {
        let newest = pictures(folder).pop().map(|name| folder.join(name));
        let svg = |name: &str| Ok(content(&folder.join(name))?.map(|svg| url("svg+xml", &svg)));
        let png = newest.map_or(Ok(None), |path| content(&path))?;
        let rows = MetricsLog::read(&metrics_file(folder));
        let settings = content(&folder.join("config.toml"))?.unwrap_or_default();
        Ok(Self {
            name: run.row(),
            curves: groups(&rows.map_err(|error| error.advise(INCOMPLETE))?, POINTS),
            plane: svg("projection.svg")?,
            reconstructions: png.map(|bytes| url("png", &bytes)),
            settings: String::from_utf8_lossy(&settings).into_owned(),
        })
    }
}

/// What the page's script draws.
#[derive(Serialize)]
struct Curves<'a> {
    rows: Vec<Row<'a>>,
}

/// The curves of a row.
#[derive(Serialize)]
struct Row<'a> {
    name: &'a str,
    groups: &'a [Group],
}

/// A picture as it stands in the page: not as markup, since what stands in a file of somebody else is shown, and never run.
fn url(kind: &str, bytes: &[u8]) -> String {
    format!("data:image/{kind};base64,{}", STANDARD.encode(bytes))
}

/// A file's content; none where there is no such file.
fn content(path: &Path) -> Result<Option<Vec<u8>>, FileError> {
    read_if_there(path).map_err(|error| error.advise(INCOMPLETE))
}

/// The report of a comparison. Pictures and settings are those of each method's first run.
///
/// # Errors
/// When a file of a run's folder cannot be read.
pub fn html(compared: &Compared) -> Result<String, FileError> {
    let Compared { judged: runs, folders, failed, matched, against, note, board } = compared;
    let board = board.as_deref().map_or(Ok(None), content)?.map(|bytes| url("png", &bytes));
    let mut shown: Vec<Pictures> = Vec::new();
    for (folder, run) in folders.iter().zip(runs) {
        if !shown.iter().any(|pictures| pictures.name == run.row()) {
            shown.push(Pictures::read(folder, run)?);
        }
    }
    let data = runs.first().map_or("", |run| run.data.as_str());
    let seeds = runs.iter().map(|run| run.seed + 1).max().unwrap_or(0);
    let notes = runs.iter().flat_map(|run| run.found.notes().map(move |note| (run, note)));
    let epochs = runs.first().map_or(0, |run| run.judges.probe_epochs);
    let rows: Vec<Row<'_>> = shown.iter().map(|row| Row { name: &row.name, groups: &row.curves }).collect();
    let page = markup! {
        h1 { "Representations of " (data) }
        p.about {
            (shown.len()) " rows matched by " (matched.name()) ", " (seeds) " seed" (if seeds == 1 { "" } else { "s" })
            ", probes of " (epochs) " epochs; made by wgpu-simvae " (env!("CARGO_PKG_VERSION")) "."
        }
        @if let Some(note) = note { p.about { "Note: " (note) "." } }
        @for table in tables(runs, against.as_deref()) { (table_markup(&table)) }
        @for (key, chart) in charts(runs) {
            h2 { "Scores over " (key) }
            p.about { "Each seed is a dot; lines go through the means over the seeds." }
            @match chart {
                Ok(svg) => img src=(url("svg+xml", svg.as_bytes())) alt=(format!("scores over {key}"));,
                Err(problem) => p { "The chart could not be drawn: " (problem) },
            }
        }
        @for (i, row) in failed.iter().enumerate() {
            @if i == 0 { h2 { "Failed rows" } }
            p { b { (row.name) ", seed " (row.seed) } ": " (row.reason) }
        }
        @for (i, (run, note)) in notes.enumerate() {
            @if i == 0 { h2 { "Notes" } }
            p { b { (run.row()) ", seed " (run.seed) } ": " (note) }
        }
        h2 { "Representations" }
        p.about { "Test images on the two principal components of each representation, coloured by class." }
        (gallery(&shown, "representations", |pictures| pictures.plane.as_deref()))
        h2 { "Reconstructions" }
        p.about { "Test images, and below them what the decoder makes of the posterior mean." }
        (gallery(&shown, "reconstructions", |pictures| pictures.reconstructions.as_deref()))
        @if let Some(url) = &board {
            h2 { "What is left in the representations" }
            p.about {
                "Test images, and below them what a decoder draws of each row's frozen representation, with the squared error of a \
                 pixel. What is not there, the representation has lost."
            }
            img src=(url) alt="test images drawn from the representations of every row";
        }
        h2 { "Curves" }
        p.about { "Losses and judges of the first run of each row while it trained. Losses of different methods are not of one kind." }
        div #rows {}
        (page::data(&Curves { rows }))
        h2 { "Settings" }
        @for pictures in &shown {
            details { summary { (pictures.name) } pre { (pictures.settings) } }
        }
    };
    Ok(page::frame(&format!("Representations of {data}"), false, &page))
}

fn gallery<'a>(shown: &'a [Pictures], what: &str, picture: impl Fn(&'a Pictures) -> Option<&'a str>) -> Markup {
    markup! {
        div.grid {
            @for pictures in shown {
                @if let Some(url) = picture(pictures) {
                    figure { figcaption { (pictures.name) } img src=(url) alt=(format!("{what} of {}", pictures.name)); }
                }
            }
        }
    }
}

fn table_markup(table: &Table) -> Markup {
    markup! {
        h2 { (table.title) }
        p.about { (prose(&table.about)) }
        table {
            thead { tr { th { "method" } @for column in &table.columns { th { (column) } } } }
            tbody {
                @for (name, cells) in &table.rows {
                    tr {
                        td { (name) }
                        @for cell in cells { td.top[cell.bold] { (cell.text) } }
                    }
                }
            }
        }
        @if !table.notes.is_empty() { p.about { (table.notes.join(" ")) } }
    }
}
