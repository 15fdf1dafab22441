//! A run from its beginning, or from a checkpoint, to its end; the loop itself is in `training.rs`.

use super::diagnose::{MOST_STEPS, first_not_finite};
use super::fits::in_parts_as_before;
use super::from::FirstWeights;
use super::judging::Judging;
use super::live::Live;
use super::origin::Origin;
use super::progress::Progress;
use super::run_error::RunError;
use super::session::Session;
use super::shares::agree;
use super::together::begin_alike;
use super::training::Training;
use crate::data::Dataset;
use crate::device::Device;
use crate::device::group::Member;
use crate::plan::Share;
use crate::run_folder::checkpoint::{self, Checkpoint};
use crate::run_folder::{RunLock, Which};
use crate::settings::Recipe;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

/// Where a run writes and whether it continues one.
#[derive(Clone, Debug)]
pub struct RunOptions {
    /// The run folder.
    pub out: PathBuf,
    /// Continue from a checkpoint in the folder.
    pub resume: bool,
    /// Which checkpoint.
    pub checkpoint: Which,
    /// The run that is continued takes the settings that are given, of which only its length and what changes no result may be
    /// others than its own.
    pub extend: bool,
    /// Weights that a new run begins with; drawn by its seed where there are none.
    pub from: Option<FirstWeights>,
    /// Images of each step that each of several devices computes; chosen for them where there are none.
    pub shares: Option<Vec<usize>>,
}

impl RunOptions {
    /// A new run in this folder.
    pub fn new(out: impl Into<PathBuf>) -> Self {
        Self { out: out.into(), resume: false, checkpoint: Which::Newest, extend: false, from: None, shares: None }
    }
}

/// How a run ended.
#[derive(Debug)]
pub struct Report {
    /// Steps done in all.
    pub steps: u64,
    /// Whether it was interrupted before its end; the checkpoint is of this moment. A run that `stop.patience` ends was not.
    pub interrupted: bool,
    /// Mean losses of the last logging interval, total first.
    pub losses: Vec<(String, f64)>,
    /// The newest checkpoint.
    pub checkpoint: PathBuf,
    /// Training images per second of this call.
    pub images_per_second: f64,
    /// The session, to look at the model.
    pub session: Session,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Session on {}", self.executor.device())
    }
}

/// Trains from the beginning or a checkpoint to the end of the configured epochs. Owns the run folder meanwhile.
///
/// `stop` is looked at every few steps; once set, the run writes a checkpoint and returns.
///
/// # Errors
/// When another process works in the folder, the settings or data are wrong or not those of the run that is resumed, the device
/// fails, a file cannot be written, or a loss is not finite. The newest checkpoint stays valid in every case, and a run that is
/// refused leaves the folder as it was.
pub fn run(
    recipe: &Recipe,
    data: &Dataset,
    device: &Device,
    options: &RunOptions,
    progress: &mut dyn Progress,
    stop: &AtomicBool,
) -> Result<Report, RunError> {
    run_member(recipe, data, (device, None), options, progress, stop)
}

/// Checks that a run can begin with these settings on these data, as far as that does not depend on a device. Writes nothing.
///
/// # Errors
/// When a setting is wrong, or not one for these data.
pub fn check(recipe: &Recipe, data: &Dataset) -> Result<(), RunError> {
    let config = &recipe.config;
    config.validate()?;
    recipe.check_images(data.train.seen)?;
    config.check_steps(data.train.len())?;
    if config.batch > data.train.len() {
        return Err(RunError::BatchTooLarge { batch: config.batch, images: data.train.len() });
    }
    if recipe.objective.needs_labels() && data.train.judged_classes() < 2 {
        return Err(RunError::NoLabels { method: config.method.clone() });
    }
    Judging::check(config, data)
}

