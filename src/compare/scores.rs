//! The tables of judged runs: what each row was given, its scores over the seeds, and how they differ from one row's.

use super::budget;
use super::differences::Difference;
use super::interval::{Interval, Scores};
use super::table::{Cell, Table};
use super::vary::{is_meant, text};
use super::verdict::JudgedRun;
use crate::eval::judge::{Column, Section, Unit};
use crate::eval::judges::Reconstruction;
use crate::eval::metrics::mean_and_deviation;
use std::collections::BTreeSet;

/// How scores of several seeds are to be read.
const OF_SEEDS: &str = "Means and standard deviations over the seeds. Bold: the best, where the 95 % interval of its paired \
                        difference from each other row leaves zero out.";

/// The tables of judged runs: the budgets, then the columns of all judges by section, and, where rows share two seeds and more, their
/// paired differences from the first row `against`, or from SimVAE's, the first generative one or the first. Runs of one row are
/// its seeds; rows come in the order of their first run. Varied settings are the first columns. Tables without a score are left
/// out.
pub fn tables(runs: &[JudgedRun], against: Option<&str>) -> Vec<Table> {
    let board = Board::new(runs);
    let Some(reference) = board.reference(against) else { return Vec::new() };
    let marks = |row: &Row<'_>| match row.runs.first().zip(reference.runs.first()) {
        Some((run, against)) => budget::marks(run, against),
        None => String::new(),
    };
    let used: String = board.rows.iter().map(marks).collect();
    let notes = budget::explained(&used, &reference.name);
    let names: Vec<String> =
        board.rows.iter().map(|row| format!("{} {}", row.method(), marks(row)).trim_end().to_owned()).collect();

    let given: Vec<_> = names.iter().cloned().zip(board.rows.iter().map(|row| row.runs.clone())).collect();
    let mut budgets = budget::table(&given, notes.clone());
    let all: Vec<&Row<'_>> = board.rows.iter().collect();
    board.put_varied(&mut budgets, &all);
    let mut tables = vec![budgets];
    for section in board.sections() {
        let heads: Vec<&Column> = board.heads.iter().filter(|head| head.section == section).collect();
        let several = board.rows.iter().any(|row| row.runs.len() > 1);
        let rows = board.rows.iter().map(|row| heads.iter().map(|head| board.score(row, head)).collect());
        let columns: Vec<String> = heads.iter().map(|head| head.name.clone()).collect();
        let mut scores = Table {
            title: section.title.to_owned(),
            about: if several { format!("{} {OF_SEEDS}", section.about) } else { section.about.to_owned() },
            columns: columns.clone(),
            rows: names.iter().cloned().zip(rows).collect(),
            notes: notes.clone(),
        };
        if scores.rows.iter().all(|(_, cells)| cells.iter().all(|cell| *cell == Cell::empty())) {
            continue;
        }
        board.put_varied(&mut scores, &all);
        tables.push(scores);
        let others = names.iter().zip(&board.rows).filter(|(_, row)| row.name != reference.name);
        let (differing, rows): (Vec<&Row<'_>>, Vec<(String, Vec<Cell>)>) = others
            .map(|(name, row)| {
                let cell = |head: &&Column| shown(difference(row, reference, head), head.unit);
                (row, (name.clone(), heads.iter().map(cell).collect::<Vec<_>>()))
            })
            .filter(|(_, (_, cells))| cells.iter().any(|cell| *cell != Cell::empty()))
            .unzip();
        if !rows.is_empty() {
            let about = format!(
                "Paired differences from {} over the seeds that both have, and half the width of their 95 % intervals \
                 (Student's t, each for itself). Bold: zero lies outside.",
                reference.name
            );
            let title = format!("{}, differences from {}", section.title, reference.name);
            let mut differences = Table { title, about, columns, rows, notes: notes.clone() };
            board.put_varied(&mut differences, &differing);
            tables.push(differences);
        }
    }
    tables
}

/// The runs of a row.
pub(super) struct Row<'a> {
    name: String,
    runs: Vec<&'a JudgedRun>,
}

impl Row<'_> {
    /// Its name without the varied settings.
    fn method(&self) -> String {
        self.runs.first().map(|run| run.row_method()).unwrap_or_default()
    }

    /// The scores in a column, by seed.
    fn scores(&self, head: &Column) -> Scores {
        let score = |run: &&JudgedRun| {
            let found = run.columns().into_iter().find(|column| same(head, column));
            Some((run.seed, found?.score?))
        };
        self.runs.iter().filter_map(score).collect()
    }
}

/// Rows and columns, and the keys of varied settings.
pub(super) struct Board<'a> {
    rows: Vec<Row<'a>>,
    heads: Vec<Column>,
    varied: BTreeSet<&'a str>,
}

