//! One owner at a time: a lock that the system takes back when its process ends, however it ends.

use crate::files::{FileError, OTHER_FOLDER};
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::Duration;

/// The locked file within a folder.
const FILE: &str = ".lock";
/// How often, and after which pause, who shares a folder asks again: the last of the others owns it alone while it leaves.
const TRIES: u32 = 20;
const PAUSE: Duration = Duration::from_millis(20);

/// A folder that cannot be owned.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another process works there.
    #[error("{folder}: {owner} is at work in this folder. Wait for its end, or choose another folder with --out")]
    Busy {
        /// The folder.
        folder: PathBuf,
        /// The process, as it calls itself.
        owner: String,
    },
    /// The folder or its lock cannot be made.
    #[error(transparent)]
    File(#[from] FileError),
}

impl LockError {
    /// Whether the call was wrong, rather than something that failed.
    pub fn is_usage(&self) -> bool {
        matches!(self, Self::Busy { .. })
    }
}

/// The right to write into a folder, until it is dropped. A folder that was made for it and stayed empty goes with it.
#[derive(Debug)]
pub struct RunLock {
    /// Open, and so locked, for as long as this lives.
    held: Option<File>,
    folder: PathBuf,
    made: bool,
    shared: bool,
}

impl RunLock {
    /// Makes the folder where it is not there, and owns it. `purpose` tells others what is done there.
    ///
    /// # Errors
    /// At once when another process owns it, or the file system refuses.
    pub fn acquire(folder: &Path, purpose: &str) -> Result<Self, LockError> {
        Self::lock(folder, purpose, false)
    }

    /// [`RunLock::acquire`] together with others who share the folder and know how to: it is owned by all of them.
    ///
    /// # Errors
    /// When another process owns it alone, or the file system refuses.
    pub fn share(folder: &Path, purpose: &str) -> Result<Self, LockError> {
        Self::lock(folder, purpose, true)
    }

    fn lock(folder: &Path, purpose: &str, shared: bool) -> Result<Self, LockError> {
        let mut tries = if shared { TRIES } else { 1 };
        let made = !folder.exists();
        let refused = |path: &Path, error| FileError::writing(path)(error).advise(OTHER_FOLDER);
        fs::create_dir_all(folder).map_err(|error| refused(folder, error))?;
        let path = folder.join(FILE);
        loop {
            let mut file = open(&path).map_err(|error| refused(&path, error))?;
            match if shared { file.try_lock_shared() } else { file.try_lock() } {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) if tries > 1 => {
                    tries -= 1;
                    sleep(PAUSE);
                    continue;
                }
                Err(TryLockError::WouldBlock) => {
                    return Err(LockError::Busy { folder: folder.to_owned(), owner: owner(&mut file) });
                }
                // A file system without locks leaves the care to its user.
                Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => {}
                Err(TryLockError::Error(error)) => return Err(refused(&path, error).into()),
            }
            // The owner before may have removed the file in between: then the lock is on a file that nobody finds.
            if is_at(&file, &path) {
                // On a full disk the lock holds all the same; only its owner has no name.
                let name = format!("process {} ({purpose})\n", std::process::id());
                let _nameless =
                    file.set_len(0).and_then(|()| file.rewind()).and_then(|()| file.write_all(name.as_bytes()));
                return Ok(Self { held: Some(file), folder: folder.to_owned(), made: made && !shared, shared });
            }
        }
    }

    /// [`RunLock::acquire`] for those who can do without: none where nothing can be written.
    ///
    /// # Errors
    /// When another process owns the folder.
    pub fn acquire_if_writable(folder: &Path, purpose: &str) -> Result<Option<Self>, LockError> {
        match Self::acquire(folder, purpose) {
            Ok(lock) => Ok(Some(lock)),
            Err(LockError::File(_)) => Ok(None),
            Err(busy) => Err(busy),
        }
    }
}

impl Drop for RunLock {
    fn drop(&mut self) {
        let path = self.folder.join(FILE);
        let is_last = |held: &File| held.unlock().is_ok() && held.try_lock().is_ok() && is_at(held, &path);
        if self.shared && !self.held.as_ref().is_some_and(is_last) {
            return;
        }
        // Removed while it is locked, so that whoever opened it before notices. What stays behind does no harm.
        let _stays = fs::remove_file(&path);
        // Some systems keep the name of a removed file while it is open.
        self.held = None;
        if self.made {
            let _in_use = fs::remove_dir(&self.folder);
        }
    }
}

fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)
}

/// The name that the owner wrote. It may be about to do so, and some systems let nobody read a locked file.
fn owner(file: &mut File) -> String {
    let mut name = String::new();
    let known = file.read_to_string(&mut name).is_ok() && !name.trim().is_empty();
    if known { name.trim().to_owned() } else { "another process".to_owned() }
}

/// Whether an open file is the one of this name.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let place = |data: fs::Metadata| (data.dev(), data.ino());
    match (file.metadata(), fs::metadata(path)) {
        (Ok(file), Ok(named)) => place(file) == place(named),
        _ => false,
    }
}

#[cfg(not(unix))]
fn is_at(file: &File, path: &Path) -> bool {
    use same_file::Handle;
    match (file.try_clone().and_then(Handle::from_file), Handle::from_path(path)) {
        (Ok(file), Ok(named)) => file == named,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_has_one_owner_at_a_time() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("run");
        let owner = RunLock::acquire(&path, "train").expect("nobody is there");
        let refused = RunLock::acquire(&path, "eval").expect_err("it is owned").to_string();
        assert!(refused.contains(&format!("process {} (train)", std::process::id())), "{refused}");
        fs::write(path.join("file"), "kept").expect("a file");
        drop(owner);
        assert_eq!(fs::read_dir(&path).expect("a folder").count(), 1, "only the lock goes");
        RunLock::acquire(&path, "eval").expect("its owner is gone");
    }

    #[test]
    fn a_folder_is_shared_or_owned_and_the_last_who_shares_it_takes_the_lock_along() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("comparison");
        let first = RunLock::share(&path, "compare").expect("nobody is there");
        let second = RunLock::share(&path, "compare").expect("it is shared");
        drop(first);
        RunLock::acquire(&path, "train").expect_err("the second is there");
        drop(second);
        let owner = RunLock::acquire(&path, "train").expect("nobody is there");
        RunLock::share(&path, "compare").expect_err("it is owned");
        drop(owner);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..200).for_each(|_| drop(RunLock::share(&path, "test").expect("it is shared"))));
            }
        });
        assert!(!path.join(FILE).exists(), "no lock stays");
    }

    #[test]
    fn many_who_ask_at_once_own_one_after_the_other() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("run");
        let inside = std::sync::atomic::AtomicU32::new(0);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..200 {
                        if let Ok(_lock) = RunLock::acquire(&path, "test") {
                            assert_eq!(inside.fetch_add(1, std::sync::atomic::Ordering::SeqCst), 0, "one owner");
                            inside.fetch_sub(1, std::sync::atomic::Ordering::SeqCst);
                        }
                    }
                });
            }
        });
        assert!(!path.join(FILE).exists(), "no lock stays");
    }
}
