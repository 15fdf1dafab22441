//! The workers of a comparison: a device each, which take rows as they become free. Other processes may do the same in the same folder.

use super::claim::{Answer, Claim, Claims};
use super::error::CompareError;
use super::row::{Case, Planned};
use super::verdict::JudgedRun;
use crate::device::Device;
use crate::train::Progress;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// Between two looks at the rows of other processes, in parts after which an interrupt is heard.
const PAUSE: Duration = Duration::from_millis(100);
const PAUSES: u32 = 10;

/// A device that trains and judges rows, and who hears of it.
pub struct Worker<'a> {
    /// What messages call it, where there are several.
    pub name: String,
    /// The device.
    pub device: &'a Device,
    /// Who hears of its rows.
    pub progress: &'a mut (dyn Progress + Send),
}

impl fmt::Debug for Worker<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Worker {} on {}", self.name, self.device.name())
    }
}

/// What this process knows of a row.
pub(super) enum Found {
    /// It is to be done, by this process or by another.
    Open,
    /// A worker of this process has it.
    Ours,
    Judged(Box<JudgedRun>),
    /// It cannot be done; why.
    Failed(String),
}

/// A row that was looked at.
enum Look {
    Settled(Found),
    Ours(Claim),
    /// Another process has it.
    Theirs(String),
}

/// What a worker does next.
enum Next {
    Row(usize, Claim),
    /// All rows that are left are others'.
    Wait(Vec<String>),
    Nothing,
}

/// Why a worker ended, and at which row.
type Failed = (usize, Box<CompareError>);

