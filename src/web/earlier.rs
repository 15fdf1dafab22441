//! What an earlier page left in its folder: the weights and images of a run are not to be hosted with a page that does not begin with it.

use super::page::{PLANS, WEIGHTS, named};
use crate::files::FileError;
use crate::recording::FORMAT;
use flate2::read::GzDecoder;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

/// Whether a file is of a kind that pages have, by its path and its name in the page.
type Kind = fn(&Path, &str) -> io::Result<bool>;

/// Removes a page's plans and weights that are not `kept`. Files of any other kind stay.
///
/// # Errors
/// When a folder cannot be listed, or a file not be removed.
pub fn remove(folder: &Path, kept: impl Fn(&str) -> bool) -> Result<(), FileError> {
    for (part, is_ours) in [(PLANS, is_plan as Kind), (WEIGHTS, is_weights)] {
        let inside = folder.join(part);
        for entry in fs::read_dir(&inside).map_err(FileError::reading(&inside))? {
            let entry = entry.map_err(FileError::reading(&inside))?;
            let (path, name) = (entry.path(), format!("{part}/{}", entry.file_name().to_string_lossy()));
            let is_file = entry.file_type().is_ok_and(|kind| kind.is_file());
            // What cannot be read is not known to be ours.
            if is_file && !kept(&name) && is_ours(&path, &name).unwrap_or(false) {
                fs::remove_file(&path).map_err(FileError::writing(&path))?;
            }
        }
    }
    Ok(())
}

/// Whether a file is packed and begins as plans do.
fn is_plan(path: &Path, _name: &str) -> io::Result<bool> {
    let begin = format!(r#"{{"format":"{FORMAT}""#);
    let mut read = vec![0; begin.len()];
    GzDecoder::new(File::open(path)?).read_exact(&mut read)?;
    Ok(read == begin.as_bytes())
}

/// Whether a file has the name of its bytes.
fn is_weights(path: &Path, name: &str) -> io::Result<bool> {
    let looks_so = name.len() == named(&blake3::hash(b"")).len();
    Ok(looks_so && name == named(&blake3::Hasher::new().update_reader(File::open(path)?)?.finalize()))
}
