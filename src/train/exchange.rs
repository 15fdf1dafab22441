//! Weights from elsewhere: a state dict becomes a run.

use super::from::{ENCODER, FirstWeights, Taken};
use super::run_error::RunError;
use super::session::Session;
use crate::data::{Dataset, Identity};
use crate::device::{Device, DeviceError, Values};
use crate::files::{A_FILE, FileError, write_atomically};
use crate::run_folder::checkpoint;
use crate::run_folder::{CheckpointError, State};
use crate::run_folder::{LockError, Record, RecordError, RunLock, checksum};
use crate::run_folder::{OpenError, data_folder, settings_file};
use crate::run_folder::{Source, StateDict, Which};
use crate::settings::{Config, ConfigError, Recipe};
use std::path::{Path, PathBuf};

/// Weights that cannot be exchanged.
#[derive(Debug, thiserror::Error)]
pub enum ExchangeError {
    /// A file cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// The file holds no state dict, or is damaged.
    #[error("{path}: {problem}")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong, and what to do.
        problem: String,
    },
    /// Its tensors are not those of the networks.
    #[error("{path}: these are not the weights of the networks that the settings describe:\n{}", .problems.join("\n"))]
    OtherNetworks {
        /// The file.
        path: PathBuf,
        /// Every difference.
        problems: Vec<String>,
    },
    /// The run folder is in use.
    #[error("{path}: there is a run in this folder; choose another one with --out")]
    Occupied {
        /// The folder.
        path: PathBuf,
    },
    /// The networks do not take the data's images.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Another process works in the run folder, or it cannot be made.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// What the run was made of cannot be written.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// The run that is exported cannot be read.
    #[error(transparent)]
    Open(#[from] Box<OpenError>),
    /// The checkpoint cannot be read or written.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// An encoder's weights cannot be taken.
    #[error(transparent)]
    Encoder(#[from] Box<RunError>),
    /// The device failed.
    #[error(transparent)]
    Device(#[from] DeviceError),
}

impl ExchangeError {
    /// Whether the call was wrong, rather than something that failed.
    pub fn is_usage(&self) -> bool {
        match self {
            Self::Config(_) | Self::Occupied { .. } | Self::OtherNetworks { .. } => true,
            Self::Lock(error) => error.is_usage(),
            Self::Encoder(error) => error.is_usage(),
            _ => false,
        }
    }
}

/// Makes a run folder, its settings and a checkpoint before the first step, from a PyTorch state dict of all networks. Returns what the user
/// should know.
///
/// # Errors
/// When the file cannot be read or has other tensors than the networks (each is named), or the folder cannot be written. Nothing is left
/// behind then.
pub fn import(
    weights: &Path,
    recipe: &Recipe,
    data: &Dataset,
    device: &Device,
    out: &Path,
) -> Result<Vec<String>, ExchangeError> {
    make(recipe, data, device, out, &|session| Ok((None, take_all(weights, session)?)))
}

/// The same from the state dict of an encoder: its last layer, where it has another width, and all else are as they are initialised.
///
/// # Errors
/// As [`import`].
pub fn import_encoder(
    weights: &Path,
    recipe: &Recipe,
    data: &Dataset,
    device: &Device,
    out: &Path,
) -> Result<Vec<String>, ExchangeError> {
    make(recipe, data, device, out, &|session| {
        take_encoder(weights, session).map(|(source, notes)| (Some(source), notes))
    })
}

/// Where weights are from, for the record, and what the user should know.
type Took = (Option<Source>, Vec<String>);

/// Makes a run of a session into which `take` puts weights.
fn make(
    recipe: &Recipe,
    data: &Dataset,
    device: &Device,
    out: &Path,
    take: &dyn Fn(&mut Session) -> Result<Took, ExchangeError>,
) -> Result<Vec<String>, ExchangeError> {
    let _owner = RunLock::acquire(out, "import")?;
    if settings_file(out).exists() || !checkpoint::list(out)?.is_empty() {
        return Err(ExchangeError::Occupied { path: out.to_owned() });
    }
    let config = &recipe.config;
    recipe.check_images(data.train.seen)?;
    let mut session = Session::open(recipe, data, device)?;
    let (source, notes) = take(&mut session)?;
    let state = State::fresh(config.seed, device.name(), device.tuning()?);
    let written = store(config, data, out, &state, &mut session, source);
    if written.is_err() {
        // The folder held no run before, so all of this is of this call.
        let _gone = std::fs::remove_dir_all(checkpoint::folder_of_all(out));
        let _gone = Record::remove(out);
    }
    written.map(|()| notes)
}

/// Puts the weights of all networks into a session.
fn take_all(path: &Path, session: &mut Session) -> Result<Vec<String>, ExchangeError> {
    let bytes = std::fs::read(path).map_err(|error| FileError::reading(path)(error).advise(A_FILE))?;
    let Session { blueprint, executor, .. } = session;
    let (params, memory) = (&blueprint.params, blueprint.memory);
    let wanted: Vec<&str> = params.specs().iter().chain(params.buffers()).map(|spec| spec.name.as_str()).collect();
    let open = |part| {
        let damaged = |problem| ExchangeError::Damaged { path: path.to_owned(), problem };
        StateDict::open(&bytes, &wanted, part).map_err(damaged)
    };
    let dict = open("")?;
    let mut problems = Vec::new();
    let flat = dict.flatten(params.specs(), params.flat_len(), &mut problems);
    let buffers = dict.flatten(params.buffers(), memory.buffers.len(), &mut problems);
    problems.extend(dict.unknown(&wanted));
    if !problems.is_empty() {
        if open(ENCODER)?.is_part() {
            problems.insert(0, "the file has an encoder alone: --encoder-only takes it".to_owned());
        }
        return Err(ExchangeError::OtherNetworks { path: path.to_owned(), problems });
    }
    executor.write(memory.weights, &Values::F32(flat))?;
    memory.write_buffers(executor.as_mut(), buffers)?;
    Ok(dict.notes())
}

/// Puts the weights of an encoder into a session. All of them must be there but those of the layer that it ends with, whose width is a setting.
fn take_encoder(path: &Path, session: &mut Session) -> Result<(Source, Vec<String>), ExchangeError> {
    let from = FirstWeights { path: path.to_owned(), checkpoint: Which::Newest, encoder_only: true };
    let Taken { source, notes, others } = from.load(session).map_err(|error| match error {
        RunError::File(error) => ExchangeError::File(error.advise(A_FILE)),
        error => Box::new(error).into(),
    })?;
    let last = session.blueprint.params.specs().iter().rev().find(|spec| spec.name.starts_with(ENCODER));
    let last = last.and_then(|spec| Some(spec.name.rsplit_once('.')?.0)).unwrap_or_default();
    let gaps = others.into_iter().filter(|(name, _)| name.rsplit_once('.').is_none_or(|(layer, _)| layer != last));
    let mut problems: Vec<String> = gaps.map(|(_, problem)| problem).collect();
    if problems.is_empty() {
        return Ok((source, notes));
    }
    if problems.iter().any(|problem| problem.starts_with("`enc.conv1.weight` is")) {
        let why = "a ResNet begins with a 7x7 convolution for images of 64 pixels and more, as torchvision's does, and with a 3x3 one for \
                   smaller ones: choose data, or `data.size`, that fit the file";
        problems.push(why.to_owned());
    }
    Err(ExchangeError::OtherNetworks { path: path.to_owned(), problems })
}

/// Writes checkpoint, record and settings, in this order: a run without settings is no run yet.
fn store(
    config: &Config,
    data: &Dataset,
    out: &Path,
    state: &State,
    session: &mut Session,
    from: Option<Source>,
) -> Result<(), ExchangeError> {
    let Session { blueprint, executor, .. } = session;
    let text = config.to_toml()?;
    let (keep, sum) = (config.log.keep_checkpoints, checksum(text.as_bytes()));
    checkpoint::save(out, executor.as_mut(), &blueprint.params, &blueprint.memory, state, &sum, keep)?;
    Record { from, ..Record::new(&text, data_folder(config), Identity::of(data)) }.write(out)?;
    Ok(write_atomically(&settings_file(out), text.as_bytes())?)
}
