//! Trains and judges every row of a comparison; what is done is kept, so that an interrupted comparison goes on.

use super::decoded::show_decoded;
use super::differences::Results;
use super::error::CompareError;
use super::matched::{Match, Matching};
use super::row::{Case, Planned};
use super::vary::{self, Varied};
use super::verdict::JudgedRun;
use super::workers::{Found, Rows, Worker};
use crate::data::{Dataset, Identity};
use crate::decode::DecodeSettings;
use crate::eval::judge::Judges;
use crate::files::{FileError, write_atomically};
use crate::kernels::loss::simvae::ContentPrior;
use crate::methods::simvae::SimVae;
use crate::run_folder::{RunLock, checksum};
use crate::settings::{Recipe, Sources};
use crate::train::{RunError, check, load_data};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

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
    /// Folder of the comparison. Other processes may be at work on the same comparison in it.
    pub out: PathBuf,
    /// Whether a process that finds no row free waits for the others, to write the results; else it leaves.
    pub wait: bool,
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

impl Study {
    /// All rows with all seeds, checked: that they can be trained, what they are matched by, what they are compared with, and that every
    /// setting that is varied is some row's.
    fn plan(&self, matching: &Matching<'_>, data: &Dataset) -> Result<Vec<Planned>, CompareError> {
        let mut planned: Vec<Planned> = Vec::new();
        for row in &self.rows {
            for point in matching.points(row, &self.vary, data)? {
                for seed in 0..self.seeds {
                    let config = matching.config(row, &point, seed, data.train.len())?;
                    let name = vary::label(row, &point);
                    let recipe = Recipe::new(&config).map_err(|error| refused(&name, error.into()))?;
                    planned.push(Planned {
                        folder: row_folder(&self.out, &name, seed),
                        name,
                        point: point.clone(),
                        recipe,
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
        for row in &planned {
            check(&row.recipe, data).map_err(|error| refused(&row.name, error))?;
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

fn refused(row: &str, source: RunError) -> CompareError {
    CompareError::Row { row: row.to_owned(), source: Box::new(source) }
}

/// Leaves out the rows that learn from labels, where there are others.
fn leave_out_labels(planned: &mut Vec<Planned>) {
    let needs = |row: &Planned| row.recipe.objective.needs_labels();
    if !planned.iter().all(needs) {
        planned.retain(|row| !needs(row));
    }
}

/// What is to be known about the varied settings of these rows.
fn note_on(planned: &[Planned]) -> Option<&'static str> {
    let free = |row: &Planned| {
        let own = row.recipe.config.own::<SimVae>().ok();
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

/// How a comparison ended, in this process.
#[derive(Clone, Debug, PartialEq)]
pub enum Ended {
    /// Every row is judged, or has failed.
    Whole(Box<Compared>),
    /// `stop` was raised; a repeated call goes on from there.
    Interrupted,
    /// Nothing is left for this process; other processes are at work on so many rows.
    Elsewhere(usize),
}

/// Trains and judges the rows that are not done yet, each on the first of the workers' devices that is free, then writes `results.json` into
/// the study's folder; `report::write`, behind the feature `report`, adds what people read. Several processes may do this in one
/// folder at the same time: each row is done by one of them, and whoever sees that all are done writes the results. A row that fails, as
/// when its loss diverges, does not keep the others from it; a repeated call tries it again.
///
/// # Errors
/// When settings or data are wrong, a row cannot be matched, the folder holds rows of other settings, a file of the comparison cannot
/// be written, or one of several devices fails. `stop` is raised then, so that the other workers end at a safe place.
pub fn compare(study: &Study, workers: &mut [Worker<'_>], stop: &AtomicBool) -> Result<Ended, CompareError> {
    let Some(Worker { device, progress, .. }) = workers.first_mut() else { return Err(CompareError::NoDevice) };
    // Every row's settings are checked before the first one trains, and before anything is written.
    let matching = Matching::new(&study.sources, study.matched)?;
    vary::check(&study.vary, study.matched)?;
    let data = &load_data(&matching.base, None, device, *progress)?;
    let planned = study.plan(&matching, data)?;
    let _together = RunLock::share(&study.out, "compare")?;
    for name in study.rows.iter().filter(|name| !planned.iter().any(|row| vary::is_meant(&row.name, name))) {
        progress.note(&format!("left out: {name} learns from classes, and the images are of one class"));
    }
    let note = note_on(&planned);
    if let Some(note) = note {
        progress.note(&format!("note: {note}"));
    }
    let identity = &Identity::of(data);
    let rows = Rows::new(Case { study, data, identity }, &planned)?;
    let left = rows.left();
    if left < planned.len() {
        progress.note(&format!("{} of {} rows are done already", planned.len() - left, planned.len()));
    }
    rows.share_out(workers, stop)?;
    match rows.left() {
        0 => {}
        _ if stop.load(Ordering::Relaxed) => return Ok(Ended::Interrupted),
        left => return Ok(Ended::Elsewhere(left)),
    }
    let mut done = Compared { matched: study.matched, against: study.against.clone(), note, ..Compared::default() };
    let found = rows.found();
    for (row, found) in planned.into_iter().zip(found) {
        match found {
            Found::Judged(run) => {
                done.judged.push(JudgedRun { varied: row.point, basis: None, ..*run });
                done.folders.push(row.folder);
            }
            Found::Failed(reason) => {
                done.failed.push(FailedRow { name: row.name, seed: row.recipe.config.seed, reason })
            }
            Found::Open | Found::Ours => {}
        }
    }
    if let Some(settings) = &study.decode {
        show_decoded(&mut done, &study.out, settings)?;
    }
    let path = study.out.join("results.json");
    let results = Results::new(done.judged.clone(), study.against.as_deref());
    let json = serde_json::to_vec_pretty(&results).map_err(|error| FileError::writing(&path)(error.into()))?;
    write_atomically(&path, &json)?;
    Ok(Ended::Whole(Box::new(done)))
}
