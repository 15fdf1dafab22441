//! Pictures of a run: reconstructions and loss curves.

use super::progress::Pictured;
use super::session::Session;
use crate::device::DeviceError;
use crate::draw::charts;
use crate::draw::grid::png;
use crate::draw::sheet::magnification;
use crate::files::{FileError, write_atomically};
use crate::run_folder::metrics::Row;
use std::path::{Path, PathBuf};

/// Pictures in a grid and in each of its bands.
const COUNT: usize = 32;
const COLUMNS: usize = 16;

/// A picture that cannot be made or written.
#[derive(Debug, thiserror::Error)]
pub enum PictureError {
    /// The drawing failed.
    #[error("{path}: the picture could not be drawn: {problem}")]
    Drawing {
        /// The file.
        path: PathBuf,
        /// What the library said.
        problem: String,
    },
    /// The file cannot be written.
    #[error(transparent)]
    File(#[from] FileError),
    /// The device failed.
    #[error(transparent)]
    Device(#[from] DeviceError),
}

fn write(path: PathBuf, drawn: Result<Vec<u8>, String>) -> Result<Vec<u8>, PictureError> {
    let bytes = drawn.map_err(|problem| PictureError::Drawing { path: path.clone(), problem })?;
    write_atomically(&path, &bytes)?;
    Ok(bytes)
}

/// Where a run's reconstructions are.
pub fn folder(run: &Path) -> PathBuf {
    run.join("reconstructions")
}

/// Writes `reconstructions/epoch-NNNN.png`: test images over their reconstructions from the posterior mean; what it drew.
///
/// # Errors
/// When the device fails or the file cannot be written.
pub fn reconstructions(session: &mut Session, run: &Path, epoch: u32) -> Result<Pictured, PictureError> {
    let source = session.blueprint.test;
    let (images, reconstructions) = session.reconstruct(&source, COUNT)?;
    let mut drawn = Pictured { images, reconstructions, shape: source.shape, png: Vec::new() };
    let path = folder(run).join(format!("epoch-{epoch:04}.png"));
    drawn.png = write(path, png(&drawn.stacks(), COLUMNS, magnification(source.shape[1])))?;
    Ok(drawn)
}

/// Writes `losses.svg`: every term against the epoch. Nothing, where the library is built without charts.
///
/// # Errors
/// When the file cannot be written.
pub fn curves(rows: &[Row], run: &Path) -> Result<(), PictureError> {
    let svg = charts::losses(rows).transpose();
    svg.map_or(Ok(()), |svg| write(run.join("losses.svg"), svg.map(String::into_bytes)).map(drop))
}
