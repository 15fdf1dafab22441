//! Names for new runs that nobody else takes at the same moment.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Makes the first of `parent/name`, `parent/name-2`, ... that is not there yet. Making the folder is the claim: of several
/// processes that ask at once, each gets another one.
///
/// # Errors
/// When a folder cannot be made.
pub fn claim(parent: &Path, name: &str) -> io::Result<PathBuf> {
    fs::create_dir_all(parent)?;
    let mut number = 1u64;
    loop {
        let folder = parent.join(if number == 1 { name.to_owned() } else { format!("{name}-{number}") });
        match fs::create_dir(&folder) {
            Ok(()) => return Ok(folder),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => number += 1,
            Err(error) => return Err(error),
        }
    }
}
