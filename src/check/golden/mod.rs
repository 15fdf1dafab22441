//! Golden cases: losses, gradients and trajectories that PyTorch computed in double precision.
//!
//! A case is `NAME.json` (settings and losses) beside `NAME.safetensors` (weights, inputs, noise, gradients).

mod case;
mod layer;
mod step;

pub(super) use step::Worst;

use super::table::{Outcome, Row};
use super::{Target, case_name};
use crate::device::DeviceError;
use crate::files::FileError;
use crate::methods::registry::METHODS;
use crate::plan::Precision;
use case::Case;
use std::path::{Path, PathBuf};
use step::Step;

/// A golden folder that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum GoldenError {
    /// A file cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// A file holds something else.
    #[error("{path}: {problem}")]
    Format {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// The folder has no case.
    #[error("{path}: no golden case (NAME.json) in this folder")]
    Empty {
        /// The folder.
        path: PathBuf,
    },
    /// The device failed.
    #[error(transparent)]
    Device(#[from] DeviceError),
}

/// What the system said of a file or folder.
fn unread(path: &Path, error: std::io::Error) -> GoldenError {
    let advice = "--golden wants a folder of NAME.json and NAME.safetensors files";
    FileError::reading(path)(error).advise(advice).into()
}

/// Runs every case of a folder on every target, in each of these precisions; cases of a layer, which is called alone, in single precision only.
///
/// # Errors
/// When a file cannot be read or a device fails; a case that exceeds its tolerance is a failed row, not an error.
pub fn golden(folder: &Path, targets: &[Target], precisions: &[Precision]) -> Result<Vec<Row>, GoldenError> {
    let io = |error| unread(folder, error);
    let mut paths: Vec<PathBuf> = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(io)? {
        let path = entry.map_err(io)?.path();
        if path.extension().is_some_and(|extension| extension == "json") {
            paths.push(path);
        }
    }
    paths.sort();
    if paths.is_empty() {
        return Err(GoldenError::Empty { path: folder.to_owned() });
    }
    let mut rows = Vec::new();
    for path in paths {
        let name = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        if name.starts_with(layer::PREFIX) {
            if !precisions.contains(&Precision::Single) {
                continue;
            }
            let case = Case::read(&path)?;
            for target in targets {
                let (tensor, worst) = layer::layer(&case, target)?.into_pair();
                let (loss_tolerance, tensor_tolerance) = target.tolerances(Precision::Single);
                let outcome = Outcome::Compared { loss: 0.0, loss_tolerance, tensor, tensor_tolerance, worst };
                rows.push(Row { case: name.clone(), target: target.name(), outcome });
            }
            continue;
        }
        let Some(entry) = METHODS.iter().find(|entry| entry.golden_names.iter().any(|begin| name.starts_with(begin)))
        else {
            rows.push(Row { case: name, target: "-".to_owned(), outcome: Outcome::Skipped });
            continue;
        };
        let case = Case::read(&path)?;
        let golden = entry.golden(&case.facts);
        for &precision in precisions {
            for target in targets {
                let step = Step::open(&case, &golden, target, precision)?;
                let (loss, worst) = if case.facts.adam_eps.is_some() { step.trajectory()? } else { step.gradients()? };
                let (tensor, worst) = worst.into_pair();
                let (loss_tolerance, tensor_tolerance) = target.tolerances(precision);
                let outcome = Outcome::Compared { loss, loss_tolerance, tensor, tensor_tolerance, worst };
                rows.push(Row { case: case_name(&name, precision), target: target.name(), outcome });
            }
        }
    }
    Ok(rows)
}
