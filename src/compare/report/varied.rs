//! The charts of varied settings: each score over a setting's values, a line for each row that has all else in common.

use crate::compare::JudgedRun;
use crate::compare::scores::{form, same, varied_keys};
use crate::compare::vary::{label, text};
use crate::draw::charts::varied::{Score, svg};
use crate::eval::judge::Column;

/// A chart for each setting that is varied: its key, and the SVG, or what the drawing library said.
pub fn charts(runs: &[JudgedRun]) -> Vec<(&str, Result<String, String>)> {
    varied_keys(runs).into_iter().map(|key| (key, chart(runs, key))).collect()
}

fn chart(runs: &[JudgedRun], key: &str) -> Result<String, String> {
    let (mut values, mut names, mut scores) = (Vec::new(), Vec::new(), Vec::<(Column, Score)>::new());
    for value in runs.iter().filter_map(|run| run.varied.get(key)).map(text) {
        if !values.contains(&value) {
            values.push(value);
        }
    }
    for run in runs {
        let own = run.varied.get(key).map(text);
        let name = series(run, key);
        let at = names.iter().position(|other| *other == name).unwrap_or(names.len());
        if at == names.len() {
            names.push(name);
        }
        // A row that does not use the setting has the same score at all its values.
        let places: Vec<usize> =
            (0..values.len()).filter(|&i| own.as_ref().is_none_or(|own| *own == values[i])).collect();
        for column in run.columns() {
            let Some(score) = column.score else { continue };
            let points = places.iter().map(|&place| (place, score * form(column.unit).0));
            match scores.iter_mut().find(|(head, _)| same(head, &column)) {
                Some((_, score)) => {
                    score.series.resize(score.series.len().max(at + 1), Vec::new());
                    score.series[at].extend(points);
                }
                None => {
                    let mut series = vec![Vec::new(); at + 1];
                    series[at].extend(points);
                    let name = format!("{}: {}", column.section.title, column.name);
                    scores.push((column, Score { name, series }));
                }
            }
        }
    }
    let scores: Vec<Score> = scores.into_iter().map(|(_, score)| score).collect();
    svg(key, &values, &names, &scores)
}

/// The name of a run's line: its row without the setting.
fn series(run: &JudgedRun, key: &str) -> String {
    let mut others = run.varied.clone();
    match others.remove(key) {
        Some(_) => label(&run.row_method(), &others),
        None => format!("{}, which does not use it", run.row()),
    }
}
