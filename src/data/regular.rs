//! Opens regular files alone: a pipe would be waited for, a device read without end.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// Opens a regular file, or a link to one.
///
/// # Errors
/// When it is something else, or cannot be opened.
pub(super) fn open(path: &Path) -> io::Result<File> {
    match path.metadata()? {
        data if data.is_file() => File::open(path),
        data if data.is_dir() => Err(io::Error::new(io::ErrorKind::IsADirectory, "it is a folder, not a file")),
        _ => Err(io::Error::new(io::ErrorKind::InvalidInput, "it is a pipe, socket or device, not a file")),
    }
}

/// The bytes of a regular file, one more than `most` where it is longer.
///
/// # Errors
/// As [`open`], or when it cannot be read.
pub(super) fn read(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let file = open(path)?;
    let length = file.metadata()?.len().min(most);
    let mut bytes = Vec::with_capacity(length as usize + 1);
    file.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    Ok(bytes)
}
