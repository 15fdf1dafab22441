//! Weights to and from elsewhere: safetensors files under PyTorch's names.

use super::checkpoint::{self, Checkpoint, CheckpointError, State};
use super::config::Config;
use super::merge::ConfigError;
use super::open::{data_folder, settings_file};
use super::session::Session;
use crate::console::name;
use crate::data::{Dataset, Identity};
use crate::device::{Choice, DeviceError, Values};
use crate::files::write_atomically;
use crate::nn::ParamSpec;
use crate::run_folder::{LockError, Record, RecordError, RunLock, checksum};
use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView};
use std::io;
use std::path::{Path, PathBuf};

/// What PyTorch's batch normalisation counts beside its statistics; here the number of steps.
const COUNTER: &str = "num_batches_tracked";
/// The buffer that every batch normalisation has.
const VARIANCE: &str = "running_var";

/// Weights that cannot be exchanged.
#[derive(Debug, thiserror::Error)]
pub enum ExchangeError {
    /// A file cannot be read or written.
    #[error("{path}: {source}. Check that it is a file, in a folder that is there and writable")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
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
    /// The checkpoint cannot be read or written.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The device failed.
    #[error(transparent)]
    Device(#[from] DeviceError),
}

/// Writes the weights and buffers of a run's newest checkpoint as a PyTorch state dict.
///
/// # Errors
/// When there is no checkpoint, or a file cannot be read or written.
pub fn export(run: &Path, out: &Path) -> Result<(), ExchangeError> {
    let (checkpoint, _) = Checkpoint::newest(run)?;
    let path = checkpoint.folder.join(checkpoint::MODEL);
    let step = checkpoint.state.step;
    let damaged = |path: &Path, problem: String| ExchangeError::Damaged { path: path.to_owned(), problem };
    let file = SafeTensors::deserialize(checkpoint.model()).map_err(|error| damaged(&path, error.to_string()))?;
    let count = (step as i64).to_le_bytes();
    let counter = TensorView::new(Dtype::I64, Vec::new(), &count).map_err(|error| damaged(out, error.to_string()))?;
    let mut tensors = file.tensors();
    let counters: Vec<String> =
        tensors.iter().filter_map(|(name, _)| Some(format!("{}{COUNTER}", name.strip_suffix(VARIANCE)?))).collect();
    tensors.extend(counters.into_iter().map(|name| (name, counter.clone())));
    let bytes = safetensors::serialize(tensors, None).map_err(|error| damaged(out, error.to_string()))?;
    write_atomically(out, &bytes).map_err(|source| ExchangeError::Io { path: out.to_owned(), source })
}

/// Makes a run folder, its settings and a checkpoint before the first step, from a PyTorch state dict.
///
/// # Errors
/// When the file cannot be read or has other tensors than the networks (each is named), or the folder cannot be written.
pub fn import(
    weights: &Path,
    config: &Config,
    data: &Dataset,
    choice: &Choice,
    out: &Path,
) -> Result<(), ExchangeError> {
    let _owner = RunLock::acquire(out, "import")?;
    if settings_file(out).exists() || !checkpoint::list(out)?.is_empty() {
        return Err(ExchangeError::Occupied { path: out.to_owned() });
    }
    let shape = data.train.shape;
    config.check_images([shape.channels, shape.height, shape.width])?;
    let bytes = std::fs::read(weights).map_err(|source| ExchangeError::Io { path: weights.to_owned(), source })?;
    let file = SafeTensors::deserialize(&bytes)
        .map_err(|error| ExchangeError::Damaged { path: weights.to_owned(), problem: error.to_string() })?;
    let tuning = choice.tune()?;
    let mut session = Session::open(config, data, choice, tuning)?;
    let Session { blueprint, executor, .. } = &mut session;
    let (params, memory) = (&blueprint.params, blueprint.memory);

    let mut problems = Vec::new();
    let mut read = |specs: &[ParamSpec], len: usize| -> Result<Vec<f32>, ExchangeError> {
        let mut flat = vec![0.0; len];
        checkpoint::flatten(&file, "", specs, &mut flat, |name, spec, found| {
            let wanted = spec.param.shape;
            problems.push(match found {
                None => format!("missing: `{name}` {wanted:?}"),
                Some(found) => {
                    format!("`{name}` is {:?} {:?} there and F32 {wanted:?} here", found.dtype(), found.shape())
                }
            });
            Ok::<(), ExchangeError>(())
        })?;
        Ok(flat)
    };
    let flat = read(params.specs(), params.flat_len())?;
    let buffers = read(params.buffers(), memory.buffers.len())?;
    let known = |name: &str| {
        name.ends_with(COUNTER) || params.specs().iter().chain(params.buffers()).any(|spec| spec.name == name)
    };
    problems.extend(
        file.names().into_iter().filter(|name| !known(name)).map(|found| format!("unknown: `{}`", name(found))),
    );
    if !problems.is_empty() {
        return Err(ExchangeError::OtherNetworks { path: weights.to_owned(), problems });
    }
    executor.write(memory.weights, &Values::F32(flat))?;
    memory.write_buffers(executor.as_mut(), buffers)?;
    let text = config.to_toml()?;
    let state = State::fresh(config.seed, choice.name(), tuning);
    let keep = config.log.keep_checkpoints;
    checkpoint::save(out, executor.as_mut(), params, &memory, &state, &checksum(text.as_bytes()), keep)?;
    Record::new(&text, data_folder(config), Identity::of(data)).write(out)?;
    let settings = settings_file(out);
    write_atomically(&settings, text.as_bytes()).map_err(|source| ExchangeError::Io { path: settings.clone(), source })
}
