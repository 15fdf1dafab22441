//! Trains and judges every row of a comparison; what is done is kept, so that an interrupted comparison goes on.

use super::verdict::{JudgedRun, VerdictError, judge_run};
use crate::data::DataError;
use crate::device::Device;
use crate::eval::judge::Judges;
use crate::files::{FileError, write_atomically};
use crate::run_folder::{LockError, RunLock};
use crate::run_folder::{OpenError, checkpoint};
use crate::settings::{Config, Recipe};
use crate::settings::{ConfigError, Sources};
use crate::train::{Progress, RunError, RunOptions, Trained, load_data, run};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

/// A comparison that cannot begin or go on. What is done stays done.
#[derive(Debug, thiserror::Error)]
pub enum CompareError {
    /// Another process works in the folder, or it cannot be made.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// Settings that cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The data cannot be read.
    #[error(transparent)]
    Data(#[from] DataError),
    /// A row could not be trained.
    #[error("{row}: {source}")]
    Train {
        /// The row's folder.
        row: PathBuf,
        /// Why.
        source: Box<RunError>,
    },
    /// A row could not be opened.
    #[error(transparent)]
    Open(#[from] Box<OpenError>),
    /// A row could not be judged.
    #[error("{row}: {source}")]
    Judge {
        /// The row's folder.
        row: PathBuf,
        /// Why.
        source: Box<VerdictError>,
    },
    /// The folder holds a row of other settings.
    #[error(
        "{row}: this row was trained or judged with other settings ({difference}). Choose another folder with --out, or delete it"
    )]
    OtherSettings {
        /// The row's folder.
        row: PathBuf,
        /// What differs.
        difference: String,
    },
    /// A file of the comparison or of a row cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
}

impl CompareError {
    /// Whether the call was wrong, rather than something that failed.
    pub fn is_usage(&self) -> bool {
        match self {
            Self::Config(_) | Self::OtherSettings { .. } => true,
            Self::Lock(error) => error.is_usage(),
            Self::Data(error) => error.is_usage(),
            Self::Train { source, .. } => source.is_usage(),
            _ => false,
        }
    }

    /// Whether only one row is concerned, so that the others can go on.
    fn is_of_a_row(&self) -> bool {
        match self {
            CompareError::Train { source, .. } => !source.is_usage(),
            CompareError::Open(_) | CompareError::Judge { .. } => true,
            _ => false,
        }
    }
}

/// What to compare.
#[derive(Clone, Debug)]
pub struct Study {
    /// The rows, in their order.
    pub methods: Vec<String>,
    /// Trainings of each method, with the seeds 0, 1, ...
    pub seeds: u32,
    /// Settings that all rows share; method and seed are laid over them.
    pub sources: Sources,
    /// How to judge.
    pub judges: Judges,
    /// Folder of the comparison.
    pub out: PathBuf,
}

/// The folder of a row.
pub fn row_folder(out: &Path, method: &str, seed: u32) -> PathBuf {
    out.join(format!("{method}-seed-{seed}"))
}

impl Study {
    fn config(&self, method: &str, seed: u32) -> Result<Config, ConfigError> {
        let mut sources = self.sources.clone();
        sources.set.extend([format!("method={method}"), format!("seed={seed}")]);
        Config::merge(&sources)
    }
}

/// A row that could not be trained or judged.
#[derive(Clone, Debug, PartialEq)]
pub struct FailedRow {
    /// Method, as in the settings.
    pub method: String,
    /// Seed of the training.
    pub seed: u64,
    /// Why.
    pub reason: String,
}

/// The rows of a comparison.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Compared {
    /// Those that were judged, and their folders.
    pub judged: Vec<JudgedRun>,
    /// The folders of the judged rows.
    pub folders: Vec<PathBuf>,
    /// Those that failed.
    pub failed: Vec<FailedRow>,
}

