//! The page of a run, `RUN/index.html`.

use super::frame::{self, frame, is_ours, upwards, write_ours};
pub use super::verdict::{show_verdict, verdict};
use super::{Group, Map, Shown, State, Summary, Verdict, file, groups, runs};
use crate::draw::charts::principal_plane;
use crate::files::FileError;
use crate::setting::thousands;
use crate::settings::Config;
use maud::{Markup, html};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// Whether pages are written at all.
pub const BUILT: bool = true;
/// Points of a curve, at most.
const POINTS: usize = 400;

/// What the scores of judges are, and whether more is better.
const SCORES: [(&str, &str, Option<bool>); 8] = [
    ("knn", "accuracy of the 5 nearest training images", Some(true)),
    ("linear", "accuracy of a linear probe", Some(true)),
    ("held_out_loss", "the objective on held-out images", Some(false)),
    ("deviation", "standard deviation of a dimension, their mean", None),
    ("least_deviation", "the least of them: 0 is a dimension that says nothing", None),
    ("effective_rank", "how many dimensions are in use", None),
    ("alignment", "squared distance of two views of an image on the unit sphere", None),
    ("uniformity", "how evenly images cover the unit sphere: 0 is one point", None),
];

/// The numbers of a run's page.
#[derive(Serialize, Deserialize)]
pub(super) struct Numbers {
    pub summary: Summary,
    pub groups: Vec<Group>,
    pub map: Option<Map>,
    /// The files of the reconstructions, below the run's folder, oldest first.
    pub pictures: Vec<String>,
    /// What else is to be known; pages of before do not keep it.
    #[serde(default)]
    pub facts: Vec<(String, String)>,
    #[serde(default)]
    pub verdict: Option<Verdict>,
}

/// The numbers of the page in a folder; none where there is none of ours.
pub(super) fn numbers(folder: &Path) -> Option<Numbers> {
    let page = file(folder);
    let text = (is_ours(&page) == Some(true)).then(|| std::fs::read_to_string(&page).ok())??;
    frame::data_of(&text)
}

/// Places representations `[images, width]` in the plane in which they vary most.
pub fn map(step: u64, rows: &[f32], width: usize, labels: &[u8], classes: &[String]) -> Option<Map> {
    let plane = principal_plane(rows, width);
    let points = plane.iter().zip(labels).map(|([x, y], &class)| (*x as f32, *y as f32, class)).collect();
    (!plane.is_empty()).then(|| Map { step, points, classes: classes.to_vec() })
}

/// Writes the page of a run; false where its folder has an `index.html` that is not ours.
///
/// # Errors
/// When it cannot be written.
pub fn write(shown: &Shown<'_>, run: &Path) -> Result<bool, FileError> {
    let facts = shown.facts.iter().map(|(name, what)| ((*name).to_owned(), what.clone())).collect();
    let numbers = Numbers {
        summary: shown.summary.clone(),
        groups: groups(&shown.rows, POINTS),
        map: shown.map.clone(),
        pictures: pictures(run),
        facts,
        verdict: shown.verdict.clone(),
    };
    put(&numbers, shown.config, run)
}

/// Writes the page of a run that has these numbers and these settings; false as [`write`].
pub(super) fn put(numbers: &Numbers, config: &Config, run: &Path) -> Result<bool, FileError> {
    write_ours(&file(run), &page(numbers, config, run), run)
}

/// Writes the page of all runs beside this one, if that is its place: false where it is not.
///
/// # Errors
/// When it cannot be written.
pub fn write_runs(run: &Path) -> Result<bool, FileError> {
    runs::write(run)
}

fn page(numbers: &Numbers, config: &Config, run: &Path) -> String {
    let Summary { method, data, seed, state, .. } = &numbers.summary;
    let name = std::path::absolute(run).unwrap_or_default();
    let name = name.file_name().unwrap_or_default().to_string_lossy();
    let body = html! {
        (upwards(run))
        h1 { (method) " on " (data) " " (badge(state, 0)) }
        p.soft { (name) ", seed " (seed) }
        (status(&numbers.summary))
        @if let State::Failed(why) = state { div.card.trouble { (why) } }
        @if let Some(verdict) = &numbers.verdict { (super::verdict::markup(verdict)) }
        div #run {
            div #tools .tools {}
            @for (at, group) in numbers.groups.iter().enumerate() {
                h2 { (group.title) }
                div.charts #{ "group-" (at) } {}
                (judges(group))
            }
            @if numbers.groups.is_empty() { p.about { "Curves begin with the first row of metrics." } }
            noscript { img src="losses.svg" alt="curves"; }
        }
        @if let Some(newest) = numbers.pictures.last() {
            h2 { "Reconstructions" }
            p.about { "Test images, and below them what the decoder makes of the posterior mean." }
            div.tools { input #epoch type="range" min="0" max=(numbers.pictures.len() - 1) aria-label="epoch"; span #which {} }
            img #picture .pixels src=(newest) alt="test images over their reconstructions";
        }
        @if let Some(map) = &numbers.map {
            h2 { "Representations" }
            p.about {
                (map.points.len()) " test images in the plane in which their representations vary most, after step " (map.step)
                "; colour and shape say their class."
            }
            div #map .map .card {}
        }
        h2 { "Settings" }
        (settings(config))
        @if !numbers.facts.is_empty() {
            h2 { "This run" }
            div.card { dl { @for (name, what) in &numbers.facts { div { dt { (name) } dd { (what) } } } } }
        }
        (frame::data(numbers))
    };
    frame(&format!("{}{method} on {data}", title_of(state)), *state == State::Running, &body)
}

