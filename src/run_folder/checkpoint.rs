//! Checkpoints: a folder with the model, the optimiser and the clock, which is whole or absent.
//!
//! `checkpoints/step-000001234/` holds `model.safetensors` (parameters and buffers under their PyTorch names),
//! `optimizer.safetensors` (Adam's moments under the same names), `state.json`, and `manifest.json` with the checksums of the three.
//! The folder is written under another name, synchronised to disk and renamed: a kill at any moment leaves the previous
//! checkpoint or the new one. What is read is checked against the manifest: a file that was damaged later is never used.

use super::about::{About, STATE};
use super::{CheckpointError, MANIFEST, Manifest, State, Which, checksum};
use crate::console::detail;
use crate::device::{Executor, Values};
use crate::files::{FileError, sync_folder};
use crate::nn::{ParamMemory, ParamSpec, Params};
use crate::plan::Tensor;
use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, SafeTensorError, TensorView};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// The file of weights and buffers.
pub const MODEL: &str = "model.safetensors";
/// The file of Adam's moments.
pub const OPTIMISER: &str = "optimizer.safetensors";
/// Folders of this prefix are being written; a crash may leave one behind, which the run's next owner removes.
const UNFINISHED: &str = ".writing-";
/// Times that the list is read anew because a training run replaced its checkpoints meanwhile.
const ATTEMPTS: usize = 20;

pub(super) fn damaged(path: &Path, problem: impl Into<String>) -> CheckpointError {
    CheckpointError::Damaged { path: path.to_owned(), problem: problem.into() }
}

/// The folder of a run's checkpoints.
pub fn folder_of_all(run: &Path) -> PathBuf {
    run.join("checkpoints")
}

/// The folder of the checkpoint after `step` steps.
pub fn folder_of(run: &Path, step: u64) -> PathBuf {
    folder_of_all(run).join(format!("step-{step:09}"))
}

/// All checkpoints of a run by their names, oldest first; whether they are whole, [`Checkpoint::open`] tells.
///
/// # Errors
/// When the folder is there and cannot be read.
pub fn list(run: &Path) -> Result<Vec<(u64, PathBuf)>, CheckpointError> {
    let parent = folder_of_all(run);
    let entries = match fs::read_dir(&parent) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(FileError::reading(&parent)(error).into()),
    };
    let mut found = Vec::new();
    for entry in entries {
        let name = entry.map_err(FileError::reading(&parent))?.file_name();
        if let Some(step) = name.to_str().and_then(|name| name.strip_prefix("step-")?.parse().ok()) {
            found.push((step, parent.join(name)));
        }
    }
    found.sort();
    Ok(found)
}

/// The steps of checkpoints, in words.
fn steps(all: &[(u64, PathBuf)]) -> String {
    let known: Vec<String> = all.iter().map(|(step, _)| step.to_string()).collect();
    known.join(", ")
}

/// A checkpoint that was read and found whole.
#[derive(Clone, Debug)]
pub struct Checkpoint {
    /// Its folder.
    pub folder: PathBuf,
    /// What it knows beside its tensors.
    pub state: State,
    /// Checksum of the settings of its run; none where an older version wrote it, without checksums.
    pub settings: Option<String>,
    /// Checksum of its weights.
    pub weights: String,
    model: Vec<u8>,
    optimiser: Vec<u8>,
}

impl Checkpoint {
    /// Reads a checkpoint and checks every file.
    ///
    /// # Errors
    /// When a file is missing or damaged.
    pub fn open(folder: &Path) -> Result<Self, CheckpointError> {
        let about = About::read(folder)?;
        let (model, optimiser) = (about.file(folder, MODEL)?, about.file(folder, OPTIMISER)?);
        let About { state, manifest } = about;
        // With a manifest it was computed when the file was checked.
        let known = manifest.as_ref().and_then(|manifest| manifest.sum(MODEL));
        let weights = known.map_or_else(|| checksum(&model), str::to_owned);
        let settings = manifest.map(|manifest| manifest.settings);
        detail(format_args!("checkpoint: {} is whole", folder.display()));
        Ok(Self { folder: folder.to_owned(), state, settings, weights, model, optimiser })
    }