/// Trains and judges the rows that are not done yet, then writes `results.json` into the study's folder; `report::write`, behind
/// the feature `report`, adds what people read. A row that fails, as when its loss diverges, does not keep the others from it; a repeated call tries it again. `None`
/// if `stop` was raised, in which case a repeated call goes on from there.
///
/// # Errors
/// When settings or data are wrong, the folder holds rows of other settings, or a file of the comparison cannot be written.
pub fn compare(
    study: &Study,
    device: &Device,
    progress: &mut dyn Progress,
    stop: &AtomicBool,
) -> Result<Option<Compared>, CompareError> {
    // Every row's settings are checked before the first one trains.
    let mut rows = Vec::new();
    for method in &study.methods {
        for seed in 0..study.seeds {
            rows.push((row_folder(&study.out, method, seed), study.config(method, seed)?));
        }
    }
    let _owner = RunLock::acquire(&study.out, "compare")?;
    let count = rows.len();
    let mut done = Compared::default();
    for (i, (folder, config)) in rows.iter().enumerate() {
        if stop.load(Ordering::Relaxed) {
            return Ok(None);
        }
        progress.note(&format!("[{}/{count}] {}, seed {}", i + 1, config.method, config.seed));
        match row(folder, config, study, device, progress, stop) {
            Ok(Some(run)) => {
                done.judged.push(run);
                done.folders.push(folder.clone());
            }
            Ok(None) => return Ok(None),
            Err(error) if error.is_of_a_row() => {
                let (method, seed) = (config.method.clone(), config.seed);
                progress.note(&format!("  this row failed: {error}"));
                done.failed.push(FailedRow { method, seed, reason: error.to_string() });
            }
            Err(error) => return Err(error),
        }
    }
    let path = study.out.join("results.json");
    let json = serde_json::to_vec_pretty(&done.judged).map_err(|error| FileError::writing(&path)(error.into()))?;
    write_atomically(&path, &json)?;
    Ok(Some(done))
}

/// One row: trained, or trained on, and judged, unless that was done before. `None` if it was interrupted.
fn row(
    folder: &Path,
    config: &Config,
    study: &Study,
    device: &Device,
    progress: &mut dyn Progress,
    stop: &AtomicBool,
) -> Result<Option<JudgedRun>, CompareError> {
    let other = |difference: String| CompareError::OtherSettings { row: folder.to_owned(), difference };
    let recipe = Recipe::new(config)?;
    let data = load_data(config, None, device, progress)?;
    let resume = !checkpoint::list(folder).map_err(|source| Box::new(source.into()))?.is_empty();
    if resume {
        let saved = Trained::settings(folder).map_err(Box::new)?;
        let differences = saved.differences(config);
        if !differences.is_empty() {
            return Err(other(differences.join("; ")));
        }
        Trained::check_data(folder, &data).map_err(Box::new)?;
        if let Some(judged) = JudgedRun::read(folder).map_err(|source| fault(folder, source))? {
            return match judged.judges == study.judges {
                true => Ok(Some(judged)),
                false => Err(other(format!("judges {:?}, now {:?}", judged.judges, study.judges))),
            };
        }
    }
    let options = RunOptions { out: folder.to_owned(), resume, checkpoint: None };
    let report = run(&recipe, &data, device, &options, progress, stop)
        .map_err(|source| CompareError::Train { row: folder.to_owned(), source: Box::new(source) })?;
    if report.interrupted {
        return Ok(None);
    }
    drop(report);
    let mut trained = Trained::with_data(folder, &recipe, data, device).map_err(Box::new)?;
    let mut note = |judge: &str| progress.note(&format!("  {judge}"));
    let judged = judge_run(&mut trained, folder, device, &study.judges, &mut note);
    let (judged, _) = judged.map_err(|source| fault(folder, source))?;
    judged.write(folder).map_err(|source| fault(folder, source))?;
    Ok(Some(judged))
}

fn fault(folder: &Path, source: VerdictError) -> CompareError {
    CompareError::Judge { row: folder.to_owned(), source: Box::new(source) }
}