/// Where a run is, in a word; `at` is its place among those that the page has numbers of.
pub(super) fn badge(state: &State, at: usize) -> Markup {
    let word = match state {
        State::Running => "running",
        State::Finished => "finished",
        State::Interrupted => "interrupted",
        State::Failed(_) => "failed",
    };
    html! { span class={ "badge " (word) } data-of=(at) { (word) } }
}

fn title_of(state: &State) -> &'static str {
    match state {
        State::Running => "▶ ",
        State::Finished => "",
        State::Interrupted | State::Failed(_) => "■ ",
    }
}

fn status(summary: &Summary) -> Markup {
    let Summary { device, step, total, epoch, images_per_second, seconds, left, .. } = summary;
    let mut facts = vec![
        ("Step", format!("{} of {}", thousands(*step), thousands(*total))),
        ("Epoch", format!("{epoch:.2}")),
        (
            "Images a second",
            if *images_per_second > 0.0 { thousands(images_per_second.round() as u64) } else { "–".to_owned() },
        ),
        ("Trained for", time(*seconds)),
    ];
    facts.extend(left.map(|left| ("Time left", time(left))));
    html! {
        section.card.status {
            progress value=(step) max=(total.max(&1)) aria-label="steps done" {}
            dl {
                @for (name, what) in facts { div { dt { (name) } dd.big { (what) } } }
                div { dt { "Device" } dd { (device) } }
            }
        }
    }
}

/// The newest and the best scores, where a group has scores.
fn judges(group: &Group) -> Markup {
    if !SCORES.iter().any(|(name, ..)| group.curves.contains_key(*name)) {
        return html! {};
    }
    let known = |name: &str| {
        let values = group.curves.get(name)?;
        Some(group.step.iter().zip(values).filter_map(|(step, value)| Some((*step, (*value)?))).collect::<Vec<_>>())
    };
    html! {
        div.card {
            table {
                thead { tr { th { "judge" } th { "newest" } th { "best" } th { "at step" } th.word { "what it is" } } }
                tbody {
                    @for (name, about, more_is_better) in SCORES {
                        @let values = known(name).unwrap_or_default();
                        @let better = |a: &&(u64, f32), b: &&(u64, f32)| if more_is_better == Some(true) { a.1.total_cmp(&b.1) } else { b.1.total_cmp(&a.1) };
                        @if let Some((_, newest)) = values.last() {
                            tr {
                                td { (name.replace('_', " ")) }
                                td { (score(name, *newest)) }
                                @match values.iter().max_by(better).filter(|_| more_is_better.is_some()) {
                                    Some((step, best)) => { td { (score(name, *best)) } td { (thousands(*step)) } }
                                    None => { td { "–" } td { "–" } }
                                }
                                td.word.wide { (about) }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// A loss or a score in words.
pub(super) fn score(name: &str, value: f32) -> String {
    match name {
        "knn" | "linear" => format!("{:.2} %", 100.0 * value),
        _ => format!("{value:.3}"),
    }
}

/// The settings that are others than the defaults, and all of them.
fn settings(config: &Config) -> Markup {
    let changes = Config::default().changes(config);
    html! {
        div.chips { @for change in &changes { code { (change.rsplit(", now ").next().unwrap_or_default()) } } }
        details { summary { "All settings" } pre { (config.to_toml().unwrap_or_default()) } }
    }
}

/// The reconstructions of a run, oldest first: files behind its folder.
pub fn pictures(run: &Path) -> Vec<String> {
    let folder = std::fs::read_dir(run.join("reconstructions"));
    let names = folder.into_iter().flatten().flatten().filter_map(|entry| entry.file_name().into_string().ok());
    let mut found: Vec<String> = names.filter(|name| name.starts_with("epoch-") && name.ends_with(".png")).collect();
    // Epochs beyond the four digits are longer names.
    found.sort_by_key(|name| (name.len(), name.clone()));
    found.into_iter().map(|name| format!("reconstructions/{name}")).collect()
}

/// Seconds in words.
pub fn time(seconds: f64) -> String {
    let whole = seconds.max(0.0).round() as u64;
    match whole {
        0..60 => format!("{whole} s"),
        60..3600 => format!("{} min {} s", whole / 60, whole % 60),
        _ => format!("{} h {} min", whole / 3600, whole % 3600 / 60),
    }
}
