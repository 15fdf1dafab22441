//! The verdict on a run, on its page and in a line of the page of all runs.

use super::frame::prose;
use super::{Verdict, render, runs};
use crate::files::FileError;
use crate::setting::thousands;
use crate::settings::Config;
use maud::{Markup, html};
use std::path::Path;

/// The scores that the page of all runs shows, by their names in a verdict, and their columns.
pub(super) const COLUMNS: [(&str, &str); 2] = [("k-NN", "eval: k-NN"), ("linear, converged", "eval: linear")];

/// Shows a verdict on the page of its run, and on that of all runs; false where the run has no page of ours.
///
/// # Errors
/// When a page cannot be written.
pub fn show_verdict(run: &Path, config: &Config, verdict: Verdict) -> Result<bool, FileError> {
    let Some(numbers) = render::numbers(run) else { return Ok(false) };
    render::put(&render::Numbers { verdict: Some(verdict), ..numbers }, config, run)?;
    runs::write(run)?;
    Ok(true)
}

/// The verdict that stands on the page of a run.
pub fn verdict(run: &Path) -> Option<Verdict> {
    render::numbers(run)?.verdict
}

pub(super) fn markup(verdict: &Verdict) -> Markup {
    html! {
        h2 { "Verdict" }
        p.about { "What " code { "eval" } " found on the test images, after step " (thousands(verdict.step)) "." }
        div.grid {
            @for part in &verdict.parts {
                div.card.part {
                    table {
                        thead { tr { th { (part.title) } th { "score" } } }
                        tbody { @for score in &part.scores { tr { td { (score.name) } td { (score.text) } } } }
                    }
                    p.about { (prose(&part.about)) }
                }
            }
        }
        @for note in &verdict.notes { p.about { "Note: " (note) "." } }
    }
}
