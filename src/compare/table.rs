//! The tables of a comparison: one row a method, mean and deviation over the seeds.

use super::verdict::JudgedRun;
use crate::eval::judge::{Column, Section, Unit};
use crate::eval::metrics::mean_and_deviation;
use std::fmt;

/// A table of scores.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// What it is about.
    pub title: String,
    /// How to read it.
    pub about: &'static str,
    /// Names of the columns.
    pub columns: Vec<String>,
    /// A method and its scores; none where a score does not apply to it.
    pub rows: Vec<(String, Vec<Option<Cell>>)>,
}

/// A score over the seeds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cell {
    /// Mean.
    pub mean: f64,
    /// Sample standard deviation; 0 for a single seed.
    pub deviation: f64,
    /// Number of seeds.
    pub seeds: usize,
    /// How it is written.
    pub unit: Unit,
}

impl Cell {
    /// The mean, turned round where less is better.
    pub fn merit(&self) -> f64 {
        if self.unit == Unit::SmallError { -self.mean } else { self.mean }
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (factor, digits) = match self.unit {
            Unit::Percent => (100.0, 2),
            Unit::Ratio => (1.0, 3),
            Unit::SmallError => (1.0, 5),
            Unit::Nats => (1.0, 1),
        };
        write!(f, "{:.digits$}", factor * self.mean)?;
        if self.seeds > 1 {
            write!(f, " ± {:.digits$}", factor * self.deviation)?;
        }
        Ok(())
    }
}

/// The tables of judged runs, with the columns of all judges. Runs of one method are its seeds; methods come in the order of their first
/// run. Tables without a score are left out.
pub fn tables(runs: &[JudgedRun]) -> Vec<Table> {
    let columns: Vec<(&str, Vec<Column>)> = runs.iter().map(|run| (run.method.as_str(), run.found.columns())).collect();
    let mut methods: Vec<&str> = Vec::new();
    let mut heads: Vec<&Column> = Vec::new();
    for (method, columns) in &columns {
        if !methods.contains(method) {
            methods.push(method);
        }
        for column in columns {
            if !heads.iter().any(|head| same(head, column)) {
                heads.push(column);
            }
        }
    }
    let cell = |method: &str, head: &Column| {
        let of_method = columns.iter().filter(|(of, _)| *of == method).flat_map(|(_, columns)| columns);
        let scores: Vec<f64> =
            of_method.filter(|column| same(head, column)).filter_map(|column| column.score).collect();
        let (mean, deviation) = mean_and_deviation(&scores);
        (!scores.is_empty()).then_some(Cell { mean, deviation, seeds: scores.len(), unit: head.unit })
    };
    let table = |section: Section| {
        let heads: Vec<&Column> = heads.iter().copied().filter(|head| head.section == section).collect();
        let row = |method: &&str| ((*method).to_owned(), heads.iter().map(|head| cell(method, head)).collect());
        Table {
            title: section.title.to_owned(),
            about: section.about,
            columns: heads.iter().map(|head| head.name.clone()).collect(),
            rows: methods.iter().map(row).collect(),
        }
    };
    let mut sections: Vec<Section> = Vec::new();
    for head in &heads {
        if !sections.contains(&head.section) {
            sections.push(head.section);
        }
    }
    let tables = sections.into_iter().map(table);
    tables.filter(|table| table.rows.iter().any(|(_, cells)| cells.iter().any(Option::is_some))).collect()
}

fn same(a: &Column, b: &Column) -> bool {
    a.section == b.section && a.name == b.name
}
