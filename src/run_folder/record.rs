//! What a run was made of: `run.json` beside its settings.

use super::{Checkpoint, checksum, sealed};
use crate::data::Identity;
use crate::files::{FileError, OTHER_FOLDER, read_if_there, write_atomically};
use serde::{Deserialize, Serialize};
use std::io;
use std::path::{Path, PathBuf};

/// The file's name.
const FILE: &str = "run.json";

/// A record that cannot be read or written, or does not describe what is there.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The file cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// The record is damaged.
    #[error("{path}: the file is damaged ({problem}). Take it from a copy of the run, or start a new run")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// The settings are not those that the run was made with.
    #[error(
        "{path}: the file has changed since the run was made: it is damaged, or was edited. Bring it back from a copy, or start a new \
         run with these settings: --config {path} --out FOLDER"
    )]
    Settings {
        /// The settings file.
        path: PathBuf,
    },
}

/// What a run was made of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The version of this program that made it.
    pub program: String,
    /// Checksum of its `config.toml`.
    pub settings: String,
    /// Where its data lie, from the root, as far as that is text; none for data that are no files.
    pub folder: Option<PathBuf>,
    /// Its data.
    pub data: Identity,
    /// The settings that it had before it was extended, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub earlier: Vec<Earlier>,
    /// Where its first weights are from; none where they were drawn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Source>,
}

/// The weights that a run began with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// Their file.
    pub path: PathBuf,
    /// The file's checksum.
    pub blake3: String,
    /// Whether the encoder alone was to be taken.
    pub encoder_only: bool,
    /// Tensors that were taken.
    pub matched: usize,
}

/// Settings that a run had for a while.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Earlier {
    /// Their checksum, which the checkpoints of that time have.
    pub settings: String,
    /// Steps done when others took their place.
    pub until: u64,
    /// What was changed then, in words.
    pub changed: Vec<String>,
}

/// A path that a record can hold: JSON is text.
pub(crate) fn as_text(path: &Path) -> PathBuf {
    PathBuf::from(path.to_string_lossy().into_owned())
}

impl Record {
    /// Of a run with these settings and data.
    pub fn new(settings: &str, folder: Option<PathBuf>, data: Identity) -> Self {
        let (program, settings) = (env!("CARGO_PKG_VERSION").to_owned(), checksum(settings.as_bytes()));
        let folder = folder.as_deref().map(as_text);
        Self { program, settings, folder, data, earlier: Vec::new(), from: None }
    }

    /// Whether the run has, or had before it was extended, settings of this checksum.
    pub fn knows(&self, settings: &str) -> bool {
        self.settings == settings || self.earlier.iter().any(|earlier| earlier.settings == settings)
    }

    /// Whether this run wrote a checkpoint, as far as it says: those of older versions do not.
    pub fn wrote(&self, checkpoint: &Checkpoint) -> bool {
        checkpoint.settings.as_ref().is_none_or(|settings| self.knows(settings))
    }

    /// Reads the record of a run; none where there is none, as in runs of older versions.
    ///
    /// # Errors
    /// When it cannot be read, or is damaged.
    pub fn read(run: &Path) -> Result<Option<Self>, RecordError> {
        let path = run.join(FILE);
        let Some(bytes) = read_if_there(&path)? else { return Ok(None) };
        sealed::unseal(&bytes).map(Some).map_err(|problem| RecordError::Damaged { path, problem })
    }

    /// Writes the record into a run's folder, unless it stands there already.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, run: &Path) -> Result<(), RecordError> {
        if Self::read(run).is_ok_and(|found| found.as_ref() == Some(self)) {
            return Ok(());
        }
        let path = run.join(FILE);
        let bytes = sealed::seal(self).map_err(|error| FileError::writing(&path)(io::Error::other(error)))?;
        write_atomically(&path, &bytes).map_err(|error| error.advise(OTHER_FOLDER))?;
        Ok(())
    }

    /// Removes the record of a run that could not be made.
    ///
    /// # Errors
    /// When the file system refuses.
    pub fn remove(run: &Path) -> io::Result<()> {
        std::fs::remove_file(run.join(FILE))
    }

    /// Checks that the text of a settings file is one that the run was made with. Where a run is extended the record is written first: a
    /// crash between leaves a file that it knows from before, and the run as it was.
    ///
    /// # Errors
    /// When it is not.
    pub fn check_settings(&self, path: &Path, text: &str) -> Result<(), RecordError> {
        match self.knows(&checksum(text.as_bytes())) {
            true => Ok(()),
            false => Err(RecordError::Settings { path: path.to_owned() }),
        }
    }
}
