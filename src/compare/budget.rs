//! What a run was given to learn with. Tables state it, and mark rows that were given something else.

use super::table::{Cell, Table};
use super::verdict::JudgedRun;
use crate::train::Trained;
use serde::{Deserialize, Serialize};

/// What the steps of a run saw, its size and its time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Budget {
    /// Images of a step.
    pub images_per_step: usize,
    /// Views of each image.
    pub views: usize,
    /// How many of them are the image as it is.
    pub plain_views: usize,
    /// Rows of a step: images x views.
    pub rows_per_step: usize,
    /// Images that the steps took, each time that one came.
    pub images_seen: u64,
    /// Numbers that are trained.
    pub parameters: usize,
    /// Seconds of training, pictures and checkpoints included.
    pub seconds: f64,
}

impl Budget {
    /// Of a trained model.
    pub fn of(trained: &Trained) -> Self {
        let (config, blueprint) = (&trained.config, &trained.session.blueprint);
        Self {
            images_per_step: config.batch,
            views: config.views,
            plain_views: blueprint.view_count().plain,
            rows_per_step: config.batch * config.views,
            images_seen: trained.step * config.batch as u64,
            parameters: blueprint.params.count(),
            seconds: trained.seconds,
        }
    }
}

/// Something that rows may differ in: its mark, what it is, and how much of it a run was given, where that is known.
type Difference = (char, &'static str, fn(&JudgedRun) -> Option<u64>);

const DIFFERENCES: [Difference; 5] = [
    ('†', "steps", |run| Some(run.steps)),
    ('‡', "rows a step", |run| Some(run.budget.as_ref()?.rows_per_step as u64)),
    ('§', "images seen", |run| Some(run.budget.as_ref()?.images_seen)),
    ('◊', "plain images among its views", |run| Some(run.budget.as_ref()?.plain_views as u64)),
    ('¶', "parameters", |run| Some(run.budget.as_ref()?.parameters as u64)),
];

/// The mark of a row that was not trained.
const UNTRAINED: char = '*';

/// The marks of a row beside the one that it is compared with.
pub(super) fn marks(run: &JudgedRun, against: &JudgedRun) -> String {
    if run.steps == 0 && against.steps > 0 {
        return UNTRAINED.to_string();
    }
    let differs = |of: fn(&JudgedRun) -> Option<u64>| of(run).zip(of(against)).is_some_and(|(a, b)| a != b);
    DIFFERENCES.iter().filter(|(_, _, of)| differs(*of)).map(|(mark, ..)| *mark).collect()
}

/// The sentences that explain the marks that were used.
pub(super) fn explained(used: &str, against: &str) -> Vec<String> {
    let untrained = used.contains(UNTRAINED).then(|| format!("{UNTRAINED} not trained."));
    let differences = DIFFERENCES.iter().filter(|(mark, ..)| used.contains(*mark));
    let sentences = differences.map(|(mark, what, _)| format!("{mark} not as many {what} as {against}."));
    untrained.into_iter().chain(sentences).collect()
}

/// The table of what the rows were given; `rows` are names with their marks, and runs.
pub(super) fn table(rows: &[(String, Vec<&JudgedRun>)], notes: Vec<String>) -> Table {
    let columns = ["steps", "images x views", "rows a step", "images seen", "parameters", "seconds"];
    let cells = |runs: &[&JudgedRun]| {
        let Some(run) = runs.first() else { return Vec::new() };
        let budget = run.budget.as_ref();
        let text = |of: &dyn Fn(&Budget) -> String| budget.map_or_else(|| "-".to_owned(), of);
        let times: Vec<f64> = runs.iter().filter_map(|run| Some(run.budget.as_ref()?.seconds)).collect();
        let seconds = times.iter().sum::<f64>() / times.len() as f64;
        let texts = [
            run.steps.to_string(),
            text(&|budget| {
                let Budget { images_per_step, views, plain_views, .. } = budget;
                match plain_views {
                    0 => format!("{images_per_step} x {views}"),
                    plain => format!("{images_per_step} x {views}, {plain} plain"),
                }
            }),
            text(&|budget| budget.rows_per_step.to_string()),
            text(&|budget| budget.images_seen.to_string()),
            text(&|budget| budget.parameters.to_string()),
            text(&|_| format!("{seconds:.1}")),
        ];
        texts.into_iter().map(Cell::plain).collect()
    };
    Table {
        title: "Budget".to_owned(),
        about: "What each row was trained with; seconds are the mean over the seeds.".to_owned(),
        columns: columns.map(str::to_owned).into(),
        rows: rows.iter().map(|(name, runs)| (name.clone(), cells(runs))).collect(),
        notes,
    }
}