    /// The newest whole checkpoint of a run, and what is wrong with each newer one that was passed over.
    ///
    /// # Errors
    /// When there is none, or none is whole.
    pub fn newest(run: &Path) -> Result<(Self, Vec<String>), CheckpointError> {
        let (mut problems, mut before) = (Vec::new(), Vec::new());
        for _ in 0..ATTEMPTS {
            let all = list(run)?;
            if all.is_empty() {
                return Err(CheckpointError::Missing { path: folder_of_all(run) });
            }
            // A training run may replace what was listed while it is read: only what stays is damaged.
            if all == before {
                break;
            }
            problems.clear();
            for (_, folder) in all.iter().rev() {
                match Self::open(folder) {
                    Ok(checkpoint) => return Ok((checkpoint, problems)),
                    Err(problem) => problems.push(problem.to_string()),
                }
            }
            before = all;
        }
        Err(CheckpointError::NoneWhole { path: folder_of_all(run), problems })
    }

    /// The checkpoint that is asked for, and what was passed over. The newest whole one knows which is the best.
    ///
    /// # Errors
    /// When there is none such, or it is damaged.
    pub fn pick(run: &Path, which: Which) -> Result<(Self, Vec<String>), CheckpointError> {
        match which {
            Which::Newest => Self::newest(run),
            Which::Step(step) => Self::of_step(run, step),
            Which::Best => {
                let (newest, passed_over) = Self::newest(run)?;
                let Some(best) = &newest.state.best else {
                    return Err(CheckpointError::NoBest { path: folder_of_all(run), known: steps(&list(run)?) });
                };
                if best.step == newest.state.step {
                    return Ok((newest, passed_over));
                }
                let (best, _) = Self::of_step(run, best.step)?;
                Ok((best, passed_over))
            }
        }
    }

    fn of_step(run: &Path, step: u64) -> Result<(Self, Vec<String>), CheckpointError> {
        let all = list(run)?;
        match all.iter().find(|(found, _)| *found == step) {
            Some((_, folder)) => Ok((Self::open(folder)?, Vec::new())),
            None => Err(CheckpointError::NoSuchStep { path: folder_of_all(run), step, known: steps(&all) }),
        }
    }

    /// The state dict of weights and buffers, as the file has it.
    pub fn model(&self) -> &[u8] {
        &self.model
    }

    /// Its tensors by their names.
    ///
    /// # Errors
    /// When the file, though it is the one that was written, holds none.
    pub fn tensors(&self) -> Result<SafeTensors<'_>, CheckpointError> {
        SafeTensors::deserialize(&self.model).map_err(|error| damaged(&self.folder.join(MODEL), error.to_string()))
    }

    /// Adam's moments, as the file has them.
    pub fn optimiser(&self) -> &[u8] {
        &self.optimiser
    }

    /// Loads model and optimiser into an executor. Nothing is written to the device before everything fits.
    ///
    /// # Errors
    /// When the checkpoint is of another architecture, holds numbers that are not finite, or the device fails.
    pub fn load(
        &self,
        executor: &mut dyn Executor,
        params: &Params,
        memory: &ParamMemory,
    ) -> Result<(), CheckpointError> {
        let (specs, len) = (params.specs(), params.flat_len());
        let parts = [("", specs, len), ("", params.buffers(), memory.buffers.len())];
        let [weights, buffers] = decode(&self.folder.join(MODEL), &self.model, parts)?;
        let parts = [("exp_avg.", specs, len), ("exp_avg_sq.", specs, len)];
        let [first, second] = decode(&self.folder.join(OPTIMISER), &self.optimiser, parts)?;
        let write = |executor: &mut dyn Executor, tensor: Tensor, flat| executor.write(tensor, &Values::F32(flat));
        write(executor, memory.weights, weights)?;
        write(executor, memory.first, first)?;
        write(executor, memory.second, second)?;
        memory.write_buffers(executor, buffers)?;
        Ok(())
    }
}

