//! Who works on a row of a comparison, where several processes share its folder: on one machine, or on many.
//!
//! Making the file `.claim-1` in the row's folder claims it: of all who try, the file system lets one. Whoever finds that the last claim is
//! nobody's any more makes the next, `.claim-2` and so on; of those who find it, again one. So no claim is ever taken from a file that
//! somebody else may just be looking at, and a claimant who was taken for dead finds the claim behind its own. The files go when the row is
//! done: then its verdict is there, and whoever claims the row finds that first.
//!
//! A claimant lives while one of two signs says so. It holds a lock on its file, which its kernel drops when the process ends, however it ends:
//! a lock that is held is a proof of life for everybody, one that is not held a proof of death for those who would see it, in the same
//! file system of the same kernel. Other machines may not see it: many file systems of clusters keep locks to a node without a
//! word. So the claimant also touches its file every [`BEAT`], and others take it for dead when they have seen nothing of that for
//! [`SILENCE`], by their own clock: clocks of two machines are never compared.

use super::place::{host, place};
use crate::files::{FileError, OTHER_FOLDER, draft, read_if_there, write_atomically};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::fs::{self, File, TryLockError};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant, SystemTime};

/// How often a claimant shows that it lives.
const BEAT: Duration = Duration::from_secs(15);
/// After how long without a sign a claimant elsewhere is taken for dead. A file system shows other nodes a change after a minute, at most.
const SILENCE: Duration = Duration::from_secs(180);

/// What stands in a claim.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Sheet {
    /// The claimant, as messages call it.
    claimant: String,
    /// Where its lock is seen.
    place: String,
    /// The settings of its row.
    settings: String,
    state: State,
}

