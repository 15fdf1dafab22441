//! Checkpoints: a folder with the model, the optimiser and the clock, which is whole or absent.
//!
//! `checkpoints/step-000001234/` holds `model.safetensors` (parameters and buffers under their PyTorch names),
//! `optimizer.safetensors` (Adam's moments under the same names) and `state.json`. The folder is written under another
//! name, synchronised to disk and renamed: a kill at any moment leaves the previous checkpoint or the new one.

use crate::device::{DeviceError, Executor, Values};
use crate::files::sync_folder;
use crate::kernels::Tuning;
use crate::nn::{ParamMemory, ParamSpec, Params};
use crate::plan::Tensor;
use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, SafeTensorError, TensorView};
use serde::{Deserialize, Serialize};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// The file of weights and buffers.
pub(super) const MODEL: &str = "model.safetensors";
const OPTIMISER: &str = "optimizer.safetensors";
const STATE: &str = "state.json";
/// Folders of this prefix are being written; a crash may leave one behind.
const UNFINISHED: &str = ".writing-";

/// A checkpoint that cannot be written or read.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    /// The file system refused.
    #[error("{path}: {source}. Check that the folder exists, is writable and has room")]
    Io {
        /// File or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file is not a whole safetensors file.
    #[error("{path}: not a whole safetensors file ({problem}); the checkpoint is damaged, use an older one")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// The checkpoint belongs to another model.
    #[error("{path}: {problem}. The checkpoint is of another architecture; resume with the settings of its own run")]
    OtherModel {
        /// The file.
        path: PathBuf,
        /// The first difference.
        problem: String,
    },
    /// There is no checkpoint.
    #[error("{path}: no checkpoint to resume from; start the run without --resume")]
    Missing {
        /// The folder searched.
        path: PathBuf,
    },
    /// The device failed.
    #[error(transparent)]
    Device(#[from] DeviceError),
}

/// What a checkpoint knows beside its tensors.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// Steps done.
    pub step: u64,
    /// The device's clock.
    pub clock: Vec<u32>,
    /// The device that wrote it.
    pub device: String,
    /// The kernels in use, which decide the last bits.
    pub tuning: Tuning,
    /// Seconds of training so far.
    pub seconds: f64,
}

fn io_error(path: &Path) -> impl Fn(io::Error) -> CheckpointError {
    move |source| CheckpointError::Io { path: path.to_owned(), source }
}

/// The folder of the checkpoint after `step` steps.
pub fn folder_of(run: &Path, step: u64) -> PathBuf {
    run.join("checkpoints").join(format!("step-{step:09}"))
}

/// All finished checkpoints of a run, oldest first.
pub fn list(run: &Path) -> Vec<(u64, PathBuf)> {
    let Ok(entries) = fs::read_dir(run.join("checkpoints")) else { return Vec::new() };
    let mut found: Vec<(u64, PathBuf)> = entries
        .flatten()
        .filter_map(|entry| {
            let step = entry.file_name().to_str()?.strip_prefix("step-")?.parse().ok()?;
            Some((step, entry.path()))
        })
        .collect();
    found.sort();
    found
}

/// Writes the checkpoint of `state.step` and removes all but the newest `keep`.
///
/// # Errors
/// When a file cannot be written or the device fails; older checkpoints stay as they are.
pub fn save(
    run: &Path,
    executor: &mut dyn Executor,
    params: &Params,
    memory: &ParamMemory,
    state: &State,
    keep: usize,
) -> Result<PathBuf, CheckpointError> {
    let target = folder_of(run, state.step);
    let parent = run.join("checkpoints");
    fs::create_dir_all(&parent).map_err(io_error(&parent))?;
    clear_unfinished(&parent);
    let draft = parent.join(format!("{UNFINISHED}{}", state.step));
    fs::create_dir(&draft).map_err(io_error(&draft))?;

    let weights = executor.read(memory.weights)?.to_f32();
    let buffers = memory.read_buffers(executor)?;
    let model = [("", params.specs(), weights.as_slice()), ("", params.buffers(), &buffers)];
    write_synced(&draft.join(MODEL), &encode(&model, &draft)?)?;
    let first = executor.read(memory.first)?.to_f32();
    let second = executor.read(memory.second)?.to_f32();
    let moments = [("exp_avg.", params.specs(), first.as_slice()), ("exp_avg_sq.", params.specs(), &second)];
    write_synced(&draft.join(OPTIMISER), &encode(&moments, &draft)?)?;
    let json = serde_json::to_vec_pretty(state)
        .map_err(|error| CheckpointError::Io { path: draft.join(STATE), source: io::Error::other(error) })?;
    write_synced(&draft.join(STATE), &json)?;
    sync_folder(&draft).map_err(io_error(&draft))?;

    if target.exists() {
        // The same step of the same run: equal bit for bit, so nothing is lost between the two calls.
        fs::remove_dir_all(&target).map_err(io_error(&target))?;
    }
    fs::rename(&draft, &target).map_err(io_error(&target))?;
    sync_folder(&parent).map_err(io_error(&parent))?;
    let all = list(run);
    for (_, old) in all.iter().rev().skip(keep.max(1)) {
        fs::remove_dir_all(old).map_err(io_error(old))?;
    }
    Ok(target)
}

