//! A run folder that is looked at: its settings, its data, and the weights of its newest checkpoint.

use super::checkpoint::{self, CheckpointError};
use super::config::Config;
use super::merge::ConfigError;
use super::session::Session;
use crate::data::{self, DataError, Dataset};
use crate::device::{Choice, DeviceError};
use std::path::{Path, PathBuf};

/// A run that cannot be looked at.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The folder holds no run.
    #[error("{path}: {source}. Name the folder of a run, such as runs/sprites-simvae")]
    NoRun {
        /// The settings file that was looked for.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Its settings are damaged.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Its data cannot be read.
    #[error(transparent)]
    Data(#[from] DataError),
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
}

/// Loads the data set that the settings name, cut to their limit. `folder` overrides theirs.
///
/// # Errors
/// When it cannot be read.
pub fn load_data(config: &Config, folder: Option<&Path>, choice: &Choice) -> Result<Dataset, DataError> {
    let saved = (!config.data.dir.is_empty()).then(|| Path::new(&config.data.dir));
    let mut data = data::load_with(&config.data.name, folder.or(saved), choice, &config.data.file_options())?;
    if config.data.limit > 0 {
        data.train.truncate(config.data.limit);
    }
    Ok(data)
}

impl Trained {
    /// Reads the settings that a run saved.
    ///
    /// # Errors
    /// When there are none, or they are damaged.
    pub fn settings(run: &Path) -> Result<Config, OpenError> {
        let path = run.join("config.toml");
        let text = std::fs::read_to_string(&path).map_err(|source| OpenError::NoRun { path: path.clone(), source })?;
        Ok(Config::from_toml(&path.display().to_string(), &text)?)
    }

    /// Opens the newest checkpoint of a run.
    ///
    /// # Errors
    /// When settings, data or checkpoint cannot be read, or the device is too small.
    pub fn open(run: &Path, data_folder: Option<&Path>, choice: &Choice) -> Result<Self, OpenError> {
        let config = Self::settings(run)?;
        let data = load_data(&config, data_folder, choice)?;
        Self::with_data(run, config, data, choice)
    }

    /// Opens the newest checkpoint of a run whose settings and data are at hand.
    ///
    /// # Errors
    /// When the checkpoint cannot be read, or the device is too small.
    pub fn with_data(run: &Path, config: Config, data: Dataset, choice: &Choice) -> Result<Self, OpenError> {
        let shape = data.train.shape;
        config.check_images([shape.channels, shape.height, shape.width])?;
        let missing = || CheckpointError::Missing { path: run.join("checkpoints") };
        let (step, folder) = checkpoint::list(run).pop().ok_or_else(missing)?;
        let mut session = Session::open(&config, &data, choice, choice.tune()?)?;
        let Session { blueprint, executor, .. } = &mut session;
        checkpoint::load(&folder, executor.as_mut(), &blueprint.params, &blueprint.memory)?;
        Ok(Self { config, data, session, step })
    }
}
