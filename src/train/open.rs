//! A run folder that is looked at: its settings, its data, and the weights of its newest checkpoint.

use super::checkpoint::{Checkpoint, CheckpointError};
use super::config::Config;
use super::merge::ConfigError;
use super::session::Session;
use crate::data::{self, DataError, Dataset, Identity, named_folder};
use crate::device::{Choice, DeviceError};
use crate::run_folder::{Record, RecordError};
use std::path::{Path, PathBuf};

/// A run that cannot be looked at.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The folder holds no run.
    #[error("{path}: there is no run in this folder ({source}). Name the folder of a run, such as runs/sprites-simvae")]
    NoRun {
        /// The settings file that was looked for.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Its settings are damaged.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// What it was made of cannot be read.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// Its data cannot be read.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The data are not those of the training.
    #[error(
        "{path}: these are not the data that the run was trained on: {difference}. To look at other images on purpose, name their folder \
         with --data-dir"
    )]
    OtherData {
        /// The run folder.
        path: PathBuf,
        /// What differs.
        difference: String,
    },
    /// Its checkpoint cannot be read.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The device failed.
    #[error(transparent)]
    Device(#[from] DeviceError),
}

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
    /// What its user should know: checkpoints that were passed over, data that are others than those of the training.
    pub notes: Vec<String>,
}

/// Where a run's settings are.
pub(super) fn settings_file(run: &Path) -> PathBuf {
    run.join("config.toml")
}

/// Where the files of a configured data set lie, from the root; none for data sets that need none.
pub(super) fn data_folder(config: &Config) -> Option<PathBuf> {
    let folder = match config.data.dir.as_str() {
        "" => named_folder(&config.data.name)?,
        folder => Path::new(folder),
    };
    Some(std::fs::canonicalize(folder).or_else(|_| std::path::absolute(folder)).unwrap_or_else(|_| folder.to_owned()))
}

/// Loads the data set that the settings name, cut to their limit. `folder` overrides theirs.
///
/// # Errors
/// When it cannot be read.
pub fn load_data(config: &Config, folder: Option<&Path>, choice: &Choice) -> Result<Dataset, DataError> {
    let saved = (!config.data.dir.is_empty()).then(|| Path::new(&config.data.dir));
    data::load_with(&config.data.name, folder.or(saved), choice, &config.data.file_options())
}

/// What a run folder says about the run.
pub(super) struct Saved {
    /// Its settings.
    pub config: Config,
    /// Their text.
    pub text: String,
    /// What it was made of; none in runs of older versions.
    pub record: Option<Record>,
}

impl Saved {
    /// Reads settings and record of a run.
    ///
    /// # Errors
    /// When there are none, or they are damaged or incomplete.
    pub fn read(run: &Path) -> Result<Self, OpenError> {
        let path = settings_file(run);
        let origin = path.display().to_string();
        let text = match std::fs::read(&path).map(String::from_utf8) {
            Ok(Ok(text)) => text,
            Ok(Err(_)) => {
                return Err(
                    ConfigError::Syntax { origin, problem: "the file is damaged: it is no text".to_owned() }.into()
                );
            }
            Err(source) => return Err(OpenError::NoRun { path, source }),
        };
        let record = Record::read(run)?;
        let config = match &record {
            Some(record) => {
                record.check_settings(&path, &text)?;
                Config::from_toml(&origin, &text)?
            }
            None => Config::from_whole_toml(&origin, &text)?,
        };
        Ok(Self { config, text, record })
    }
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

    /// Opens a run's checkpoint after `step` steps, or its newest one. `data_folder` is given by those who look at other data, or
    /// at data that have moved.
    ///
    /// # Errors
    /// When settings, data or checkpoint cannot be read, the data are not those of the training, or the device is too small.
    pub fn open(run: &Path, data_folder: Option<&Path>, step: Option<u64>, choice: &Choice) -> Result<Self, OpenError> {
        let config = Self::settings(run)?;
        let picked = Checkpoint::pick(run, step)?;
        let data = load_data(&config, data_folder, choice)?;
        let mut notes = Vec::new();
        match Self::check_data(run, &data) {
            Err(OpenError::OtherData { difference, .. }) if data_folder.is_some() => {
                notes.push(format!("these are not the data that the run was trained on: {difference}"));
            }
            checked => checked?,
        }
        let mut trained = Self::with_checkpoint(picked, config, data, choice)?;
        trained.notes.splice(0..0, notes);
        Ok(trained)
    }

    /// Checks that data are those that a run was trained on.
    ///
    /// # Errors
    /// When they are others; never for runs of older versions, which do not know.
    pub fn check_data(run: &Path, data: &Dataset) -> Result<(), OpenError> {
        let Some(record) = Record::read(run)? else { return Ok(()) };
        match record.data.differences(&Identity::of(data)) {
            differences if differences.is_empty() => Ok(()),
            differences => Err(OpenError::OtherData { path: run.to_owned(), difference: differences.join("; ") }),
        }
    }

    /// Opens the newest checkpoint of a run whose settings and data are at hand.
    ///
    /// # Errors
    /// When the checkpoint cannot be read, or the device is too small.
    pub fn with_data(run: &Path, config: Config, data: Dataset, choice: &Choice) -> Result<Self, OpenError> {
        Self::with_checkpoint(Checkpoint::newest(run)?, config, data, choice)
    }

    fn with_checkpoint(
        (checkpoint, passed_over): (Checkpoint, Vec<String>),
        config: Config,
        data: Dataset,
        choice: &Choice,
    ) -> Result<Self, OpenError> {
        let shape = data.train.shape;
        config.check_images([shape.channels, shape.height, shape.width])?;
        let mut session = Session::open(&config, &data, choice, choice.tune()?)?;
        let Session { blueprint, executor, .. } = &mut session;
        checkpoint.load(executor.as_mut(), &blueprint.params, &blueprint.memory)?;
        let notes = passed_over.into_iter().map(|problem| format!("passed over: {problem}")).collect();
        Ok(Self { config, data, session, step: checkpoint.state.step, notes })
    }
}
