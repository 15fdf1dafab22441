//! Weights to and from elsewhere: safetensors files under PyTorch's names.

use super::open::Trained;
use super::session::Session;
use crate::data::{Dataset, Identity};
use crate::device::{Device, DeviceError, Values};
use crate::files::{A_FILE, FileError, write_atomically};
use crate::run_folder::checkpoint::{self, Checkpoint};
use crate::run_folder::{COUNTER, StateDict, VARIANCE};
use crate::run_folder::{CheckpointError, State};
use crate::run_folder::{LockError, Record, RecordError, RunLock, checksum};
use crate::run_folder::{OpenError, Which, data_folder, settings_file};
use crate::settings::{Config, ConfigError, Recipe};
use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView};
use std::path::{Path, PathBuf};

/// Weights that cannot be exchanged.
#[derive(Debug, thiserror::Error)]
pub enum ExchangeError {
    /// A file cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// The file is not a whole safetensors file.
    #[error("{path}: not a whole safetensors file ({problem}); save the state dict with `safetensors.torch.save_file`")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
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
            _ => false,
        }
    }
}

/// Writes the weights and buffers of a checkpoint of a run as a PyTorch state dict. Returns what
/// was passed over.
///
/// # Errors
/// When there is no run or no checkpoint, or a file cannot be read or written.
pub fn export(run: &Path, which: Which, out: &Path) -> Result<Vec<String>, ExchangeError> {
    Trained::settings(run).map_err(Box::new)?;
    let (checkpoint, passed_over) = Checkpoint::pick(run, which)?;
    let path = checkpoint.folder.join(checkpoint::MODEL);
    let damaged = |path: &Path, problem: String| ExchangeError::Damaged { path: path.to_owned(), problem };
    let file = SafeTensors::deserialize(checkpoint.model()).map_err(|error| damaged(&path, error.to_string()))?;
    let count = (checkpoint.state.step as i64).to_le_bytes();
    let counter = TensorView::new(Dtype::I64, Vec::new(), &count).map_err(|error| damaged(out, error.to_string()))?;
    let mut tensors = file.tensors();
    let counters: Vec<String> =
        tensors.iter().filter_map(|(name, _)| Some(format!("{}{COUNTER}", name.strip_suffix(VARIANCE)?))).collect();
    tensors.extend(counters.into_iter().map(|name| (name, counter.clone())));
    let bytes = safetensors::serialize(tensors, None).map_err(|error| damaged(out, error.to_string()))?;
    write_atomically(out, &bytes).map_err(|error| error.advise(A_FILE))?;
    Ok(passed_over)
}

/// Makes a run folder, its settings and a checkpoint before the first step, from a PyTorch state dict. Returns the prefix that was taken
/// off all names, which is empty mostly.
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
) -> Result<String, ExchangeError> {
    let _owner = RunLock::acquire(out, "import")?;
    if settings_file(out).exists() || !checkpoint::list(out)?.is_empty() {
        return Err(ExchangeError::Occupied { path: out.to_owned() });
    }
    let config = &recipe.config;
    recipe.check_images(data.train.seen)?;
    let bytes = std::fs::read(weights).map_err(|error| FileError::reading(weights)(error).advise(A_FILE))?;
    let mut session = Session::open(recipe, data, device)?;
    let Session { blueprint, executor, .. } = &mut session;
    let (params, memory) = (&blueprint.params, blueprint.memory);

    let wanted: Vec<&str> = params.specs().iter().chain(params.buffers()).map(|spec| spec.name.as_str()).collect();
    let dict = StateDict::open(&bytes, &wanted)
        .map_err(|error| ExchangeError::Damaged { path: weights.to_owned(), problem: error.to_string() })?;
    let mut problems = Vec::new();
    let flat = dict.flatten(params.specs(), params.flat_len(), &mut problems);
    let buffers = dict.flatten(params.buffers(), memory.buffers.len(), &mut problems);
    problems.extend(dict.unknown(&wanted));
    if !problems.is_empty() {
        return Err(ExchangeError::OtherNetworks { path: weights.to_owned(), problems });
    }
    executor.write(memory.weights, &Values::F32(flat))?;
    memory.write_buffers(executor.as_mut(), buffers)?;
    let written = store(config, data, out, &State::fresh(config.seed, device.name(), device.tuning()?), &mut session);
    if written.is_err() {
        // The folder held no run before, so all of this is of this call.
        let _gone = std::fs::remove_dir_all(checkpoint::folder_of_all(out));
        let _gone = Record::remove(out);
    }
    written.map(|()| dict.prefix)
}

/// Writes checkpoint, record and settings, in this order: a run without settings is no run yet.
fn store(
    config: &Config,
    data: &Dataset,
    out: &Path,
    state: &State,
    session: &mut Session,
) -> Result<(), ExchangeError> {
    let Session { blueprint, executor, .. } = session;
    let text = config.to_toml()?;
    let (keep, sum) = (config.log.keep_checkpoints, checksum(text.as_bytes()));
    checkpoint::save(out, executor.as_mut(), &blueprint.params, &blueprint.memory, state, &sum, keep)?;
    Record::new(&text, data_folder(config), Identity::of(data)).write(out)?;
    Ok(write_atomically(&settings_file(out), text.as_bytes())?)
}
