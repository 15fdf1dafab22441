//! What a run begins with: all of it is read and checked before anything is written.

use super::extend::Extension;
use super::pictures;
use super::progress::Progress;
use super::run::RunOptions;
use super::run_error::RunError;
use crate::data::{Dataset, Identity};
use crate::files::{OTHER_FOLDER, sweep, write_atomically};
use crate::run_folder::Record;
use crate::run_folder::checkpoint::{self, Checkpoint};
use crate::run_folder::metrics::metrics_file;
use crate::run_folder::{CheckpointError, State};
use crate::run_folder::{Saved, data_folder, settings_file};
use crate::settings::Config;
use crate::tensorboard;
use std::path::Path;

/// What a run begins with: nothing, or a checkpoint of its own.
pub(super) struct Origin {
    pub checkpoint: Option<Checkpoint>,
    /// What the user should know: checkpoints that were passed over, metrics that were changed.
    pub notes: Vec<String>,
    /// The text of `config.toml`.
    pub settings: String,
    pub record: Record,
}

impl Origin {
    /// Reads and checks everything that the run begins with; writes nothing.
    pub fn of(config: &Config, data: &Dataset, options: &RunOptions) -> Result<Self, RunError> {
        let out = &options.out;
        let identity = Identity::of(data);
        let folder = data_folder(config);
        if !options.resume {
            if !checkpoint::list(out)?.is_empty() {
                return Err(RunError::Occupied { path: out.clone() });
            }
            let settings = config.to_toml()?;
            let record = Record::new(&settings, folder, identity);
            return Ok(Self { checkpoint: None, notes: Vec::new(), settings, record });
        }
        let (checkpoint, passed_over) = match Checkpoint::pick(out, options.checkpoint) {
            Err(CheckpointError::Missing { .. }) => return Err(RunError::NothingToResume { path: out.clone() }),
            picked => picked?,
        };
        let saved = Saved::read(out).map_err(Box::new)?;
        let extension = Extension::of(&saved, config, options, (checkpoint.state.step, data.train.len()))?;
        let Extension { settings, earlier, notes: longer } = extension;
        let Saved { config: saved, record: known, .. } = saved;
        let from = known.as_ref().and_then(|known| known.from.clone());
        let record = Record { earlier, from, ..Record::new(&settings, folder, identity) };
        let mut others = if options.extend { Vec::new() } else { saved.differences(config) };
        if !record.wrote(&checkpoint) {
            others.push(format!("{} was written with others", checkpoint.folder.display()));
        }
        if !others.is_empty() {
            return Err(RunError::OtherSettings { path: settings_file(out), difference: others.join("; ") });
        }
        let mut differences = known.map(|known| known.data.differences(&record.data)).unwrap_or_default();
        if let Err(problem) = checkpoint.state.check_clock(config.seed, config.batch, data.train.len()) {
            differences.insert(0, problem);
        }
        if !differences.is_empty() {
            return Err(RunError::OtherData { path: out.clone(), difference: differences.join("; ") });
        }
        let mut notes: Vec<String> = passed_over.into_iter().map(|problem| format!("passed over: {problem}")).collect();
        notes.extend(longer);
        let metrics = metrics_file(out);
        if let Some(known) = &checkpoint.state.metrics
            && !std::fs::read(&metrics).is_ok_and(|bytes| known.begins(&bytes))
        {
            notes.push(format!("{}: rows were changed or lost since the checkpoint was written", metrics.display()));
        }
        Ok(Self { checkpoint: Some(checkpoint), notes, settings, record })
    }

    pub fn state(&self) -> Option<&State> {
        self.checkpoint.as_ref().map(|checkpoint| &checkpoint.state)
    }

    /// Writes settings, record and the list of files that were left out into the run's folder.
    pub fn record(&self, data: &Dataset, options: &RunOptions, progress: &mut dyn Progress) -> Result<(), RunError> {
        let write = |path: &Path, text: &str| {
            write_atomically(path, text.as_bytes()).map_err(|error| error.advise(OTHER_FOLDER))
        };
        for folder in [options.out.clone(), pictures::folder(&options.out), tensorboard::folder(&options.out)] {
            sweep(&folder);
        }
        // The record of a run that is extended knows its old settings and its new ones: it is right before and after they are replaced.
        let first = self.checkpoint.is_none();
        if first {
            write(&settings_file(&options.out), &self.settings)?;
        }
        self.record.write(&options.out)?;
        if !first && options.extend {
            write(&settings_file(&options.out), &self.settings)?;
        }
        let list = options.out.join("skipped-files.txt");
        if let [first, ..] = &data.skipped[..] {
            progress.note(&format!("files left out: {}, see {}: {first}", data.skipped.len(), list.display()));
        }
        let unused: Vec<&str> = data.skipped.iter().chain(&data.passed_over).map(String::as_str).collect();
        if !unused.is_empty() {
            write(&list, &(unused.join("\n") + "\n"))?;
        }
        Ok(())
    }
}
