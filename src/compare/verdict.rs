//! A run and what the judges found, as it is kept in the run's folder.

use super::budget::Budget;
use super::decoded;
use super::matched::row_name;
use super::vary::label;
use crate::data::Identity;
use crate::decode::Score;
use crate::device::{Device, DeviceError};
use crate::draw::charts;
use crate::eval::judge::{Case, Column, Found, Judges};
use crate::eval::{EvalError, Labelled, Representation};
use crate::files::{FileError, read_if_there, write_atomically};
use crate::run_folder::checksum;
use crate::train::Trained;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use toml::Table;

/// File of the verdict in a run's folder.
const FILE: &str = "eval.json";
/// File of the test images' principal plane.
const PROJECTION: &str = "projection.svg";
/// Points of the picture, at most.
const POINTS: usize = 1500;

/// A run that cannot be judged.
#[derive(Debug, thiserror::Error)]
pub enum VerdictError {
    /// A judge refused.
    #[error(transparent)]
    Judge(#[from] EvalError),
    /// The device failed.
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// A file cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// The verdict cannot be understood.
    #[error("{path}: {problem}. Delete the file to judge the run again")]
    Format {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// The picture could not be drawn.
    #[error("{path}: the picture could not be drawn: {problem}")]
    Drawing {
        /// The file.
        path: PathBuf,
        /// What the library said.
        problem: String,
    },
}

/// What a verdict is of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Basis {
    /// Checksum of the checkpoint's weights.
    pub weights: String,
    /// The data that judges saw, which need not be those of the training.
    pub data: Identity,
}

/// A judged run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JudgedRun {
    /// Method, as in the settings.
    pub method: String,
    /// Data set.
    pub data: String,
    /// Seed of the training.
    pub seed: u64,
    /// Steps trained.
    pub steps: u64,
    /// What was judged; none in verdicts of before, and in the results of a comparison, of whose rows it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub basis: Option<Basis>,
    /// What it was given to learn with; none in verdicts of before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget: Option<Budget>,
    /// How well a decoder draws the images from its representations; none where no decoder was trained.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decoded: Option<Score>,
    /// The settings in which rows of its comparison differ, by their whole keys, with dots in them; the comparison knows them, not the run.
    #[serde(default, skip_serializing_if = "Table::is_empty")]
    pub varied: Table,
    /// How it was judged.
    pub judges: Judges,
    /// What the judges found.
    #[serde(flatten)]
    pub found: Found,
}

impl JudgedRun {
    /// The row of a comparison that it belongs to: the method, whether it sees plain images, and the varied settings, as in
    /// `vae-plain optim.lr=0.001`.
    pub fn row(&self) -> String {
        label(&self.row_method(), &self.varied)
    }

    /// The row's method, and whether it sees plain images.
    pub(super) fn row_method(&self) -> String {
        row_name(&self.method, self.budget.as_ref().is_some_and(|budget| budget.plain_views == budget.views))
    }

    /// The columns of all judges, and of its decoder.
    pub fn columns(&self) -> Vec<Column> {
        let mut columns = self.found.columns();
        columns.extend(decoded::columns(self));
        columns
    }

    /// Reads the verdict in a run's folder; none where it was not judged yet.
    ///
    /// # Errors
    /// When the file cannot be read or is damaged.
    pub fn read(run: &Path) -> Result<Option<Self>, VerdictError> {
        let path = run.join(FILE);
        let Some(bytes) = read_if_there(&path)? else { return Ok(None) };
        Saved::open(&bytes).map(Some).map_err(|problem| VerdictError::Format { path, problem })
    }

    /// Writes the verdict into a run's folder and returns its path.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(&self, run: &Path) -> Result<PathBuf, VerdictError> {
        let path = run.join(FILE);
        let json = Saved::seal(self).map_err(|problem| VerdictError::Format { path: path.clone(), problem })?;
        write_atomically(&path, &json)?;
        Ok(path)
    }
}