impl<'a> Board<'a> {
    pub fn new(runs: &'a [JudgedRun]) -> Self {
        let mut board = Self { rows: Vec::new(), heads: Vec::new(), varied: varied_keys(runs) };
        for run in runs {
            let name = run.row();
            match board.rows.iter_mut().find(|row| row.name == name) {
                Some(row) => row.runs.push(run),
                None => board.rows.push(Row { name, runs: vec![run] }),
            }
            for column in run.columns() {
                if !board.heads.iter().any(|head| same(head, &column)) {
                    board.heads.push(column);
                }
            }
        }
        board
    }

    /// Puts the varied settings of its rows into a table, before its other columns.
    fn put_varied(&self, table: &mut Table, rows: &[&Row<'_>]) {
        table.columns.splice(0..0, self.varied.iter().map(|&key| key.to_owned()));
        for ((_, cells), row) in table.rows.iter_mut().zip(rows) {
            let value = |&key: &&str| row.runs.first().and_then(|run| run.varied.get(key));
            let own =
                self.varied.iter().map(|key| value(key).map_or_else(Cell::empty, |found| Cell::plain(text(found))));
            cells.splice(0..0, own);
        }
    }

    fn sections(&self) -> Vec<Section> {
        let mut sections: Vec<Section> = Vec::new();
        for head in &self.heads {
            if !sections.contains(&head.section) {
                sections.push(head.section);
            }
        }
        sections
    }

    /// The row that the others are compared with.
    fn reference(&self, against: Option<&str>) -> Option<&Row<'a>> {
        let named = |words: &str| self.rows.iter().find(|row| is_meant(&row.name, words));
        let generative = |row: &&Row<'_>| row.runs.iter().any(|run| run.found.of::<Reconstruction>().is_some());
        let default = || named("simvae").or_else(|| self.rows.iter().find(generative)).or_else(|| self.rows.first());
        against.and_then(named).or_else(default)
    }

    /// The paired differences of all rows from one in all columns.
    pub fn differences(&self, against: Option<&str>) -> Vec<Difference> {
        let Some(reference) = self.reference(against) else { return Vec::new() };
        let mut found = Vec::new();
        for row in self.rows.iter().filter(|row| row.name != reference.name) {
            for head in &self.heads {
                let Some(interval) = difference(row, reference, head) else { continue };
                let Interval { pairs, mean, half } = interval;
                found.push(Difference {
                    row: row.name.clone(),
                    against: reference.name.clone(),
                    table: head.section.title.to_owned(),
                    score: head.name.clone(),
                    seeds: pairs,
                    mean,
                    interval: [mean - half, mean + half],
                    zero_outside: interval.leaves_zero_out(),
                });
            }
        }
        found
    }

    /// A score over the seeds.
    fn score(&self, row: &Row<'_>, head: &Column) -> Cell {
        let own = row.scores(head);
        if own.is_empty() {
            return Cell::empty();
        }
        let (mean, deviation) = mean_and_deviation(&own.values().copied().collect::<Vec<f64>>());
        let mut text = written(mean, head.unit);
        if own.len() > 1 {
            text += &format!(" ± {}", written(deviation, head.unit));
        }
        let others = self.rows.iter().filter(|other| other.name != row.name).map(|other| other.scores(head));
        let mut others = others.filter(|scores| !scores.is_empty()).peekable();
        let sign = if head.unit == Unit::SmallError { -1.0 } else { 1.0 };
        let ranked = head.unit != Unit::Amount && others.peek().is_some();
        let above = |other: Scores| {
            Interval::of(&own, &other).is_some_and(|found| sign * found.mean > 0.0 && found.leaves_zero_out())
        };
        Cell { text, bold: ranked && others.all(above) }
    }
}

/// How a row's scores differ from another's.
fn difference(row: &Row<'_>, from: &Row<'_>, head: &Column) -> Option<Interval> {
    Interval::of(&row.scores(head), &from.scores(head))
}

/// A difference as tables show it.
fn shown(interval: Option<Interval>, unit: Unit) -> Cell {
    let Some(interval) = interval else { return Cell::empty() };
    let sign = if interval.mean < 0.0 { "" } else { "+" };
    let (mean, half) = (written(interval.mean, unit), written(interval.half, unit));
    Cell { text: format!("{sign}{mean} ± {half}"), bold: interval.leaves_zero_out() }
}

/// A number as its unit has it.
pub(super) fn written(number: f64, unit: Unit) -> String {
    let (factor, digits) = form(unit);
    format!("{:.digits$}", factor * number)
}

/// What a score is multiplied by to be shown, and its digits.
pub(super) fn form(unit: Unit) -> (f64, usize) {
    match unit {
        Unit::Percent => (100.0, 2),
        Unit::Ratio => (1.0, 3),
        Unit::SmallError | Unit::Amount => (1.0, 5),
        Unit::Nats => (1.0, 1),
    }
}

/// The keys of all settings that are varied.
pub(super) fn varied_keys(runs: &[JudgedRun]) -> BTreeSet<&str> {
    runs.iter().flat_map(|run| run.varied.keys().map(String::as_str)).collect()
}

/// Whether two columns are of one score.
pub(super) fn same(a: &Column, b: &Column) -> bool {
    a.section == b.section && a.name == b.name
}
