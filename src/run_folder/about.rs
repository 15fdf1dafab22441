//! What a checkpoint says of itself, without its tensors.

use super::checkpoint::{Checkpoint, MODEL, damaged, list};
use super::{CheckpointError, MANIFEST, Manifest, State};
use crate::files::FileError;
use std::fs;
use std::path::Path;

/// The file of the state.
pub(super) const STATE: &str = "state.json";

/// State and manifest of a checkpoint, which were read and fit each other.
pub(super) struct About {
    pub state: State,
    /// None where an older version wrote it, without checksums.
    pub manifest: Option<Manifest>,
}

impl About {
    /// Reads them from a checkpoint's folder.
    ///
    /// # Errors
    /// When one is missing or damaged.
    pub fn read(folder: &Path) -> Result<Self, CheckpointError> {
        let path = folder.join(MANIFEST);
        let manifest = match Manifest::read(folder)? {
            Some(manifest) => Some(manifest.map_err(|problem| damaged(&path, problem))?),
            None => None,
        };
        let bytes = file(folder, STATE, manifest.as_ref())?;
        let state: State =
            serde_json::from_slice(&bytes).map_err(|error| damaged(&folder.join(STATE), error.to_string()))?;
        if manifest.is_none() && state.format > 0 {
            return Err(damaged(&path, "it is missing"));
        }
        let by_name = folder.file_name().and_then(|name| name.to_str()?.strip_prefix("step-")?.parse().ok());
        let steps = [by_name, manifest.as_ref().map(|manifest| manifest.step)];
        if steps.into_iter().flatten().any(|step| step != state.step) {
            return Err(damaged(&folder.join(STATE), format!("it is of step {}", state.step)));
        }
        Ok(Self { state, manifest })
    }

    /// Reads a file of the same folder.
    ///
    /// # Errors
    /// When it cannot be read, or is not what the manifest says.
    pub fn file(&self, folder: &Path, name: &str) -> Result<Vec<u8>, CheckpointError> {
        file(folder, name, self.manifest.as_ref())
    }
}

fn file(folder: &Path, name: &str, manifest: Option<&Manifest>) -> Result<Vec<u8>, CheckpointError> {
    let path = folder.join(name);
    let bytes = fs::read(&path).map_err(FileError::reading(&path))?;
    match manifest.map_or(Ok(()), |manifest| manifest.check(name, &bytes)) {
        Ok(()) => Ok(bytes),
        Err(problem) => Err(damaged(&path, problem)),
    }
}

/// The state of a run's newest checkpoint, and the checksum of its weights, which are read only where no manifest has it; none where there
/// is no checkpoint.
///
/// # Errors
/// When state or manifest are missing or damaged.
pub fn newest_state(run: &Path) -> Result<Option<(State, String)>, CheckpointError> {
    let Some((_, folder)) = list(run)?.pop() else { return Ok(None) };
    let About { state, manifest } = About::read(&folder)?;
    let weights = match manifest.as_ref().and_then(|manifest| manifest.sum(MODEL)) {
        Some(sum) => sum.to_owned(),
        None => Checkpoint::open(&folder)?.weights,
    };
    Ok(Some((state, weights)))
}