/// A claimant of whom nothing is known: some systems let nobody read a locked file.
impl Default for Sheet {
    fn default() -> Self {
        let (claimant, place, settings) = ("another process".to_owned(), String::new(), String::new());
        Self { claimant, place, settings, state: State::Working }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum State {
    /// The claimant is at work, if it lives.
    Working,
    /// It was interrupted: another may go on.
    Left,
    /// It could not do the row.
    Failed(String),
}

/// How a row was answered for that somebody asked for.
#[derive(Debug)]
pub(super) enum Answer {
    /// It is ours.
    Ours(Claim),
    /// Somebody works on it.
    Theirs {
        /// As messages call it.
        claimant: String,
        /// With these settings of the row; empty where that is not known.
        settings: String,
    },
    /// Somebody could not do it, since this process met it; why.
    Failed(String),
}

/// The claims of other processes, as this one has seen them.
#[derive(Debug)]
pub(super) struct Claims {
    silence: Duration,
    /// By the row's folder: the last claim when this process first met it, if that had failed.
    first: HashMap<PathBuf, u64>,
    /// By the claim: when it was touched, by its file, and when this process first saw that.
    touched: HashMap<PathBuf, (SystemTime, Instant)>,
}

impl Default for Claims {
    fn default() -> Self {
        Self { silence: SILENCE, first: HashMap::new(), touched: HashMap::new() }
    }
}

impl Claims {
    /// Meets a row: what fails from now on is not tried here, what failed before is. Returns the number of that claim, or zero.
    pub fn meet(&mut self, row: &Path) -> u64 {
        *self.first.entry(row.to_owned()).or_insert_with(|| match last(row) {
            Some((number, Sheet { state: State::Failed(_), .. })) => number,
            _ => 0,
        })
    }

    /// Asks for a row by its folder, which is made, to do it with these settings.
    ///
    /// # Errors
    /// When the folder or a file in it cannot be made or read.
    pub fn ask(&mut self, row: &Path, settings: &str) -> Result<Answer, FileError> {
        let theirs = |sheet: Sheet| Answer::Theirs { claimant: sheet.claimant, settings: sheet.settings };
        let first = self.meet(row);
        let last = last(row);
        let number = last.as_ref().map_or(0, |(number, _)| *number);
        match last {
            Some((number, Sheet { state: State::Failed(why), .. })) if number > first => Ok(Answer::Failed(why)),
            Some((number, sheet)) if self.lives(&file(row, number), &sheet)? => Ok(theirs(sheet)),
            _ => Ok(match Claim::make(row, number + 1, settings)? {
                Some(claim) => Answer::Ours(claim),
                None => theirs(Sheet::default()),
            }),
        }
    }

    /// Whether a claimant is at work.
    fn lives(&mut self, path: &Path, sheet: &Sheet) -> Result<bool, FileError> {
        if sheet.state != State::Working {
            return Ok(false);
        }
        let file = match File::open(path) {
            Ok(file) => file,
            Err(error) if has_gone(&error) => return Ok(true),
            Err(error) => return Err(FileError::reading(path)(error)),
        };
        // Shared, since others may look at the same moment.
        let would_be_seen = match file.try_lock_shared() {
            Ok(()) => place(&file) == sheet.place,
            Err(TryLockError::WouldBlock) => return Ok(true),
            Err(TryLockError::Error(error)) if has_gone(&error) => return Ok(true),
            Err(TryLockError::Error(error)) if error.kind() == ErrorKind::Unsupported => false,
            Err(TryLockError::Error(error)) => return Err(FileError::reading(path)(error)),
        };
        let touched = match file.metadata().and_then(|about| about.modified()) {
            Ok(touched) => touched,
            Err(error) if has_gone(&error) => return Ok(true),
            Err(error) => return Err(FileError::reading(path)(error)),
        };
        Ok(!would_be_seen && self.shows_itself(path, touched, Instant::now()))
    }

    /// Whether a claim that was touched then, by its file, has shown itself lately.
    fn shows_itself(&mut self, path: &Path, touched: SystemTime, now: Instant) -> bool {
        let seen = self.touched.entry(path.to_owned()).or_insert((touched, now));
        if seen.0 != touched {
            *seen = (touched, now);
        }
        now - seen.1 < self.silence
    }
}

/// Whether a claim has just gone, with its row done, or been replaced; the next look tells.
fn has_gone(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::StaleNetworkFileHandle)
}

/// A claim's file.
fn file(row: &Path, number: u64) -> PathBuf {
    row.join(format!(".claim-{number}"))
}

/// The last claim of a row, with its number. Files are asked for by name, of which every node is told the truth, sooner than by a list.
fn last(row: &Path) -> Option<(u64, Sheet)> {
    let read = |number: u64| {
        let bytes = read_if_there(&file(row, number)).transpose()?;
        Some((number, bytes.ok().and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default()))
    };
    (1..).map_while(read).last()
}

/// A row that is ours until this is dropped; then others may go on with it.
#[derive(Debug)]
pub(super) struct Claim {
    row: PathBuf,
    number: u64,
    sheet: Sheet,
    /// Ends the thread that touches the file, and holds its lock.
    beats: Option<(Sender<()>, JoinHandle<()>)>,
}

impl Claim {
    /// Makes a claim of this number; none where somebody else did.
    fn make(row: &Path, number: u64, settings: &str) -> Result<Option<Self>, FileError> {
        let path = file(row, number);
        let refused = |error| FileError::writing(&path)(error).advise(OTHER_FOLDER);
        fs::create_dir_all(row).map_err(refused)?;
        let mut made = draft(row).map_err(refused)?;
        let claimant = format!("process {} on {}", std::process::id(), host());
        let (place, settings) = (place(made.as_file()), settings.to_owned());
        let sheet = Sheet { claimant, place, settings, state: State::Working };
        // Locked and whole before others see it. Where the file system has no locks, the touches alone tell.
        match made.as_file().try_lock() {
            Err(TryLockError::Error(error)) if error.kind() != ErrorKind::Unsupported => return Err(refused(error)),
            _ => {}
        }
        let json = serde_json::to_vec(&sheet).map_err(|error| refused(error.into()))?;
        made.write_all(&json).and_then(|()| made.as_file().sync_all()).map_err(refused)?;
        let held = match made.persist_noclobber(&path) {
            Ok(file) => file,
            // Somebody was faster, and may be at work already: a run sweeps the drafts in its folder.
            Err(error) if matches!(error.error.kind(), ErrorKind::AlreadyExists | ErrorKind::NotFound) => {
                return Ok(None);
            }
            Err(error) => return Err(refused(error.error)),
        };
        let (alive, end) = channel::<()>();
        let beats = thread::Builder::new().name("claim".to_owned()).spawn(move || {
            while end.recv_timeout(BEAT) == Err(RecvTimeoutError::Timeout) {
                let _one_may_be_missed = held.set_modified(SystemTime::now());
            }
        });
        let beats = Some((alive, beats.map_err(refused)?));
        Ok(Some(Self { row: row.to_owned(), number, sheet, beats }))
    }

    /// Whether the row is still ours: not, where this process stood still for so long that others took it for dead, and may have done
    /// the row.
    pub fn holds(&self) -> bool {
        let is_there = |number| file(&self.row, number).exists();
        is_there(self.number) && !is_there(self.number + 1)
    }

    /// The row's verdict is written: nobody needs its claims any more.
    pub fn done(mut self) {
        self.rest();
        for number in (1..=self.number).rev() {
            let _stays = fs::remove_file(file(&self.row, number));
        }
    }

    /// The row cannot be done: the others need not try.
    pub fn failed(mut self, why: String) {
        self.say(State::Failed(why));
        self.rest();
    }

    /// Writes how the claim ended. Where that fails, others see it as they see a death.
    fn say(&mut self, state: State) {
        self.sheet.state = state;
        if let Ok(json) = serde_json::to_vec(&self.sheet)
            && self.holds()
        {
            let _seen_later = write_atomically(&file(&self.row, self.number), &json);
        }
    }