/// Writes the checkpoint of `state.step`, of a run whose settings have this checksum, and removes all older ones but the newest
/// `keep - 1`, and the best; also those of [`forget_after`]. The caller owns the run's folder.
///
/// # Errors
/// When a number is not finite, a file cannot be written or the device fails; older checkpoints stay as they are.
pub fn save(
    run: &Path,
    executor: &mut dyn Executor,
    params: &Params,
    memory: &ParamMemory,
    state: &State,
    settings: &str,
    keep: usize,
) -> Result<PathBuf, CheckpointError> {
    let target = folder_of(run, state.step);
    let parent = folder_of_all(run);
    let model = {
        let weights = executor.read(memory.weights)?.into_f32();
        let buffers = memory.read_buffers(executor)?;
        encode(&[("", params.specs(), weights.as_slice()), ("", params.buffers(), &buffers)], &target.join(MODEL))?
    };
    let moments = {
        let first = executor.read(memory.first)?.into_f32();
        let second = executor.read(memory.second)?.into_f32();
        let moments = [("exp_avg.", params.specs(), first.as_slice()), ("exp_avg_sq.", params.specs(), &second)];
        encode(&moments, &target.join(OPTIMISER))?
    };
    let json =
        serde_json::to_vec_pretty(state).map_err(|error| FileError::writing(&target.join(STATE))(error.into()))?;
    let files = [(MODEL, model), (OPTIMISER, moments), (STATE, json)];

    if !parent.exists() {
        fs::create_dir_all(&parent).map_err(FileError::writing(&parent))?;
        sync_folder(run).map_err(FileError::writing(run))?;
    }
    clear_unfinished(&parent);
    let draft = parent.join(format!("{UNFINISHED}{}", state.step));
    let written = write_draft(&draft, state.step, settings, &files).and_then(|()| put_in_place(&draft, &target));
    if written.is_err() {
        // On a full disk the draft holds the room that the next attempt needs.
        let _gone_or_not = fs::remove_dir_all(&draft);
    }
    written?;
    sync_folder(&parent).map_err(FileError::writing(&parent))?;
    let all = list(run)?;
    let older = all.iter().rev().filter(|(step, _)| *step < state.step);
    let best = state.best.as_ref().map(|best| best.step);
    for (_, old) in older.skip(keep.saturating_sub(1)).filter(|(step, _)| best != Some(*step)) {
        fs::remove_dir_all(old).map_err(FileError::writing(old))?;
    }
    forget_after(run, state.step)?;
    Ok(target)
}

/// Removes the checkpoints behind this step: a run that went on from an older one has come here another time, and the newest would be of
/// steps that its metrics no longer know.
///
/// # Errors
/// When their list cannot be read. One that cannot be removed cannot be read either, and is passed over.
pub fn forget_after(run: &Path, step: u64) -> Result<(), CheckpointError> {
    for (_, newer) in list(run)?.iter().filter(|(of, _)| *of > step) {
        let _passed_over = fs::remove_dir_all(newer);
    }
    Ok(())
}

fn write_draft(draft: &Path, step: u64, settings: &str, files: &[(&str, Vec<u8>)]) -> Result<(), CheckpointError> {
    fs::create_dir(draft).map_err(FileError::writing(draft))?;
    let mut manifest = Manifest::new(step, settings.to_owned());
    for (name, bytes) in files {
        manifest.add(name, bytes);
        write_synced(&draft.join(name), bytes)?;
    }
    let path = draft.join(MANIFEST);
    write_synced(&path, &manifest.to_bytes().map_err(FileError::writing(&path))?)?;
    Ok(sync_folder(draft).map_err(FileError::writing(draft))?)
}

