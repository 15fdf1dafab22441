//! Trains and judges every row of a comparison; what is done is kept, so that an interrupted comparison goes on.

use super::decoded::decode_rows;
use super::differences::Results;
use super::matched::{Match, Matching};
use super::vary::{self, Point, Varied};
use super::verdict::{JudgedRun, VerdictError, judge_run};
use crate::data::{DataError, Dataset};
use crate::decode::{DecodeError, DecodeSettings};
use crate::device::Device;
use crate::eval::judge::Judges;
use crate::files::{FileError, write_atomically};
use crate::kernels::loss::simvae::ContentPrior;
use crate::methods::simvae::SimVae;
use crate::run_folder::{LockError, OpenError, RunLock, Which, checkpoint, checksum};
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
    /// A setting that rows cannot differ in.
    #[error("--vary {key}: {problem}")]
    Vary {
        /// Its key.
        key: String,
        /// Why.
        problem: String,
    },
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
    /// The representation of a row could not be decoded.
    #[error("{row}: {source}")]
    Decode {
        /// The row's folder.
        row: PathBuf,
        /// Why.
        source: Box<DecodeError>,
    },
    /// A file of the comparison or of a row cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
}

impl CompareError {
    /// Whether the call was wrong, rather than something that failed.
    pub fn is_usage(&self) -> bool {
        match self {
            Self::Config(_) | Self::OtherSettings { .. } | Self::Match { .. } | Self::Vary { .. } => true,
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
    /// Settings in which rows differ: a row stands once for each point of their grid, as far as it uses them.
    pub vary: Vec<Varied>,
    /// The row that the others' paired differences are from, as `vae` or, where settings are varied, `vae views=4`: the first that is
    /// meant; where none is named, SimVAE's or the first.
    pub against: Option<String>,
    /// Settings that all rows share; method, seed and what matches the rows are laid over them.
    pub sources: Sources,
    /// How to judge.
    pub judges: Judges,
    /// How to train a decoder on the representation of each row, if at all.
    pub decode: Option<DecodeSettings>,
    /// Folder of the comparison.
    pub out: PathBuf,
}

/// Letters of a row's name that fit the name of its folder, beside the seed.
const FOLDER_LETTERS: usize = 150;

/// The folder of a row. A name too long for a folder, as of many varied widths, ends in its checksum.
pub fn row_folder(out: &Path, row: &str, seed: u32) -> PathBuf {
    let name = row.replace(' ', "-");
    match name.char_indices().nth(FOLDER_LETTERS) {
        Some((end, _)) => out.join(format!("{}-{}-seed-{seed}", &name[..end], checksum(row.as_bytes()))),
        None => out.join(format!("{name}-seed-{seed}")),
    }
}

/// A row to train and judge.
struct Planned {
    name: String,
    point: Point,
    folder: PathBuf,
    config: Config,
}

impl Study {
    /// All rows with all seeds, checked: what they are matched by, what they are compared with, and that every setting that is varied is
    /// some row's.
    fn plan(&self, matching: &Matching<'_>, data: &Dataset) -> Result<Vec<Planned>, CompareError> {
        let mut planned: Vec<Planned> = Vec::new();
        for row in &self.rows {
            for point in matching.points(row, &self.vary, data)? {
                for seed in 0..self.seeds {
                    let config = matching.config(row, &point, seed, data.train.len())?;
                    let name = vary::label(row, &point);
                    planned.push(Planned {
                        folder: row_folder(&self.out, &name, seed),
                        name,
                        point: point.clone(),
                        config,
                    });
                }
            }
        }
        let unused = self.vary.iter().find(|varied| planned.iter().all(|row| !row.point.contains_key(&varied.key)));
        if let Some(Varied { key, .. }) = unused {
            let problem = format!("it changes none of the rows {}", self.rows.join(", "));
            return Err(CompareError::Vary { key: key.clone(), problem });
        }
        if data.train.judged_classes() < 2 {
            leave_out_labels(&mut planned);
        }
        self.check_reference(&planned)?;
        Ok(planned)
    }

    /// Checks that there is what the rows are to be compared with, and that it can carry an interval.
    fn check_reference(&self, planned: &[Planned]) -> Result<(), CompareError> {
        let Some(row) = self.against.clone() else { return Ok(()) };
        if !planned.iter().any(|planned| vary::is_meant(&planned.name, &row)) {
            let mut rows: Vec<&str> = planned.iter().map(|planned| planned.name.as_str()).collect();
            rows.dedup();
            return Err(CompareError::NoReference { row, rows: rows.join(", ") });
        }
        if self.seeds < 2 { Err(CompareError::OneSeed { row }) } else { Ok(()) }
    }
}

/// Leaves out the rows that learn from labels, where there are others.
fn leave_out_labels(planned: &mut Vec<Planned>) {
    let needs = |row: &Planned| row.config.objective().is_ok_and(|objective| objective.needs_labels());
    if !planned.iter().all(needs) {
        planned.retain(|row| !needs(row));
    }
}

/// What is to be known about the varied settings of these rows.
fn note_on(planned: &[Planned]) -> Option<&'static str> {
    let free = |row: &Planned| {
        let own = row.config.own::<SimVae>().ok();
        row.point.contains_key("simvae.variance_z") && own.is_some_and(|own| own.prior == ContentPrior::Uniform)
    };
    planned.iter().any(free).then_some(
        "with simvae.prior = uniform, simvae.variance_z only sets the unit of z: its best loss differs by a constant, and rows \
         differ only in how training and judges take another scale. With simvae.prior = gaussian it is a setting of the model",
    )
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
    /// What is to be known about the varied settings.
    pub note: Option<&'static str>,
    /// The picture of what is left in the rows' representations, where decoders were trained.
    pub board: Option<PathBuf>,
}

/// Trains and judges the rows that are not done yet, then writes `results.json` into the study's folder; `report::write`, behind
/// the feature `report`, adds what people read. A row that fails, as when its loss diverges, does not keep the others from it; a repeated
/// call tries it again. `None` if `stop` was raised, in which case a repeated call goes on from there.
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
    let matching = Matching::new(&study.sources, study.matched)?;
    vary::check(&study.vary, study.matched)?;
    let data = load_data(&matching.base, None, device, progress)?;
    let rows = study.plan(&matching, &data)?;
    let _owner = RunLock::acquire(&study.out, "compare")?;
    for name in study.rows.iter().filter(|name| !rows.iter().any(|row| vary::is_meant(&row.name, name))) {
        progress.note(&format!("left out: {name} learns from classes, and the images are of one class"));
    }
    let count = rows.len();
    let mut done = Compared { matched: study.matched, against: study.against.clone(), ..Compared::default() };
    done.note = note_on(&rows);
    if let Some(note) = done.note {
        progress.note(&format!("note: {note}"));
    }
    for (i, Planned { name, point, folder, config }) in rows.iter().enumerate() {
        if stop.load(Ordering::Relaxed) {
            return Ok(None);
        }
        progress.note(&format!("[{}/{count}] {name}, seed {}", i + 1, config.seed));
        match row(folder, config, (study, &data), device, progress, stop) {
            Ok(Some(run)) => {
                done.judged.push(JudgedRun { varied: point.clone(), ..run });
                done.folders.push(folder.clone());
            }
            Ok(None) => return Ok(None),
            Err(error) if error.is_of_a_row() => {
                progress.note(&format!("  this row failed: {error}"));
                let (name, seed) = (name.clone(), config.seed);
                done.failed.push(FailedRow { name, seed, reason: error.to_string() });
            }
            Err(error) => return Err(error),
        }
    }
    if let Some(settings) = &study.decode
        && !decode_rows(&mut done, (&data, &study.out), settings, device, progress, stop)?
    {
        return Ok(None);
    }
    let path = study.out.join("results.json");
    let results = Results::new(done.judged.clone(), study.against.as_deref());
    let json = serde_json::to_vec_pretty(&results).map_err(|error| FileError::writing(&path)(error.into()))?;
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
    let options = RunOptions { resume, ..RunOptions::new(folder) };
    let report = run(&recipe, data, device, &options, progress, stop)
        .map_err(|source| CompareError::Train { row: folder.to_owned(), source: Box::new(source) })?;
    if report.interrupted {
        return Ok(None);
    }
    drop(report);
    let mut trained = Trained::with_data(folder, Which::Newest, &recipe, data.clone(), device).map_err(Box::new)?;
    let mut note = |judge: &str| progress.note(&format!("  {judge}"));
    let judged = judge_run(&mut trained, folder, device, &study.judges, &mut note);
    let (judged, _) = judged.map_err(|source| fault(folder, source))?;
    judged.write(folder).map_err(|source| fault(folder, source))?;
    Ok(Some(judged))
}

fn fault(folder: &Path, source: VerdictError) -> CompareError {
    CompareError::Judge { row: folder.to_owned(), source: Box::new(source) }
}
