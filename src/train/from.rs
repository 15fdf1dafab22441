//! A new run that begins with weights from elsewhere: of another run, or of a file.

use super::run_error::RunError;
use super::session::Session;
use crate::device::Values;
use crate::files::FileError;
use crate::nn::ParamSpec;
use crate::run_folder::checkpoint::{Checkpoint, MODEL};
use crate::run_folder::record::as_text;
use crate::run_folder::{Source, StateDict, Which, checksum};
use std::path::PathBuf;

/// What the names of the encoder's tensors begin with.
pub(super) const ENCODER: &str = "enc.";

/// Weights that a new run begins with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FirstWeights {
    /// A run folder, or a file with a state dict: safetensors, or of `torch.save`.
    pub path: PathBuf,
    /// Which checkpoint of a run.
    pub checkpoint: Which,
    /// Take the encoder only.
    pub encoder_only: bool,
}

/// What was taken.
pub(super) struct Taken {
    /// For the record.
    pub source: Source,
    /// What matched and what did not, in words.
    pub notes: Vec<String>,
    /// The names of the tensors that stay as they were initialised, each with the reason.
    pub others: Vec<(String, String)>,
}

impl FirstWeights {
    /// Puts the weights and running statistics whose names and shapes match into a session that has not trained yet. What does not match
    /// stays as it was initialised.
    ///
    /// # Errors
    /// When the file cannot be read, nothing in it matches, or the device fails.
    pub(super) fn load(&self, session: &mut Session) -> Result<Taken, RunError> {
        let (file, bytes) = self.read()?;
        let Session { blueprint, executor, .. } = session;
        let (params, memory) = (&blueprint.params, blueprint.memory);
        let wanted = |spec: &&ParamSpec| !self.encoder_only || spec.name.starts_with(ENCODER);
        let parts = [params.specs(), params.buffers()];
        let names: Vec<&str> = parts.into_iter().flatten().filter(wanted).map(|spec| spec.name.as_str()).collect();
        let unread = |problem: String| RunError::Weights { path: file.clone(), problem };
        let dict = StateDict::open(&bytes, &names, ENCODER).map_err(unread)?;
        let mut flats = [executor.read(memory.weights)?.into_f32(), memory.read_buffers(executor.as_mut())?];
        let (mut matched, mut others) = (Vec::new(), Vec::new());
        for (specs, flat) in parts.into_iter().zip(&mut flats) {
            for spec in specs.iter().filter(wanted) {
                match dict.tensor(spec) {
                    Ok(numbers) => {
                        flat[spec.param.offset..][..numbers.len()].copy_from_slice(&numbers);
                        matched.push(spec.name.as_str());
                    }
                    Err(problem) => others.push((spec.name.clone(), problem)),
                }
            }
        }
        let unused = dict.unknown(&names);
        let problems: Vec<String> = others.iter().map(|(_, problem)| problem.clone()).collect();
        if matched.is_empty() {
            return Err(RunError::NothingMatches { path: file, problems: [problems, unused].concat() });
        }
        let [weights, buffers] = flats;
        executor.write(memory.weights, &Values::F32(weights))?;
        memory.write_buffers(executor.as_mut(), buffers)?;
        let mut notes = vec![format!(
            "from {}: {} of {} tensors: {}",
            file.display(),
            matched.len(),
            names.len(),
            matched.join(", ")
        )];
        notes.extend(dict.notes());
        let lists = [("as initialised", problems), ("not taken", unused)];
        notes.extend(
            lists
                .into_iter()
                .filter(|(_, list)| !list.is_empty())
                .map(|(what, list)| format!("{what}: {}", list.join("; "))),
        );
        let source = Source {
            path: as_text(&std::path::absolute(&file).unwrap_or(file)),
            blake3: checksum(&bytes),
            encoder_only: self.encoder_only,
            matched: matched.len(),
        };
        Ok(Taken { source, notes, others })
    }

    /// The file of the weights, and its bytes.
    fn read(&self) -> Result<(PathBuf, Vec<u8>), RunError> {
        if self.path.is_dir() {
            let (checkpoint, _) = Checkpoint::pick(&self.path, self.checkpoint)?;
            return Ok((checkpoint.folder.join(MODEL), checkpoint.model().to_vec()));
        }
        let unread = |error| {
            FileError::reading(&self.path)(error)
                .advise("--from wants a run folder, or a file with a state dict: safetensors or .pth")
        };
        Ok((self.path.clone(), std::fs::read(&self.path).map_err(unread)?))
    }
}
