//! A run and what the judges found, as it is kept in the run's folder.

use crate::device::{Device, DeviceError};
use crate::draw::projection::principal_plane;
use crate::draw::scatter::{self, Point};
use crate::eval::judge::{Judges, Predictions, Style, Subject, Verdict, judge};
use crate::eval::{EvalError, Labelled, Measured, Rows};
use crate::files::write_atomically;
use crate::run_folder::checksum;
use crate::train::Trained;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

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
    #[error("{path}: {source}. Check that the folder exists, is writable and has room")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
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
    /// How it was judged.
    pub judges: Judges,
    /// What the judges found.
    pub verdict: Verdict,
    /// Mean squared error of a pixel (in 0..=1) of the test images' reconstructions from the posterior mean; none without a
    /// decoder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reconstruction_error: Option<f64>,
    /// The objective and its terms on views of the test images, as they are logged in training; empty for the untrained
    /// encoder. Terms that the test images do not define are left out, with a note.
    pub held_out: BTreeMap<String, f64>,
    /// The evidence bound per view of a test image; see [`Objective::bound`](crate::methods::Objective::bound).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bound: Option<f64>,
}

impl JudgedRun {
    /// Reads the verdict in a run's folder; none where it was not judged yet.
    ///
    /// # Errors
    /// When the file cannot be read or is damaged.
    pub fn read(run: &Path) -> Result<Option<Self>, VerdictError> {
        let path = run.join(FILE);
        match std::fs::read(&path) {
            Ok(bytes) => match Saved::open(&bytes) {
                Ok(judged) => Ok(Some(judged)),
                Err(problem) => Err(VerdictError::Format { path, problem }),
            },
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(VerdictError::Io { path, source }),
        }
    }

    /// Writes the verdict into a run's folder and returns its path.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(&self, run: &Path) -> Result<PathBuf, VerdictError> {
        let path = run.join(FILE);
        let json = Saved::seal(self).map_err(|problem| VerdictError::Format { path: path.clone(), problem })?;
        save(path, &json)
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

fn save(path: PathBuf, bytes: &[u8]) -> Result<PathBuf, VerdictError> {
    match write_atomically(&path, bytes) {
        Ok(()) => Ok(path),
        Err(source) => Err(VerdictError::Io { path, source }),
    }
}

/// Judges a run on a device and draws `projection.svg` into its folder: the test images on the principal plane of their
/// representations. `note` hears which judge is at work.
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
    let Trained { config, data, session, step, .. } = trained;
    note("embedding");
    let (train_source, test_source) = (session.blueprint.train, session.blueprint.test);
    let train = session.embed(&train_source, train_source.images)?;
    let test = session.embed(&test_source, test_source.images)?;
    let latent = test.latent;
    let known = Labelled::new("training images", &train.mu, latent, &data.train.labels)?;
    let asked = Labelled::new("test images", &test.mu, latent, &data.test.labels)?;
    let names = &data.train.factor_names;
    let style = || {
        let train = Rows::new("factors of the training images", &data.train.factors, names.len())?;
        let test = Rows::new("factors of the test images", &data.test.factors, names.len())?;
        let (train, test) = (Measured::new(known.rows(), train)?, Measured::new(asked.rows(), test)?);
        Ok::<_, EvalError>(Style { names, binary: data.train.binary_factors, train, test })
    };
    let subject = Subject {
        train: known,
        test: asked,
        classes: data.train.classes.len(),
        style: (!names.is_empty()).then(style).transpose()?,
    };
    let (mut verdict, predictions) = judge(device, &subject, judges, note)?;
    match draw_plane(&subject, &data.test.classes, &run.join(PROJECTION)) {
        Err(error @ (VerdictError::Io { .. } | VerdictError::Drawing { .. })) => note(&format!("warning: {error}")),
        drawn => drawn?,
    }
    let mut held_out = Vec::new();
    if session.blueprint.objective.trains() {
        note("held-out loss");
        held_out = session.held_out_loss(config.seed)?;
    }
    let terms: Vec<f64> = held_out.iter().skip(1).map(|(_, value)| *value).collect();
    let mut reconstruction_error = match session.blueprint.model.networks.generative {
        true => match session.reconstruction_error(&test_source) {
            Err(DeviceError::NotFinite { .. }) => Some(f64::NAN),
            error => Some(error?),
        },
        false => None,
    };
    let mut bound = session.blueprint.objective.bound(&terms);
    let mut finite = |what: &str, value: f64| {
        if !value.is_finite() {
            let count = test_source.images;
            verdict.notes.push(format!("{what} is no finite number on these test images ({count}), and left out"));
        }
        value.is_finite()
    };
    held_out.retain(|(name, value)| finite(&format!("the held-out loss `{name}`"), *value));
    reconstruction_error = reconstruction_error.filter(|value| finite("the error of the reconstructions", *value));
    bound = bound.filter(|value| finite("the evidence bound", *value));
    let judged = JudgedRun {
        method: config.method.name().to_owned(),
        data: data.name.clone(),
        seed: config.seed,
        steps: *step,
        judges: judges.clone(),
        verdict,
        reconstruction_error,
        bound,
        held_out: held_out.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
    };
    Ok((judged, predictions))
}

fn draw_plane(subject: &Subject<'_>, classes: &[String], path: &Path) -> Result<(), VerdictError> {
    let (rows, labels) = (subject.test.rows(), subject.test.labels());
    let shown = labels.len().min(POINTS);
    let plane = principal_plane(&rows.values()[..shown * rows.width()], rows.width());
    let points: Vec<Point> =
        plane.into_iter().zip(labels).map(|([x, y], &class)| Point { x, y, class: class.into() }).collect();
    let svg =
        scatter::svg(&points, classes).map_err(|problem| VerdictError::Drawing { path: path.to_owned(), problem })?;
    save(path.to_owned(), svg.as_bytes()).map(|_| ())
}
