//! The tables of a comparison: one row a method, mean and deviation over the seeds.

use super::verdict::JudgedRun;
use crate::eval::judge::{Content, Score};
use crate::eval::metrics::mean_and_deviation;
use comfy_table::presets::ASCII_MARKDOWN;
use comfy_table::{CellAlignment, Table as Grid};
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

/// How a score is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// A fraction, in percent.
    Percent,
    /// A number between about -1 and 1.
    Ratio,
    /// A small error: less is better.
    SmallError,
    /// Nats.
    Nats,
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

impl fmt::Display for Table {
    /// Markdown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut grid = Grid::new();
        grid.load_preset(ASCII_MARKDOWN);
        grid.set_header(std::iter::once("method").chain(self.columns.iter().map(String::as_str)));
        for (method, cells) in &self.rows {
            let cells = cells.iter().map(|cell| cell.map_or_else(|| "-".to_owned(), |cell| cell.to_string()));
            grid.add_row(std::iter::once(method.clone()).chain(cells));
        }
        for column in grid.column_iter_mut().skip(1) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        writeln!(f, "{}\n\n{}\n\n{grid}", self.title, self.about)
    }
}

/// A column: its name, its unit, and where its score is.
type Measure = (String, Unit, Box<dyn Fn(&JudgedRun) -> Option<f64>>);

fn of_content(name: &str, unit: Unit, score: fn(&Content) -> Option<f64>) -> Measure {
    (name.to_owned(), unit, Box::new(move |run| score(run.verdict.content.as_ref()?)))
}

fn content() -> Vec<Measure> {
    vec![
        of_content("linear, last", Unit::Percent, |c| Some(c.linear.last)),
        of_content("linear, best", Unit::Percent, |c| Some(c.linear.best)),
        of_content("MLP, last", Unit::Percent, |c| Some(c.mlp.last)),
        of_content("MLP, best", Unit::Percent, |c| Some(c.mlp.best)),
        of_content("k-NN", Unit::Percent, |c| Some(c.knn_euclidean.accuracy)),
        of_content("k-NN, cosine", Unit::Percent, |c| Some(c.knn_cosine.accuracy)),
        of_content("GMM", Unit::Percent, |c| Some(c.gmm?.accuracy)),
        of_content("NMI", Unit::Ratio, |c| Some(c.gmm?.nmi)),
        of_content("ARI", Unit::Ratio, |c| Some(c.gmm?.ari)),
    ]
}

fn generation() -> Vec<Measure> {
    vec![
        ("squared error of a pixel".to_owned(), Unit::SmallError, Box::new(|run| run.reconstruction_error)),
        ("evidence bound per view".to_owned(), Unit::Nats, Box::new(|run| run.bound)),
    ]
}

/// The score of each factor by one probe, then their mean.
fn style(run: &JudgedRun, mlp: bool) -> Vec<Measure> {
    let score = move |run: &JudgedRun, i: usize| {
        let factor = run.verdict.style.get(i)?;
        if mlp { factor.mlp } else { factor.linear }
    };
    let unit = match run.verdict.style.first().map(|factor| factor.score) {
        Some(Score::Accuracy) => Unit::Percent,
        _ => Unit::Ratio,
    };
    let one = |(i, name): (usize, String)| -> Measure { (name, unit, Box::new(move |run| score(run, i))) };
    let count = run.verdict.style.len();
    let mean: Measure = (
        "mean".to_owned(),
        unit,
        Box::new(move |run| {
            let scores: Vec<f64> = (0..count).filter_map(|i| score(run, i)).collect();
            (!scores.is_empty()).then(|| scores.iter().sum::<f64>() / scores.len() as f64)
        }),
    );
    run.verdict.style.iter().map(|factor| factor.name.clone()).enumerate().map(one).chain([mean]).collect()
}

/// The tables of judged runs: content, style by each probe, and what the decoders do. Runs of one method are its seeds;
/// methods come in the order of their first run. Tables without a score are left out.
pub fn tables(runs: &[JudgedRun]) -> Vec<Table> {
    let Some(first) = runs.first() else { return Vec::new() };
    let accuracy = first.verdict.style.first().is_some_and(|factor| factor.score == Score::Accuracy);
    let about_style = if accuracy {
        "Accuracy in percent for each attribute, after the last epoch of the probe."
    } else {
        "R^2 of each factor on the test images: 1 is a perfect prediction, 0 no better than the mean."
    };
    let all = [
        (
            "Content",
            "Accuracy in percent on the test images. `best` is optimistic: the test images chose the epoch.",
            content(),
        ),
        ("Style, linear probe", about_style, style(first, false)),
        ("Style, MLP probe", about_style, style(first, true)),
        (
            "Generation",
            "Reconstructions of the test images from the posterior mean, and the bound on views of them in nats, without \
             constants.",
            generation(),
        ),
    ];
    let tables = all.into_iter().map(|(title, about, measures)| table(title, about, &measures, runs));
    tables.filter(|table| table.rows.iter().any(|(_, cells)| cells.iter().any(Option::is_some))).collect()
}

fn table(title: &str, about: &'static str, measures: &[Measure], runs: &[JudgedRun]) -> Table {
    let mut methods: Vec<&str> = Vec::new();
    for run in runs {
        if !methods.contains(&run.method.as_str()) {
            methods.push(&run.method);
        }
    }
    let cell = |method: &str, (_, unit, score): &Measure| {
        let scores: Vec<f64> = runs.iter().filter(|run| run.method == method).filter_map(score).collect();
        let (mean, deviation) = mean_and_deviation(&scores);
        (!scores.is_empty()).then_some(Cell { mean, deviation, seeds: scores.len(), unit: *unit })
    };
    let row =
        |method: &str| (method.to_owned(), measures.iter().map(|measure| cell(method, measure)).collect::<Vec<_>>());
    Table {
        title: title.to_owned(),
        about,
        columns: measures.iter().map(|(name, ..)| name.clone()).collect(),
        rows: methods.into_iter().map(row).collect(),
    }
}
