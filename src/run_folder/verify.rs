//! Whether everything that a run folder holds is what was written.

use super::checkpoint::{self, not_finite};
use super::metrics::{MetricsLog, metrics_file};
use super::{Checkpoint, Record, Saved, settings_file};
use bytemuck::pod_collect_to_vec;
use safetensors::{Dtype, SafeTensors};
use std::path::{Path, PathBuf};

/// A part of a run and what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// File or folder.
    pub path: PathBuf,
    /// What it is, in words, or what is wrong.
    pub about: String,
    /// Whether it is as it was written.
    pub whole: bool,
}

/// Looks at settings, record, metrics and every checkpoint of a run; changes nothing.
pub fn verify(run: &Path) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut tell = |path: PathBuf, result: Result<String, String>| {
        let whole = result.is_ok();
        found.push(Finding { path, about: result.unwrap_or_else(|problem| problem), whole });
    };
    let saved = Saved::read(run).map_err(|error| error.to_string());
    let record = saved.as_ref().ok().and_then(|saved| saved.record.clone());
    let about = saved.map(|saved| match saved.record {
        Some(record) => {
            format!("settings as they were saved; {} training images of {}", record.data.train, record.data.name)
        }
        None => "settings of an older version, without a checksum".to_owned(),
    });
    tell(settings_file(run), about);
    let metrics = metrics_file(run);
    let known = Checkpoint::newest(run).ok().and_then(|(checkpoint, _)| checkpoint.state.metrics);
    if known.is_some() || metrics.exists() {
        let changed = || "rows were changed or lost since the newest checkpoint was written".to_owned();
        let as_known = known.is_none_or(|known| std::fs::read(&metrics).is_ok_and(|bytes| known.begins(&bytes)));
        let rows = if as_known { MetricsLog::check(&metrics) } else { Err(changed()) };
        tell(metrics, rows.map(|rows| format!("{rows} rows")));
    }
    match checkpoint::list(run) {
        Ok(all) => {
            for (_, folder) in all {
                let result = examine(&folder, record.as_ref());
                // A training run may have replaced what was listed.
                if result.is_ok() || folder.exists() {
                    tell(folder, result);
                }
            }
        }
        Err(error) => tell(checkpoint::folder_of_all(run), Err(error.to_string())),
    }
    found
}

/// Reads a checkpoint as a run that goes on from it would.
fn examine(folder: &Path, record: Option<&Record>) -> Result<String, String> {
    let checkpoint = Checkpoint::open(folder).map_err(|error| error.to_string())?;
    if record.is_some_and(|record| !record.wrote(&checkpoint)) {
        return Err("it was written by a run with other settings".to_owned());
    }
    for bytes in [checkpoint.model(), checkpoint.optimiser()] {
        let file = SafeTensors::deserialize(bytes).map_err(|error| error.to_string())?;
        for (name, tensor) in file.tensors() {
            if tensor.dtype() == Dtype::F32
                && let Some(problem) = not_finite(&pod_collect_to_vec::<u8, f32>(tensor.data()))
            {
                return Err(format!("`{name}`: {problem}"));
            }
        }
    }
    Ok(match checkpoint.settings {
        Some(_) => "every file has its checksum".to_owned(),
        None => "of an older version, without checksums".to_owned(),
    })
}
