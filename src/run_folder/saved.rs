//! What a run folder says about its run.

use super::{Checkpoint, OpenError, Record, Which};
use crate::data::named_folder;
use crate::settings::{Config, ConfigError};
use std::path::{Path, PathBuf};

/// Where a run's settings are.
pub fn settings_file(run: &Path) -> PathBuf {
    run.join("config.toml")
}

/// Where the files of a configured data set lie, from the root; none for data sets that need none.
pub fn data_folder(config: &Config) -> Option<PathBuf> {
    let folder = match config.data.dir.as_str() {
        "" => named_folder(&config.data.name)?,
        folder => Path::new(folder),
    };
    Some(from_the_root(folder))
}

/// A folder as it is found from everywhere. On Windows without the prefix behind which no slash parts names.
pub fn from_the_root(folder: &Path) -> PathBuf {
    dunce::canonicalize(folder).or_else(|_| std::path::absolute(folder)).unwrap_or_else(|_| folder.to_owned())
}

/// What a run folder says about the run.
pub struct Saved {
    /// Its settings.
    pub config: Config,
    /// Their text.
    pub text: String,
    /// What it was made of; none in runs of older versions.
    pub record: Option<Record>,
}

impl Saved {
    /// Reads settings and record of a run.
    ///
    /// # Errors
    /// When there are none, or they are damaged or incomplete.
    pub fn read(run: &Path) -> Result<Self, OpenError> {
        let path = settings_file(run);
        let origin = path.display().to_string();
        let text = match std::fs::read(&path).map(String::from_utf8) {
            Ok(Ok(text)) => text,
            Ok(Err(_)) => {
                return Err(
                    ConfigError::Syntax { origin, problem: "the file is damaged: it is no text".to_owned() }.into()
                );
            }
            Err(source) => return Err(OpenError::NoRun { path, source }),
        };
        let record = Record::read(run)?;
        let config = match &record {
            Some(record) => {
                record.check_settings(&path, &text)?;
                Config::from_toml(&origin, &text)?
            }
            None => Config::from_whole_toml(&origin, &text)?,
        };
        Ok(Self { config, text, record })
    }

    /// A checkpoint of a run, and what was passed over.
    ///
    /// # Errors
    /// When there is none such, it is damaged, or a run with other settings wrote it.
    pub fn checkpoint(
        run: &Path,
        record: Option<&Record>,
        which: Which,
    ) -> Result<(Checkpoint, Vec<String>), OpenError> {
        let (checkpoint, passed_over) = Checkpoint::pick(run, which)?;
        match record.is_none_or(|record| record.wrote(&checkpoint)) {
            true => Ok((checkpoint, passed_over)),
            false => Err(OpenError::ForeignCheckpoint { path: checkpoint.folder }),
        }
    }

    /// Settings and record of a run; `advice` goes on where the message ends that says that there is no record.
    ///
    /// # Errors
    /// As [`Saved::read`]; also in a run of a version that did not note what its images are like.
    pub fn recorded(run: &Path, advice: &'static str) -> Result<(Config, Record), OpenError> {
        let Self { config, record, .. } = Self::read(run)?;
        let record = record.ok_or_else(|| OpenError::Unrecorded { path: run.to_owned(), advice })?;
        Ok((config, record))
    }
}