/// [`run`] as the first member of a group, if there is one.
pub(super) fn run_member(
    recipe: &Recipe,
    data: &Dataset,
    (device, group): (&Device, Option<&Member>),
    options: &RunOptions,
    progress: &mut dyn Progress,
    stop: &AtomicBool,
) -> Result<Report, RunError> {
    let config = &recipe.config;
    check(recipe, data)?;
    for note in &data.notes {
        progress.note(note);
    }
    let lock = RunLock::acquire(&options.out, "train")?;
    let mut origin = Origin::of(config, data, options)?;
    for note in &origin.notes {
        progress.note(note);
    }
    // What was rounded one way goes on being rounded that way.
    let tuned = match origin.state() {
        Some(state) if state.device == device.name() => device.tuned(state.tuning.clone()),
        Some(state) => {
            progress.note(&format!(
                "this run began on {}; on {} it goes on, but not bit for bit as it would have there",
                state.device,
                device.name()
            ));
            device.clone()
        }
        None => device.clone(),
    };
    let share = match group {
        Some(group) => agree(recipe, data, (&tuned, group), (options, origin.state()), progress)?,
        None => Share::ALONE,
    };
    let parts = origin.state().map_or(0, |state| state.parts);
    let kept = in_parts_as_before(recipe, data, &tuned, &share, parts);
    if kept.is_none() && config.accumulate == 0 && parts > 0 {
        progress.note(&format!(
            "there is no room for steps in as many parts as before ({parts}); it goes on, but not bit for bit as it would have"
        ));
    }
    let recipe = kept.as_ref().unwrap_or(recipe);
    let device = &Session::tuned(recipe, data, &tuned, share.clone(), progress)?;
    let mut training = Training::open(recipe, data, device, options, &origin, (&share, group))?;
    if let (Some(from), None) = (&options.from, &origin.checkpoint) {
        let taken = training.begin_with(from)?;
        taken.notes.iter().for_each(|note| progress.note(note));
        origin.record.from = Some(taken.source);
    }
    origin.record(data, options, progress)?;
    let rows = training.open_metrics(progress)?;
    if origin.record.from.is_some() && origin.checkpoint.is_none() {
        // The run can be repeated from its beginning, wherever its weights were from.
        training.save()?;
    }
    if let Some(checkpoint) = &origin.checkpoint {
        progress.note(&format!("resumed from {} at step {}", checkpoint.folder.display(), training.step));
    }
    drop(origin);
    if let Some(group) = group {
        begin_alike(&mut training.session, group.as_ref())?;
    }
    training.describe(progress)?;
    let mut live = Live::new(progress, (config, data, &options.out), device, &training, rows);
    let report = training.train(&mut live, stop).map_err(|error| match error {
        RunError::Device(source) => RunError::DeviceLost { source: Box::new(source), go_on: go_on(&options.out) },
        RunError::NotFinite { what, step, good, .. } => {
            live.finish();
            live.note("a number is not finite: looking for where it began");
            let origin = where_it_began(recipe, data, device, &options.out, step);
            RunError::NotFinite { what, step, origin, good }
        }
        error => error,
    });
    live.end(report.as_ref().map(|report| (report.steps, report.interrupted)));
    drop(lock);
    report
}

/// Where a number that is not finite began, as a sentence behind a space; empty where that cannot be found.
fn where_it_began(recipe: &Recipe, data: &Dataset, device: &Device, out: &Path, step: u64) -> String {
    let all = checkpoint::list(out).unwrap_or_default();
    let before =
        all.iter().rev().filter(|(done, _)| *done < step).find_map(|(_, folder)| Checkpoint::open(folder).ok());
    let begin = before.as_ref().map_or(0, |checkpoint| checkpoint.state.step);
    if step - begin > MOST_STEPS {
        return format!(
            " Where it began was not looked for: the newest checkpoint is more than {MOST_STEPS} steps older."
        );
    }
    // Whatever goes wrong here, the first error is the one to tell.
    match first_not_finite(recipe, data, device, before.as_ref(), step) {
        Ok(Some(origin)) => format!(" {origin}."),
        Ok(None) | Err(_) => String::new(),
    }
}

/// Where a run goes on after its device failed.
fn go_on(out: &Path) -> String {
    match Checkpoint::newest(out) {
        Ok((checkpoint, _)) => format!(
            "The checkpoint {} is whole; go on with: wgpu-simvae train --resume --out {}",
            checkpoint.folder.display(),
            out.display()
        ),
        Err(_) => "No checkpoint was written yet".to_owned(),
    }
}