    /// Drops the lock.
    fn rest(&mut self) {
        if let Some((alive, beats)) = self.beats.take() {
            drop(alive);
            let _it_panics_nowhere = beats.join();
        }
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        if self.beats.is_some() {
            self.say(State::Left);
            self.rest();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ours(answer: Result<Answer, FileError>) -> Claim {
        match answer.expect("it is asked for") {
            Answer::Ours(claim) => claim,
            other => panic!("not ours: {other:?}"),
        }
    }

    fn is_theirs(answer: Result<Answer, FileError>) -> bool {
        matches!(answer, Ok(Answer::Theirs { .. }))
    }

    /// A claim of a process on another machine, whose lock nobody sees.
    fn elsewhere(row: &Path, number: u64) -> PathBuf {
        let (claimant, place) = ("process 7 on moon".to_owned(), "another kernel".to_owned());
        let sheet = Sheet { claimant, place, ..Sheet::default() };
        fs::create_dir_all(row).expect("a folder");
        fs::write(file(row, number), serde_json::to_vec(&sheet).expect("JSON")).expect("a claim");
        file(row, number)
    }

    /// It stood still while others took the row over and did it.
    #[test]
    fn a_claim_that_has_gone_holds_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let row = folder.path().join("row");
        let claim = ours(Claims::default().ask(&row, "epochs = 1"));
        fs::remove_file(file(&row, 1)).expect("it is there");
        assert!(!claim.holds());
        drop(claim);
        assert!(!file(&row, 1).exists());
    }

    #[test]
    fn a_row_is_of_one_process_until_it_ends() {
        let folder = tempfile::tempdir().expect("a folder");
        let row = folder.path().join("row");
        let (mut one, mut two) = (Claims::default(), Claims::default());
        let claim = ours(one.ask(&row, "epochs = 1"));
        match two.ask(&row, "epochs = 1").expect("it is asked for") {
            Answer::Theirs { claimant, settings } => {
                assert!(claimant.starts_with(&format!("process {} on ", std::process::id())), "{claimant}");
                assert_eq!(settings, "epochs = 1");
            }
            other => panic!("{other:?}"),
        }
        assert!(claim.holds());
        drop(claim);
        let claim = ours(two.ask(&row, "epochs = 1"));
        assert!(is_theirs(one.ask(&row, "epochs = 1")));
        let mut three = Claims::default();
        three.meet(&row);
        claim.failed("it diverged".to_owned());
        assert!(
            matches!(one.ask(&row, "epochs = 1"), Ok(Answer::Failed(why)) if why == "it diverged"),
            "it is not tried twice"
        );
        assert!(matches!(three.ask(&row, "epochs = 1"), Ok(Answer::Failed(_))), "nor by who came to it later");
        // A new process tries again.
        let claim = ours(Claims::default().ask(&row, "epochs = 1"));
        assert_eq!(claim.number, 3);
        claim.done();
        assert_eq!(fs::read_dir(&row).expect("a folder").count(), 0, "nothing stays of a row that is done");
    }

    #[test]
    fn of_many_who_ask_one_gets_the_row() {
        let folder = tempfile::tempdir().expect("a folder");
        let row = folder.path().join("row");
        for round in 0..50 {
            let got = std::sync::Mutex::new(Vec::new());
            thread::scope(|scope| {
                for _ in 0..4 {
                    scope.spawn(|| {
                        if let Answer::Ours(claim) = Claims::default().ask(&row, "epochs = 1").expect("it is asked for")
                        {
                            got.lock().expect("no panic").push(claim);
                        }
                    });
                }
            });
            assert_eq!(got.into_inner().expect("no panic").len(), 1, "round {round}");
        }
    }

    #[test]
    fn a_claimant_elsewhere_lives_as_long_as_it_shows_itself() {
        let folder = tempfile::tempdir().expect("a folder");
        let row = folder.path().join("row");
        let path = elsewhere(&row, 1);
        let mut patient = Claims::default();
        assert!(is_theirs(patient.ask(&row, "epochs = 1")), "its lock is not to be seen, and proves nothing");
        let (first, second) = (SystemTime::UNIX_EPOCH, SystemTime::UNIX_EPOCH + BEAT);
        let (mut claims, now) = (Claims::default(), Instant::now());
        let later = Duration::from_secs(100);
        assert!(claims.shows_itself(&path, first, now) && claims.shows_itself(&path, first, now + later));
        assert!(
            claims.shows_itself(&path, second, now + 2 * later) && claims.shows_itself(&path, second, now + 3 * later)
        );
        assert!(!claims.shows_itself(&path, second, now + 4 * later), "silent for longer than anybody is");

        let mut hasty = Claims { silence: Duration::ZERO, ..Claims::default() };
        let claim = ours(hasty.ask(&row, "epochs = 1"));
        assert_eq!(claim.number, 2);
        assert!(is_theirs(patient.ask(&row, "epochs = 1")), "the row has a claimant again");
        // A claim that nobody can read may be about to be written.
        fs::write(file(&row, 3), "{").expect("a claim");
        assert!(is_theirs(patient.ask(&row, "epochs = 1")));
        assert!(!claim.holds(), "whoever stood still finds another behind itself");
        drop(claim);
        let json = fs::read_to_string(file(&row, 2)).expect("a claim");
        assert!(json.contains("working"), "and says nothing any more: {json}");
    }
}