/// A verdict as its file has it: with a checksum of itself at its end, so that a number that was changed is found.
#[derive(Serialize, Deserialize)]
pub(super) struct Saved {
    #[serde(flatten)]
    judged: JudgedRun,
    blake3: String,
}

impl Saved {
    pub fn seal(judged: &JudgedRun) -> Result<Vec<u8>, String> {
        let (judged, blake3) = (judged.clone(), sum(judged)?);
        serde_json::to_vec_pretty(&Self { judged, blake3 }).map_err(|error| error.to_string())
    }

    pub fn open(bytes: &[u8]) -> Result<JudgedRun, String> {
        let Self { judged, blake3 } = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        match sum(&judged)? == blake3 {
            true => Ok(judged),
            false => Err("it has changed since it was written".to_owned()),
        }
    }
}

/// The checksum of a verdict, of which every number is finite.
fn sum(judged: &JudgedRun) -> Result<String, String> {
    let json = serde_json::to_value(judged).map_err(|error| error.to_string())?;
    match holds_null(&json) {
        true => Err("one of its numbers is not finite".to_owned()),
        false => Ok(checksum(json.to_string().as_bytes())),
    }
}

/// Whether anything is null, which JSON has for a number that is not finite; what may be absent is left out.
fn holds_null(json: &Value) -> bool {
    match json {
        Value::Null => true,
        Value::Array(items) => items.iter().any(holds_null),
        Value::Object(fields) => fields.values().any(holds_null),
        _ => false,
    }
}

/// The classes and clusters that judges saw in the test images that have a class, by the judge's name.
pub type Predictions = BTreeMap<&'static str, Vec<u8>>;

/// Judges a run on a device and, with the feature `report`, draws `projection.svg` into its folder: the test images on the
/// principal plane of their representations. `note` hears which judge is at work.
///
/// # Errors
/// When a judge refuses, the device fails or the picture cannot be written.
pub fn judge_run(
    trained: &mut Trained,
    run: &Path,
    device: &Device,
    judges: &Judges,
    note: &mut dyn FnMut(&str),
) -> Result<(JudgedRun, Predictions), VerdictError> {
    note("embedding");
    let session = &mut trained.session;
    let (train, test) = (session.blueprint.train, session.blueprint.test);
    let (train, test) = (session.embed(&train, train.images)?, session.embed(&test, test.images)?);
    let (step, budget) = (trained.step, Budget::of(trained));
    let basis = Basis { weights: trained.weights.clone(), data: Identity::of(&trained.data) };
    let train = Representation::new("training images", &train, &trained.data.train);
    let test = Representation::new("test images", &test, &trained.data.test);
    let mut case = Case::new(trained, [&train, &test], device, judges, note)?;
    let found = Found::by_all(&mut case)?;
    match draw_plane(case.test, &case.data.test.classes, &run.join(PROJECTION)) {
        Err(error @ (VerdictError::File(_) | VerdictError::Drawing { .. })) => {
            (case.say)(&format!("warning: {error}"));
        }
        drawn => drawn?,
    }
    let judged = JudgedRun {
        method: case.config.method.clone(),
        data: case.data.name.clone(),
        seed: case.config.seed,
        steps: step,
        basis: Some(basis),
        budget: Some(budget),
        decoded: None,
        varied: Table::new(),
        judges: judges.clone(),
        found,
    };
    Ok((judged, case.predictions))
}

fn draw_plane(test: Labelled<'_>, classes: &[String], path: &Path) -> Result<(), VerdictError> {
    let (rows, labels) = (test.rows(), test.labels());
    let shown = labels.len().min(POINTS);
    let drawn = charts::plane(&rows.values()[..shown * rows.width()], rows.width(), labels, classes);
    match drawn.map_err(|problem| VerdictError::Drawing { path: path.to_owned(), problem })? {
        Some(svg) => Ok(write_atomically(path, svg.as_bytes())?),
        None => Ok(()),
    }
}
