//! The page of all runs in a folder, `index.html` beside them.

use super::frame::{self, frame, is_ours, upwards, write_ours};
use super::render::{Numbers, badge, numbers, score, time};
use super::{Group, Score, State, Summary, Verdict, file, verdict};
use crate::files::FileError;
use crate::setting::thousands;
use maud::{Markup, html};
use serde::Serialize;
use std::fs::DirEntry;
use std::path::{Path, PathBuf};

/// Points of a curve, at most: there may be many runs.
const POINTS: usize = 150;
/// The curves of which the newest value stands in the table.
const COLUMNS: [&str; 4] = ["total", "knn", "linear", "held_out_loss"];

/// A run of the folder.
#[derive(Serialize)]
struct Run {
    name: String,
    summary: Summary,
    groups: Vec<Group>,
    #[serde(skip)]
    verdict: Option<Verdict>,
}

impl Run {
    /// A run that has a page of ours; none for any other folder.
    fn read(folder: &Path) -> Option<Self> {
        let Numbers { summary, groups, verdict, .. } = numbers(folder)?;
        let name = folder.file_name()?.to_string_lossy().into_owned();
        let groups = groups.into_iter().map(|group| group.thinned(POINTS)).collect();
        Some(Self { name, summary, groups, verdict })
    }

    /// A score of its verdict.
    fn judged(&self, name: &str) -> Option<&Score> {
        self.verdict.iter().flat_map(|verdict| &verdict.parts).flat_map(|part| &part.scores).find(|it| it.name == name)
    }

    fn newest(&self, curve: &str) -> Option<f32> {
        let values = self.groups.iter().find_map(|group| group.curves.get(curve))?;
        values.iter().rev().copied().find_map(|value| value)
    }
}

/// Writes the page beside a run, where that is ours to do: there is such a page of ours, or there is no `index.html` and nothing but
/// runs (hidden files aside).
///
/// # Errors
/// When the page cannot be written.
pub(super) fn write(run: &Path) -> Result<bool, FileError> {
    let run = std::path::absolute(run).map_err(FileError::reading(run))?;
    let Some(parent) = run.parent() else { return Ok(false) };
    let Ok(entries) = std::fs::read_dir(parent) else { return Ok(false) };
    let mut there: Vec<PathBuf> =
        entries.flatten().filter(|entry| !is_hidden(entry)).map(|entry| entry.path()).collect();
    there.sort();
    let place = file(parent);
    let ours = is_ours(&place).unwrap_or_else(|| there.iter().all(|path| is_run(path)));
    if !ours {
        return Ok(false);
    }
    let mut runs: Vec<Run> = there.iter().filter_map(|path| Run::read(path)).collect();
    runs.sort_by(|a, b| (b.summary.written, &a.name).cmp(&(a.summary.written, &b.name)));
    let others: Vec<String> = there.iter().filter_map(|path| folder_of_runs(path)).collect();
    write_ours(&place, &page(parent, &runs, &others), &run)
}

/// Whether a path is the folder of a run or of runs, or becomes one: it was claimed, and is empty.
fn is_run(path: &Path) -> bool {
    let is_empty = || std::fs::read_dir(path).is_ok_and(|entries| entries.flatten().all(|entry| is_hidden(&entry)));
    is_recorded(path) || is_ours(&file(path)) == Some(true) || is_empty()
}

fn is_hidden(entry: &DirEntry) -> bool {
    entry.file_name().as_encoded_bytes().starts_with(b".")
}

fn is_recorded(path: &Path) -> bool {
    path.join("run.json").is_file()
}

/// The name of a folder that has a page of ours about its runs.
fn folder_of_runs(path: &Path) -> Option<String> {
    (!is_recorded(path) && is_ours(&file(path)) == Some(true))
        .then(|| path.file_name().unwrap_or_default().to_string_lossy().into_owned())
}

fn page(folder: &Path, runs: &[Run], others: &[String]) -> String {
    #[derive(Serialize)]
    struct Data<'a> {
        runs: &'a [Run],
    }
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    let goes_on = runs.iter().any(|run| run.summary.state == State::Running);
    let report = folder.join("report.html").is_file();
    let judged: Vec<(&str, &str)> =
        verdict::COLUMNS.into_iter().filter(|(name, _)| runs.iter().any(|run| run.judged(name).is_some())).collect();
    let body = html! {
        (upwards(folder))
        h1 { "Runs in " (name) }
        p.about {
            (runs.len()) @if runs.len() == 1 { " run." } @else { " runs." } " A click on a column's head sorts by it; the curves of those that are ticked lie over each other."
            @if report { " " a href="report.html" { "The comparison's report" } "." }
        }
        div #overlay {}
        h2 { "Runs" }
        div.card #runs {
            table {
                thead {
                    tr {
                        th { "run" }
                        @for head in ["state", "method", "data"] { th.word { (head) } }
                        th { "seed" }
                        @for column in COLUMNS { th { (column.replace('_', " ")) } }
                        @for (_, head) in &judged { th { (head) } }
                        @for head in ["step", "of", "epoch", "images/s", "time"] { th { (head) } }
                        th.word { "device" }
                    }
                }
                tbody { @for (at, run) in runs.iter().enumerate() { (row(run, at, &judged)) } }
            }
        }
        @if !others.is_empty() {
            h2 { "Folders of runs" }
            ul { @for name in others { li { a href={ (link(name)) "/index.html" } { (name) } } } }
        }
        (frame::data(&Data { runs }))
    };
    frame(&format!("Runs in {name}"), goes_on, &body)
}

fn row(run: &Run, at: usize, judged: &[(&str, &str)]) -> Markup {
    let Summary { method, data, seed, device, state, step, total, epoch, images_per_second, seconds, .. } =
        &run.summary;
    html! {
        tr {
            td { a href={ (link(&run.name)) "/index.html" } { (run.name) } }
            td.word { (badge(state, at)) }
            td.word { (method) }
            td.word { (data) }
            td data-value=(seed) { (seed) }
            @for column in COLUMNS {
                @match run.newest(column) {
                    Some(value) => td data-value=(value) { (score(column, value)) },
                    None => td { "–" },
                }
            }
            @for (name, _) in judged {
                @match run.judged(name) {
                    Some(score) => td data-value=(score.value) { (score.text) },
                    None => td { "–" },
                }
            }
            td data-value=(step) { (thousands(*step)) }
            td data-value=(total) { (thousands(*total)) }
            td data-value=(epoch) { (format!("{epoch:.1}")) }
            @if *images_per_second > 0.0 {
                td data-value=(images_per_second) { (thousands(images_per_second.round() as u64)) }
            } @else { td { "–" } }
            td data-value=(seconds) { (time(*seconds)) }
            td.word { (device) }
        }
    }
}

/// A name as a part of a URL.
fn link(name: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    name.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_lead_to_names_of_any_letters() {
        assert_eq!(link("sprites-simvae_2.b"), "sprites-simvae_2.b");
        assert_eq!(link("a b#%é?/"), "a%20b%23%25%C3%A9%3F%2F");
    }
}
