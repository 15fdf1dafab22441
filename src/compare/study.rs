//! Trains and judges every row of a comparison; what is done is kept, so that an interrupted comparison goes on.

use super::matched::{Match, Matching};
use super::verdict::{JudgedRun, VerdictError, judge_run};
use crate::data::{DataError, Dataset};
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
    /// A row that cannot get what the others get.
    #[error("{row} cannot be matched by {by}: {problem}")]
    Match {
        /// The row.
        row: String,
        /// What the rows are matched by.
        by: &'static str,
        /// Why.
        problem: String,
    },
    /// Plain images for all rows.
    #[error("augment.plain = true: plain images are rows of their own, such as --methods all,vae-plain")]
    Plain,
    /// A row to compare with that is not there.
    #[error("--against {row}: there is no such row among {rows}")]
    NoReference {
        /// What was asked for.
        row: String,
        /// What there is.
        rows: String,
    },
    /// Intervals of a single seed.
    #[error(
        "--against {row}: the intervals of paired differences need two seeds and more: add --seeds 3, or leave out --against"
    )]
    OneSeed {
        /// What was asked for.
        row: String,
    },
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
            Self::Config(_) | Self::OtherSettings { .. } | Self::Match { .. } => true,
            Self::Plain | Self::NoReference { .. } | Self::OneSeed { .. } => true,
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
    /// The rows in their order, of [`row_names`](super::row_names).
    pub rows: Vec<String>,
    /// Trainings of each row, with the seeds 0, 1, ...
    pub seeds: u32,
    /// What each row gets as much of.
    pub matched: Match,
    /// The row that the others' paired differences are from; where none is named, SimVAE's or the first.
    pub against: Option<String>,
    /// Settings that all rows share; method, seed and what matches the rows are laid over them.
    pub sources: Sources,
    /// How to judge.
    pub judges: Judges,
    /// Folder of the comparison.
    pub out: PathBuf,
}

/// The folder of a row.
pub fn row_folder(out: &Path, row: &str, seed: u32) -> PathBuf {
    out.join(format!("{row}-seed-{seed}"))
}

impl Study {
    /// Checks that there is what the rows are to be compared with, and that it can carry an interval.
    fn check_reference(&self) -> Result<(), CompareError> {
        let Some(row) = self.against.clone() else { return Ok(()) };
        if !self.rows.contains(&row) {
            return Err(CompareError::NoReference { row, rows: self.rows.join(", ") });
        }
        if self.seeds < 2 { Err(CompareError::OneSeed { row }) } else { Ok(()) }
    }
}

/// A row that could not be trained or judged.
#[derive(Clone, Debug, PartialEq)]
pub struct FailedRow {
    /// Its name.
    pub name: String,
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
    /// What they were matched by.
    pub matched: Match,
    /// The row that differences are from, where one was named.
    pub against: Option<String>,
}

/// Trains and judges the rows that are not done yet, then writes `results.json` into the study's folder; `report::write`, behind
/// the feature `report`, adds what people read. A row that fails, as when its loss diverges, does not keep the others from it; a repeated call tries it again. `None`
/// if `stop` was raised, in which case a repeated call goes on from there.
///
/// # Errors
/// When settings or data are wrong, a row cannot be matched, the folder holds rows of other settings, or a file of the comparison cannot
/// be written.
pub fn compare(
    study: &Study,
    device: &Device,
    progress: &mut dyn Progress,
    stop: &AtomicBool,
) -> Result<Option<Compared>, CompareError> {
    // Every row's settings are checked before the first one trains, and before anything is written.
    study.check_reference()?;
    let matching = Matching::new(&study.sources, study.matched)?;
    let data = load_data(&matching.base, None, device, progress)?;
    let mut rows = Vec::new();
    for name in &study.rows {
        for seed in 0..study.seeds {
            let config = matching.config(name, seed, data.train.len())?;
            rows.push((name, row_folder(&study.out, name, seed), config));
        }
    }
    let _owner = RunLock::acquire(&study.out, "compare")?;
    let count = rows.len();
    let mut done = Compared { matched: study.matched, against: study.against.clone(), ..Compared::default() };
    for (i, (name, folder, config)) in rows.iter().enumerate() {
        if stop.load(Ordering::Relaxed) {
            return Ok(None);
        }
        progress.note(&format!("[{}/{count}] {name}, seed {}", i + 1, config.seed));
        match row(folder, config, (study, &data), device, progress, stop) {
            Ok(Some(run)) => {
                done.judged.push(run);
                done.folders.push(folder.clone());
            }
            Ok(None) => return Ok(None),
            Err(error) if error.is_of_a_row() => {
                progress.note(&format!("  this row failed: {error}"));
                let (name, seed) = ((*name).clone(), config.seed);
                done.failed.push(FailedRow { name, seed, reason: error.to_string() });
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
    (study, data): (&Study, &Dataset),
    device: &Device,
    progress: &mut dyn Progress,
    stop: &AtomicBool,
) -> Result<Option<JudgedRun>, CompareError> {
    let other = |difference: String| CompareError::OtherSettings { row: folder.to_owned(), difference };
    let recipe = Recipe::new(config)?;
    let resume = !checkpoint::list(folder).map_err(|source| Box::new(source.into()))?.is_empty();
    if resume {
        let saved = Trained::settings(folder).map_err(Box::new)?;
        let differences = saved.differences(config);
        if !differences.is_empty() {
            return Err(other(differences.join("; ")));
        }
        Trained::check_data(folder, data).map_err(Box::new)?;
        if let Some(judged) = JudgedRun::read(folder).map_err(|source| fault(folder, source))? {
            if judged.judges != study.judges {
                return Err(other(format!("judges {:?}, now {:?}", judged.judges, study.judges)));
            }
            // A verdict of before, which does not state its budget, is made again.
            if judged.budget.is_some() {
                return Ok(Some(judged));
            }
        }
    }
    let options = RunOptions { out: folder.to_owned(), resume, checkpoint: None };
    let report = run(&recipe, data, device, &options, progress, stop)
        .map_err(|source| CompareError::Train { row: folder.to_owned(), source: Box::new(source) })?;
    if report.interrupted {
        return Ok(None);
    }
    drop(report);
    let mut trained = Trained::with_data(folder, &recipe, data.clone(), device).map_err(Box::new)?;
    let mut note = |judge: &str| progress.note(&format!("  {judge}"));
    let judged = judge_run(&mut trained, folder, device, &study.judges, &mut note);
    let (judged, _) = judged.map_err(|source| fault(folder, source))?;
    judged.write(folder).map_err(|source| fault(folder, source))?;
    Ok(Some(judged))
}

fn fault(folder: &Path, source: VerdictError) -> CompareError {
    CompareError::Judge { row: folder.to_owned(), source: Box::new(source) }
}
