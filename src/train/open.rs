//! A run that is looked at: its settings, its data, and the weights of its newest checkpoint.

use super::blueprint::total_steps;
use super::progress::Progress;
use super::session::Session;
use crate::data::{self, DataError, Dataset, Identity};
use crate::device::Device;
use crate::run_folder::{Checkpoint, CheckpointError, OpenError, Record, Saved, State, Which, newest_state};
use crate::settings::{Config, Recipe};
use std::path::Path;

/// A trained model on a device, with its data.
pub struct Trained {
    /// The run's settings.
    pub config: Config,
    /// The run's data, cut to its limit.
    pub data: Dataset,
    /// The model.
    pub session: Session,
    /// Steps that the checkpoint has been trained for.
    pub step: u64,
    /// Seconds that this took.
    pub seconds: f64,
    /// Checksum of the checkpoint's weights.
    pub weights: String,
    /// What its user should know: checkpoints that were passed over, data that are others than those of the training.
    pub notes: Vec<String>,
}

/// Loads the data set that the settings name, cut to their limit and without what is held out for judges. `folder` overrides theirs; `progress` is told how much is done.
///
/// # Errors
/// When it cannot be read.
pub fn load_data(
    config: &Config,
    folder: Option<&Path>,
    device: &Device,
    progress: &mut dyn Progress,
) -> Result<Dataset, DataError> {
    let saved = (!config.data.dir.is_empty()).then(|| Path::new(&config.data.dir));
    let mut watch = |done, of| progress.decoded(done, of);
    let options = config.data.file_options();
    let mut data = data::load_watched(&config.data.name, folder.or(saved), device, &options, &mut watch)?;
    data.hold_out(config.judge.share, config.judge.rows)?;
    Ok(data)
}

impl Trained {
    /// Reads the settings that a run saved, with the folder of its data as an absolute path.
    ///
    /// # Errors
    /// When there are none, or they are damaged or incomplete.
    pub fn settings(run: &Path) -> Result<Config, OpenError> {
        let Saved { mut config, record, .. } = Saved::read(run)?;
        if let Some(folder) = record.and_then(|record| record.folder) {
            config.data.dir = folder.to_string_lossy().into_owned();
        }
        Ok(config)
    }

    /// Opens a checkpoint of a run. `data_folder` is given by those who look at other data, or
    /// at data that have moved.
    ///
    /// # Errors
    /// When settings, data or checkpoint cannot be read, the data are not those of the training, or the device is too small.
    pub fn open(
        run: &Path,
        data_folder: Option<&Path>,
        which: Which,
        device: &Device,
        progress: &mut dyn Progress,
    ) -> Result<Self, OpenError> {
        let config = Self::settings(run)?;
        let picked = Saved::checkpoint(run, Record::read(run)?.as_ref(), which)?;
        let data = load_data(&config, data_folder, device, progress)?;
        let mut notes = Vec::new();
        match Self::check_data(run, &data) {
            Err(OpenError::OtherData { difference, .. }) if data_folder.is_some() => {
                notes.push(format!("these are not the data that the run was trained on: {difference}"));
            }
            checked => checked?,
        }
        let mut trained = Self::with_checkpoint(picked, &Recipe::new(&config)?, data, device)?;
        trained.notes.splice(0..0, notes);
        Ok(trained)
    }

    /// Checks that data are those that a run was trained on.
    ///
    /// # Errors
    /// When they are others; never for runs of older versions, which do not know.
    pub fn check_data(run: &Path, data: &Dataset) -> Result<(), OpenError> {
        Self::check_identity(run, &Identity::of(data))
    }

    pub(crate) fn check_identity(run: &Path, data: &Identity) -> Result<(), OpenError> {
        let Some(record) = Record::read(run)? else { return Ok(()) };
        match record.data.differences(data) {
            differences if differences.is_empty() => Ok(()),
            differences => Err(OpenError::OtherData { path: run.to_owned(), difference: differences.join("; ") }),
        }
    }

    /// The checksum of the weights that a run on so many images ended with, by its newest checkpoint: that of its last step, or of the one
    /// at which `stop.patience` ended it. None where the run is to go on.
    ///
    /// # Errors
    /// When the newest checkpoint is damaged.
    pub fn final_weights(run: &Path, recipe: &Recipe, images: usize) -> Result<Option<String>, CheckpointError> {
        let total = total_steps(&recipe.config, recipe.objective.as_ref(), images);
        let is_over =
            |state: &State| state.step >= total || state.best.as_ref().is_some_and(|best| best.ends(&recipe.config));
        Ok(newest_state(run)?.and_then(|(state, weights)| is_over(&state).then_some(weights)))
    }

    /// Opens a checkpoint of a run whose recipe and data are at hand.
    ///
    /// # Errors
    /// When the checkpoint cannot be read, or the device is too small.
    pub fn with_data(
        run: &Path,
        which: Which,
        recipe: &Recipe,
        data: Dataset,
        device: &Device,
    ) -> Result<Self, OpenError> {
        Self::with_checkpoint(Checkpoint::pick(run, which)?, recipe, data, device)
    }

    pub(super) fn with_checkpoint(
        (checkpoint, passed_over): (Checkpoint, Vec<String>),
        recipe: &Recipe,
        data: Dataset,
        device: &Device,
    ) -> Result<Self, OpenError> {
        recipe.check_images(data.train.seen)?;
        let mut session = Session::open(recipe, &data, device)?;
        let Session { blueprint, executor, .. } = &mut session;
        checkpoint.load(executor.as_mut(), &blueprint.params, &blueprint.memory)?;
        let notes = passed_over.into_iter().map(|problem| format!("passed over: {problem}")).collect();
        let (config, state) = (recipe.config.clone(), &checkpoint.state);
        let (step, seconds, weights) = (state.step, state.seconds, checkpoint.weights.clone());
        Ok(Self { config, data, session, step, seconds, weights, notes })
    }
}
