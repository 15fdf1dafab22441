//! A verdict as the page of its run shows it.

use super::scores::written;
use super::verdict::JudgedRun;
use crate::eval::judge::{Column, Unit};
use crate::files::FileError;
use crate::page::{self, Part, Score, Verdict};
use crate::settings::Config;
use std::path::Path;

impl JudgedRun {
    /// Shows the verdict on the page of its run, and on that of all runs beside it; a run without a page stays without.
    ///
    /// # Errors
    /// When a page cannot be written.
    pub fn show(&self, run: &Path, config: &Config) -> Result<(), FileError> {
        let mut parts: Vec<Part> = Vec::new();
        for Column { section, name, unit, score } in self.columns() {
            let Some(value) = score else { continue };
            let score = Score { name, text: text(value, unit), value };
            match parts.iter_mut().find(|part| part.title == section.title) {
                Some(part) => part.scores.push(score),
                None => {
                    let (title, about) = (section.title.to_owned(), section.about.to_owned());
                    parts.push(Part { title, about, scores: vec![score] });
                }
            }
        }
        let notes = self.found.notes().map(str::to_owned).collect();
        page::show_verdict(run, config, Verdict { step: self.steps, parts, notes }).map(drop)
    }
}

/// A score with its unit.
fn text(score: f64, unit: Unit) -> String {
    let sign = match unit {
        Unit::Percent => " %",
        Unit::Nats => " nats",
        Unit::Ratio | Unit::SmallError | Unit::Amount => "",
    };
    written(score, unit) + sign
}
