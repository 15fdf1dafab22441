//! One row of a comparison: what is done of it, and what is left to do.

use super::decoded::{decode_row, kept};
use super::error::CompareError;
use super::study::Study;
use super::vary::Point;
use super::verdict::{Basis, JudgedRun, VerdictError, judge_run};
use crate::data::{Dataset, Identity};
use crate::device::Device;
use crate::run_folder::{Which, checkpoint};
use crate::settings::{Config, Recipe};
use crate::train::{Progress, RunOptions, Trained, run};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

/// A row to train and judge.
pub(super) struct Planned {
    pub name: String,
    pub point: Point,
    pub folder: PathBuf,
    pub recipe: Recipe,
}

/// A comparison and its data.
#[derive(Clone, Copy)]
pub(super) struct Case<'a> {
    pub study: &'a Study,
    pub data: &'a Dataset,
    pub identity: &'a Identity,
}

impl Planned {
    /// How people call it.
    pub fn title(&self) -> String {
        format!("{}, seed {}", self.name, self.recipe.config.seed)
    }

    /// Refuses a row that was begun with other settings. What cannot be read is no reason: whoever works on the row tells.
    pub fn check(&self) -> Result<(), CompareError> {
        let begun = checkpoint::list(&self.folder).is_ok_and(|all| !all.is_empty());
        match begun.then(|| Trained::settings(&self.folder)) {
            Some(Ok(saved)) => self.same(&saved),
            _ => Ok(()),
        }
    }

    /// Refuses a row that another process does with other settings, as its claim has them; not where nobody can read that.
    pub fn check_claimed(&self, settings: &str) -> Result<(), CompareError> {
        let known = (!settings.is_empty()).then(|| Config::from_toml("claim", settings));
        match known {
            Some(Ok(theirs)) => self.same(&theirs),
            _ => Ok(()),
        }
    }

    fn same(&self, saved: &Config) -> Result<(), CompareError> {
        match saved.differences(&self.recipe.config) {
            differences if differences.is_empty() => Ok(()),
            differences => Err(self.other(differences.join("; "))),
        }
    }

    fn other(&self, difference: String) -> CompareError {
        CompareError::OtherSettings { row: self.folder.clone(), difference }
    }

    /// The verdict of a row of which nothing is left to do, with its decoder's score.
    pub fn done(&self, case: Case<'_>) -> Result<Option<JudgedRun>, CompareError> {
        // A row without a verdict, which is looked at again and again while another process trains it, costs a look at one file.
        let read = JudgedRun::read(&self.folder);
        if matches!(read, Ok(None)) {
            return Ok(None);
        }
        let Some(Ok(judged)) = self.judged(case, read)? else { return Ok(None) };
        Ok(match &case.study.decode {
            Some(settings) if kept(&self.folder, settings, judged.steps).is_none() => None,
            _ => Some(judged),
        })
    }

    /// The verdict, where there is one of these settings, data and judges, or why it does not count.
    fn judged(
        &self,
        case: Case<'_>,
        read: Result<Option<JudgedRun>, VerdictError>,
    ) -> Result<Option<Result<JudgedRun, &'static str>>, CompareError> {
        let folder = &self.folder;
        if checkpoint::list(folder).map_err(|source| Box::new(source.into()))?.is_empty() {
            return Ok(None);
        }
        self.same(&Trained::settings(folder).map_err(Box::new)?)?;
        Trained::check_identity(folder, case.identity).map_err(Box::new)?;
        match read.map_err(|source| fault(folder, source))? {
            Some(judged) if judged.judges != case.study.judges => {
                Err(self.other(format!("judges {:?}, now {:?}", judged.judges, case.study.judges)))
            }
            judged => Ok(judged.map(|judged| self.doubt(&judged, case).map_or(Ok(judged), Err))),
        }
    }

    /// Why a verdict does not count, as `eval` may have written it; none where it is of what the row's run ended with, and of its data.
    fn doubt(&self, judged: &JudgedRun, case: Case<'_>) -> Option<&'static str> {
        let Some(Basis { weights, data }) = &judged.basis else {
            return Some("an older version made it, which did not note what it judged");
        };
        if data != case.identity {
            return Some("it is of other data");
        }
        // A checkpoint that cannot be read is no reason to stop here: whoever goes on with the run tells.
        let last = Trained::final_weights(&self.folder, &self.recipe, case.data.train.len()).ok().flatten();
        (last.as_ref() != Some(weights)).then_some("it is not of the weights that the run ends with")
    }

    /// Does what is left: trains, or trains on, judges, and decodes. `None` if it was interrupted, or is not to write any more: `holds` tells.
    pub fn work(
        &self,
        case: Case<'_>,
        device: &Device,
        progress: &mut dyn Progress,
        stop: &AtomicBool,
        holds: impl Fn() -> bool,
    ) -> Result<Option<JudgedRun>, CompareError> {
        let folder = &self.folder;
        let judged = match self.judged(case, JudgedRun::read(folder))? {
            Some(Ok(judged)) => judged,
            before => {
                if let Some(Err(why)) = before {
                    progress.note(&format!("  its verdict of before does not count: {why}"));
                }
                let resume = !checkpoint::list(folder).map_err(|source| Box::new(source.into()))?.is_empty();
                let options = RunOptions { resume, ..RunOptions::new(folder) };
                let report = run(&self.recipe, case.data, device, &options, progress, stop)
                    .map_err(|source| CompareError::Train { row: folder.clone(), source: Box::new(source) })?;
                if report.interrupted {
                    return Ok(None);
                }
                drop(report);
                let data = case.data.clone();
                let mut trained =
                    Trained::with_data(folder, Which::Newest, &self.recipe, data, device).map_err(Box::new)?;
                let mut note = |judge: &str| progress.note(&format!("  {judge}"));
                let judged = judge_run(&mut trained, folder, device, &case.study.judges, &mut note);
                let (judged, _) = judged.map_err(|source| fault(folder, source))?;
                if !holds() {
                    return Ok(None);
                }
                judged.write(folder).map_err(|source| fault(folder, source))?;
                if let Err(error) = judged.show(folder, &self.recipe.config) {
                    progress.note(&format!("warning: {error}"));
                }
                judged
            }
        };
        if let Some(settings) = &case.study.decode
            && kept(folder, settings, judged.steps).is_none()
        {
            progress.note(&format!("decoder of {}", self.title()));
            match decode_row(folder, case.data, settings, device, progress, stop) {
                Ok(true) => {}
                Ok(false) => return Ok(None),
                Err(CompareError::Decode { source, .. }) if !source.is_of_all() => {
                    progress.note(&format!("  this row was not decoded: {source}"));
                }
                Err(error) => return Err(error),
            }
        }
        Ok(Some(judged))
    }
}

fn fault(folder: &Path, source: VerdictError) -> CompareError {
    CompareError::Judge { row: folder.to_owned(), source: Box::new(source) }
}