/// The rows of a comparison, as the workers of this process share them.
pub(super) struct Rows<'a> {
    case: Case<'a>,
    planned: &'a [Planned],
    known: Mutex<(Claims, Vec<Found>)>,
    /// The first error that is not a row's own.
    failure: Mutex<Option<CompareError>>,
    /// Whether somebody has said that this process waits for others.
    waits: AtomicBool,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<'a> Rows<'a> {
    /// Looks at all rows before anything begins.
    ///
    /// # Errors
    /// When one was begun with other settings.
    pub fn new(case: Case<'a>, planned: &'a [Planned]) -> Result<Self, CompareError> {
        let (mut claims, mut found) = (Claims::default(), Vec::new());
        for row in planned {
            row.check()?;
            claims.meet(&row.folder);
            found.push(match row.done(case) {
                Ok(Some(run)) => Found::Judged(Box::new(run)),
                // Whoever comes to this row tells.
                Err(error) if error.is_of_a_row() => Found::Open,
                Err(error) => return Err(error),
                Ok(None) => Found::Open,
            });
        }
        let (known, failure) = (Mutex::new((claims, found)), Mutex::new(None));
        Ok(Self { case, planned, known, failure, waits: AtomicBool::new(false) })
    }

    /// Rows that are neither judged nor failed.
    pub fn left(&self) -> usize {
        lock(&self.known).1.iter().filter(|found| matches!(found, Found::Open | Found::Ours)).count()
    }

    /// Has the workers take rows until none is left for them; the first on this thread, the others on threads of their own.
    ///
    /// # Errors
    /// The first error that is not a row's own; the others then end at a safe place, as after `stop`, which is raised.
    pub fn share_out(&self, workers: &mut [Worker<'_>], stop: &AtomicBool) -> Result<(), CompareError> {
        let several = workers.len() > 1;
        let serve = |worker: &mut Worker<'_>| {
            if let Err((row, source)) = self.serve(worker, several, stop) {
                let (device, row) = (worker.name.clone(), self.planned[row].title());
                let advice = if source.is_usage() { "" } else { "; the same command goes on" };
                self.fail(if several { CompareError::OnDevice { device, row, source, advice } } else { *source });
                stop.store(true, Ordering::Relaxed);
            }
        };
        let Some((first, others)) = workers.split_first_mut() else { return Err(CompareError::NoDevice) };
        thread::scope(|scope| {
            for worker in others {
                let (device, serve) = (worker.name.clone(), &serve);
                let spawned =
                    thread::Builder::new().name("device".to_owned()).spawn_scoped(scope, move || serve(worker));
                if let Err(source) = spawned {
                    self.fail(CompareError::Thread { device, source });
                    stop.store(true, Ordering::Relaxed);
                }
            }
            serve(first);
        });
        lock(&self.failure).take().map_or(Ok(()), Err)
    }

    /// What became of each row. One that failed here may have been done elsewhere.
    pub fn found(self) -> Vec<Found> {
        let (_, mut found) = self.known.into_inner().unwrap_or_else(PoisonError::into_inner);
        for (row, found) in self.planned.iter().zip(&mut found) {
            if let (Found::Failed(_), Ok(Some(run))) = (&*found, row.done(self.case)) {
                *found = Found::Judged(Box::new(run));
            }
        }
        found
    }

    fn fail(&self, error: CompareError) {
        lock(&self.failure).get_or_insert(error);
    }

    fn settle(&self, row: usize, found: Found) {
        lock(&self.known).1[row] = found;
    }

    /// Takes rows until there is none, an error ends this worker or an interrupt all.
    fn serve(&self, worker: &mut Worker<'_>, several: bool, stop: &AtomicBool) -> Result<(), Failed> {
        let Worker { device, progress, .. } = worker;
        while !stop.load(Ordering::Relaxed) {
            let (at, claim) = match self.next(*progress)? {
                Next::Row(at, claim) => (at, claim),
                Next::Wait(_) if !self.case.study.wait => return Ok(()),
                Next::Wait(whose) => {
                    if !self.waits.swap(true, Ordering::Relaxed) {
                        progress.note(&format!("no row is free; waiting for those of {}", whose.join(", ")));
                    }
                    (0..PAUSES).take_while(|_| !stop.load(Ordering::Relaxed)).for_each(|_| thread::sleep(PAUSE));
                    continue;
                }
                Next::Nothing => return Ok(()),
            };
            let row = &self.planned[at];
            progress.note(&format!("[{}/{}] {}", at + 1, self.planned.len(), row.title()));
            match row.work(self.case, device, *progress, stop, || claim.holds()) {
                Ok(Some(run)) => {
                    claim.done();
                    self.settle(at, Found::Judged(Box::new(run)));
                }
                Ok(None) => {
                    if !claim.holds() {
                        progress.note("  another process has taken over this row, since this one stood still");
                    }
                    drop(claim);
                    self.settle(at, Found::Open);
                }
                Err(error) if error.is_of_a_row() && !(several && error.is_of_a_device()) => {
                    progress.note(&format!("  this row failed: {error}"));
                    // Another device may do what this one could not.
                    match error.is_of_a_device() {
                        true => drop(claim),
                        false => claim.failed(error.to_string()),
                    }
                    self.settle(at, Found::Failed(error.to_string()));
                }
                Err(error) => return Err((at, Box::new(error))),
            }
        }
        Ok(())
    }

    /// The next row that is free, after what can be learnt of those before it.
    fn next(&self, progress: &mut dyn Progress) -> Result<Next, Failed> {
        let (claims, found) = &mut *lock(&self.known);
        let mut whose = Vec::new();
        for (at, (row, found)) in self.planned.iter().zip(found).enumerate() {
            if !matches!(found, Found::Open) {
                continue;
            }
            match self.look(row, claims) {
                Ok(Look::Ours(claim)) => {
                    *found = Found::Ours;
                    return Ok(Next::Row(at, claim));
                }
                Ok(Look::Theirs(who)) if whose.contains(&who) => {}
                Ok(Look::Theirs(who)) => whose.push(who),
                Ok(Look::Settled(settled)) => {
                    if let Found::Failed(why) = &settled {
                        progress.note(&format!("{} failed in another process: {why}", row.title()));
                    }
                    *found = settled;
                }
                Err(error) if error.is_of_a_row() => {
                    progress.note(&format!("{}: this row failed: {error}", row.title()));
                    *found = Found::Failed(error.to_string());
                }
                Err(error) => return Err((at, Box::new(error))),
            }
        }
        Ok(if whose.is_empty() { Next::Nothing } else { Next::Wait(whose) })
    }

    /// Claims a row, if nobody else has it and it is not done.
    fn look(&self, row: &Planned, claims: &mut Claims) -> Result<Look, CompareError> {
        let judged = |run| Ok(Look::Settled(Found::Judged(Box::new(run))));
        if let Some(run) = row.done(self.case)? {
            return judged(run);
        }
        match claims.ask(&row.folder, &row.recipe.config.to_toml()?)? {
            Answer::Ours(claim) => match row.done(self.case)? {
                // Its claimant of before finished it in between.
                Some(run) => {
                    claim.done();
                    judged(run)
                }
                None => {
                    row.check()?;
                    Ok(Look::Ours(claim))
                }
            },
            Answer::Theirs { claimant, settings } => {
                row.check_claimed(&settings)?;
                Ok(Look::Theirs(claimant))
            }
            Answer::Failed(why) => Ok(Look::Settled(Found::Failed(why))),
        }
    }
}
