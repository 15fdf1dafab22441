//! A folder that several processes write into, held by one at a time.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::Path;

/// Waits until no other process holds the folder, and holds it until the result is dropped; `waiting` is told once if
/// another has it. None where the system locks no folders.
///
/// # Errors
/// When the folder cannot be opened.
pub(super) fn hold(folder: &Path, waiting: impl FnOnce()) -> io::Result<Option<File>> {
    if !cfg!(unix) {
        return Ok(None);
    }
    let file = File::open(folder)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => {
            waiting();
            Ok(file.lock().is_ok().then_some(file))
        }
        Err(TryLockError::Error(_)) => Ok(None),
    }
}

/// Removes the drafts of processes that were killed: with the folder held, no draft in it is in use.
pub(super) fn sweep(folder: &Path, prefix: &str) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let ours = entry.file_name().as_encoded_bytes().starts_with(prefix.as_bytes());
        if ours && entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            // What stays behind only takes room.
            let _stays = fs::remove_dir_all(entry.path());
        }
    }
}
