//! Archives become files.

use crate::data::archive;
use std::error::Error;
use std::io;
use std::path::Path;

/// Folders within folders; the time that they take grows with the square.
const DEEPEST: usize = 32;

/// Unpacks an archive that was checked into a folder. Files become like any others of this user, whatever the archive says.
///
/// # Errors
/// When a file cannot be written, or lies too deep.
pub(super) fn unpack(path: &Path, into: &Path) -> io::Result<()> {
    let mut archive = archive::open(path)?;
    archive.set_mask(denied(into)?);
    for entry in archive.entries()? {
        let mut entry = entry?;
        let depth = entry.path()?.components().count();
        if depth > DEEPEST {
            return Err(archive::refused(format!("{depth} folders within each other; {DEEPEST} are the most")));
        }
        entry.unpack_in(into).map_err(|error| io::Error::new(error.kind(), causes(&error)))?;
    }
    Ok(())
}

/// The permissions that a new folder does not get.
#[cfg(unix)]
fn denied(folder: &Path) -> io::Result<u32> {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;
    let probe = folder.join(".permissions");
    fs::create_dir(&probe)?;
    let mode = probe.metadata()?.permissions().mode();
    fs::remove_dir(&probe)?;
    Ok(!mode & 0o777)
}

/// Other systems know none of an archive's permissions.
#[cfg(not(unix))]
fn denied(_folder: &Path) -> io::Result<u32> {
    Ok(0)
}

/// An error with what is behind it: on its own it says that something could not be unpacked, and not why.
fn causes(error: &io::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        text += &format!(": {next}");
        cause = next.source();
    }
    text
}
