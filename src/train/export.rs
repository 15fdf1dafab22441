//! Weights for elsewhere: a PyTorch state dict, alone or beside a Python file that reads it.

use super::exchange::ExchangeError;
use super::torch;
use crate::files::{A_FILE, FileError, OTHER_FOLDER, write_atomically};
use crate::run_folder::{COUNTER, Checkpoint, Saved, VARIANCE, Which};
use safetensors::SafeTensorError;
use safetensors::tensor::{Dtype, TensorView};
use std::io;
use std::path::{Path, PathBuf};

/// The files of [`export_torch`].
const WEIGHTS: &str = "weights.safetensors";
const MODEL: &str = "model.py";

/// Writes the weights and buffers of a checkpoint of a run as a PyTorch state dict. Returns what was passed over.
///
/// # Errors
/// When there is no run or no checkpoint, or a file cannot be read or written.
pub fn export(run: &Path, which: Which, out: &Path) -> Result<Vec<String>, ExchangeError> {
    let Saved { record, .. } = Saved::read(run).map_err(Box::new)?;
    let (checkpoint, passed_over) = Saved::checkpoint(run, record.as_ref(), which).map_err(Box::new)?;
    write_atomically(out, &state_dict(&checkpoint, out)?).map_err(|error| error.advise(A_FILE))?;
    Ok(passed_over)
}

/// Writes the same into a folder, and beside it a Python file that makes the networks in PyTorch and loads it. Returns both files, and what was
/// passed over.
///
/// # Errors
/// As [`export`]; also when the run does not know the size of its images, or its networks are a caller's own.
pub fn export_torch(run: &Path, which: Which, out: &Path) -> Result<([PathBuf; 2], Vec<String>), ExchangeError> {
    let (config, record) = Saved::recorded(run, ". Take --format safetensors").map_err(Box::new)?;
    let (checkpoint, passed_over) = Saved::checkpoint(run, Some(&record), which).map_err(Box::new)?;
    let files = [WEIGHTS, MODEL].map(|name| out.join(name));
    let texts = [state_dict(&checkpoint, &files[0])?, torch::model(&config, &record, &checkpoint)?.into_bytes()];
    for (path, bytes) in files.iter().zip(texts) {
        write_atomically(path, &bytes).map_err(|error| error.advise(OTHER_FOLDER))?;
    }
    Ok((files, passed_over))
}

/// The bytes of a state dict, with the counters that PyTorch's batch normalisation has; `out` is for messages.
fn state_dict(checkpoint: &Checkpoint, out: &Path) -> Result<Vec<u8>, ExchangeError> {
    let unwritten = |error: SafeTensorError| FileError::writing(out)(io::Error::other(error));
    let file = checkpoint.tensors()?;
    let count = (checkpoint.state.step as i64).to_le_bytes();
    let counter = TensorView::new(Dtype::I64, Vec::new(), &count).map_err(unwritten)?;
    let mut tensors = file.tensors();
    let counters: Vec<String> =
        tensors.iter().filter_map(|(name, _)| Some(format!("{}{COUNTER}", name.strip_suffix(VARIANCE)?))).collect();
    tensors.extend(counters.into_iter().map(|name| (name, counter.clone())));
    Ok(safetensors::serialize(tensors, None).map_err(unwritten)?)
}