/// Renames a whole draft. A checkpoint of the same step stays where it is whole and the same; another one, as of a device that rounds
/// otherwise or of metrics that took other times, makes room.
fn put_in_place(draft: &Path, target: &Path) -> Result<(), CheckpointError> {
    if fs::symlink_metadata(target).is_ok() {
        let new = Checkpoint::open(draft)?;
        let same = |found: Checkpoint| {
            found.settings == new.settings
                && found.model == new.model
                && found.optimiser == new.optimiser
                && found.state.metrics == new.state.metrics
        };
        if Checkpoint::open(target).is_ok_and(same) {
            return Ok(fs::remove_dir_all(draft).map_err(FileError::writing(draft))?);
        }
        let aside = draft.with_extension("damaged");
        fs::rename(target, &aside).map_err(FileError::writing(target))?;
        fs::rename(draft, target).map_err(FileError::writing(target))?;
        let removed = if aside.is_dir() { fs::remove_dir_all(&aside) } else { fs::remove_file(&aside) };
        return Ok(removed.map_err(FileError::writing(&aside))?);
    }
    Ok(fs::rename(draft, target).map_err(FileError::writing(target))?)
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
    Ok(write().map_err(FileError::writing(path))?)
}

/// How many of a tensor's numbers are not finite, in words; none where all are.
pub(super) fn not_finite(data: &[f32]) -> Option<String> {
    let bad: Vec<&f32> = data.iter().filter(|x| !x.is_finite()).collect();
    let first = bad.first()?;
    Some(format!("{} of {} numbers are not finite, such as {first}", bad.len(), data.len()))
}

/// A prefix of names, what is named, and a flat layout of it (or the layout's length).
pub(super) type Part<'a, T> = (&'a str, &'a [ParamSpec], T);

/// Serialises flat layouts as one tensor per parameter, named prefix + parameter.
fn encode(parts: &[Part<'_, &[f32]>], path: &Path) -> Result<Vec<u8>, CheckpointError> {
    let damaged = |error: SafeTensorError| damaged(path, error.to_string());
    let mut tensors = Vec::new();
    for (prefix, specs, flat) in parts {
        for spec in *specs {
            let data = &flat[spec.param.offset..][..spec.param.shape.len()];
            let name = format!("{prefix}{}", spec.name);
            if let Some(problem) = not_finite(data) {
                return Err(CheckpointError::NotFinite { path: path.to_owned(), tensor: name, problem });
            }
            let shape = spec.param.shape.dims().to_vec();
            let view = TensorView::new(Dtype::F32, shape, bytemuck::cast_slice(data)).map_err(damaged)?;
            tensors.push((name, view));
        }
    }
    safetensors::serialize(tensors, None).map_err(damaged)
}

/// Reads flat layouts back; every parameter must be there with its shape and finite, and nothing else.
pub(super) fn decode<const N: usize>(
    path: &Path,
    bytes: &[u8],
    parts: [Part<'_, usize>; N],
) -> Result<[Vec<f32>; N], CheckpointError> {
    let other = |problem: String| CheckpointError::OtherModel { path: path.to_owned(), problem };
    let file = SafeTensors::deserialize(bytes).map_err(|error| damaged(path, error.to_string()))?;
    let expected: usize = parts.iter().map(|(_, specs, _)| specs.len()).sum();
    let mut flats = parts.map(|(.., len)| vec![0.0; len]);
    for ((prefix, specs, _), flat) in parts.iter().zip(&mut flats) {
        for spec in *specs {
            let (tensor, wanted) = (format!("{prefix}{}", spec.name), spec.param.shape);
            let found = file.tensor(&tensor).map_err(|_| other(format!("it has no tensor `{tensor}`")))?;
            if found.dtype() != Dtype::F32 || found.shape() != wanted.dims() {
                let (dtype, shape) = (found.dtype(), found.shape());
                return Err(other(format!("`{tensor}` is {dtype:?} {shape:?} there and F32 {wanted:?} in this model")));
            }
            let numbers: Vec<f32> = bytemuck::pod_collect_to_vec(found.data());
            if let Some(problem) = not_finite(&numbers) {
                return Err(CheckpointError::NotFinite { path: path.to_owned(), tensor, problem });
            }
            flat[spec.param.offset..][..numbers.len()].copy_from_slice(&numbers);
        }
    }
    if file.len() != expected {
        return Err(other(format!("it has {} tensors, this model {expected}", file.len())));
    }
    Ok(flats)
}