/// Reads a checkpoint's state.
///
/// # Errors
/// When the file is missing or damaged.
pub fn read_state(folder: &Path) -> Result<State, CheckpointError> {
    let path = folder.join(STATE);
    let bytes = fs::read(&path).map_err(io_error(&path))?;
    serde_json::from_slice(&bytes).map_err(|error| CheckpointError::Damaged { path, problem: error.to_string() })
}

/// Loads the model and the optimiser of a checkpoint into an executor. Nothing is written to the device before
/// everything was read and fits.
///
/// # Errors
/// When a file is missing, damaged or of another architecture.
pub fn load(
    folder: &Path,
    executor: &mut dyn Executor,
    params: &Params,
    memory: &ParamMemory,
) -> Result<(), CheckpointError> {
    let (specs, len) = (params.specs(), params.flat_len());
    let parts = [("", specs, len), ("", params.buffers(), memory.buffers.len())];
    let [weights, buffers] = decode(&folder.join(MODEL), parts)?;
    let [first, second] = decode(&folder.join(OPTIMISER), [("exp_avg.", specs, len), ("exp_avg_sq.", specs, len)])?;
    let write = |executor: &mut dyn Executor, tensor: Tensor, flat| executor.write(tensor, &Values::F32(flat));
    write(executor, memory.weights, weights)?;
    write(executor, memory.first, first)?;
    write(executor, memory.second, second)?;
    memory.write_buffers(executor, buffers)?;
    Ok(())
}

fn clear_unfinished(parent: &Path) {
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().starts_with(UNFINISHED) {
            let _a_leftover_does_no_harm = fs::remove_dir_all(entry.path());
        }
    }
}

fn write_synced(path: &Path, bytes: &[u8]) -> Result<(), CheckpointError> {
    let write = || {
        let mut file = File::create(path)?;
        file.write_all(bytes)?;
        file.sync_all()
    };
    write().map_err(io_error(path))
}

/// A prefix of names, what is named, and a flat layout of it (or the layout's length).
type Part<'a, T> = (&'a str, &'a [ParamSpec], T);

/// Serialises flat layouts as one tensor per parameter, named prefix + parameter.
fn encode(parts: &[Part<'_, &[f32]>], path: &Path) -> Result<Vec<u8>, CheckpointError> {
    let damaged =
        |error: SafeTensorError| CheckpointError::Damaged { path: path.to_owned(), problem: error.to_string() };
    let mut tensors = Vec::new();
    for (prefix, specs, flat) in parts {
        for spec in *specs {
            let data = &flat[spec.param.offset..][..spec.param.shape.len()];
            let shape = spec.param.shape.dims().to_vec();
            let view = TensorView::new(Dtype::F32, shape, bytemuck::cast_slice(data)).map_err(damaged)?;
            tensors.push((format!("{prefix}{}", spec.name), view));
        }
    }
    safetensors::serialize(tensors, None).map_err(damaged)
}

/// Reads flat layouts back; every parameter must be there with its shape, and nothing else.
fn decode<const N: usize>(path: &Path, parts: [Part<'_, usize>; N]) -> Result<[Vec<f32>; N], CheckpointError> {
    let bytes = fs::read(path).map_err(io_error(path))?;
    let other = |problem: String| CheckpointError::OtherModel { path: path.to_owned(), problem };
    let file = SafeTensors::deserialize(&bytes)
        .map_err(|error| CheckpointError::Damaged { path: path.to_owned(), problem: error.to_string() })?;
    let expected: usize = parts.iter().map(|(_, specs, _)| specs.len()).sum();
    let refuse = |name: &str, spec: &ParamSpec, found: Option<TensorView<'_>>| {
        Err(other(match found {
            None => format!("it has no tensor `{name}`"),
            Some(found) => {
                let (dtype, shape, wanted) = (found.dtype(), found.shape(), spec.param.shape);
                format!("`{name}` is {dtype:?} {shape:?} there and F32 {wanted:?} in this model")
            }
        }))
    };
    let mut flats = parts.map(|(.., len)| vec![0.0; len]);
    for ((prefix, specs, _), flat) in parts.iter().zip(&mut flats) {
        flatten(&file, prefix, specs, flat, refuse)?;
    }
    if file.len() != expected {
        return Err(other(format!("it has {} tensors, this model {expected}", file.len())));
    }
    Ok(flats)
}

/// Copies the tensors of these names into a flat layout. `differs` is told of each that is missing (`None`) or of another type or
/// shape, and decides whether to go on without it.
pub(super) fn flatten<E>(
    file: &SafeTensors<'_>,
    prefix: &str,
    specs: &[ParamSpec],
    flat: &mut [f32],
    mut differs: impl FnMut(&str, &ParamSpec, Option<TensorView<'_>>) -> Result<(), E>,
) -> Result<(), E> {
    for spec in specs {
        let name = format!("{prefix}{}", spec.name);
        match file.tensor(&name).ok() {
            Some(tensor) if tensor.dtype() == Dtype::F32 && tensor.shape() == spec.param.shape.dims() => {
                let data: Vec<f32> = bytemuck::pod_collect_to_vec(tensor.data());
                flat[spec.param.offset..][..data.len()].copy_from_slice(&data);
            }
            other => differs(&name, spec, other)?,
        }
    }
    Ok(())
}
