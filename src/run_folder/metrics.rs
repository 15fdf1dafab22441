//! The metrics of a run: JSON lines, one per logging interval, and the same as a table for spreadsheets.

use super::Entry;
use crate::files::{FileError, read_if_there, write_atomically};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Where the metrics of a run are.
pub fn metrics_file(run: &Path) -> PathBuf {
    run.join("metrics.jsonl")
}

/// Where the table of them is.
pub fn table_file(run: &Path) -> PathBuf {
    run.join("metrics.csv")
}

/// Means over one logging interval.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// Last step of the interval.
    pub step: u64,
    /// Epochs done, with fraction.
    pub epoch: f64,
    /// Seconds of training.
    pub seconds: f64,
    /// Mean of each loss term per row, `total` among them.
    pub losses: BTreeMap<String, f64>,
    /// What judges found at the end of the interval; empty where they did not look.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub judged: BTreeMap<String, f64>,
}

/// A metrics file open for appending.
#[derive(Debug)]
pub struct MetricsLog {
    path: PathBuf,
    file: File,
}

impl MetricsLog {
    /// Opens a file for a run that goes on after `step`, which is 0 at its beginning: later rows, and a last line that a crash
    /// tore, are dropped. A file that has none of those stays as it is. Returns the rows that stay.
    ///
    /// # Errors
    /// When the file cannot be read or written.
    pub fn open(path: &Path, step: u64) -> Result<(Self, Vec<Row>), FileError> {
        let error = FileError::writing(path);
        let kept: Vec<Row> = Self::read(path)?.into_iter().filter(|row| row.step <= step).collect();
        let text: String = kept.iter().map(|row| line(row).map_err(&error)).collect::<Result<_, _>>()?;
        if fs::read(path).ok().as_deref() != Some(text.as_bytes()) {
            write_atomically(path, text.as_bytes())?;
        }
        let file = OpenOptions::new().append(true).open(path).map_err(error)?;
        Ok((Self { path: path.to_owned(), file }, kept))
    }

    /// Makes the rows durable, before the checkpoint that they lead to, and returns their checksum.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn sync(&mut self) -> Result<Entry, FileError> {
        let synced = self.file.sync_data().and_then(|()| fs::read(&self.path));
        synced.map(|bytes| Entry::of(&bytes)).map_err(FileError::writing(&self.path))
    }

    /// Appends a row.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn append(&mut self, row: &Row) -> Result<(), FileError> {
        let write = line(row).and_then(|line| self.file.write_all(line.as_bytes()));
        write.map_err(FileError::writing(&self.path))
    }

    /// Reads the whole rows of a file; none where there is no file.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn read(path: &Path) -> Result<Vec<Row>, FileError> {
        Ok(read_if_there(path)?.map(|bytes| Self::rows(&bytes)).unwrap_or_default())
    }

    /// The whole rows of a file's content.
    pub(super) fn rows(bytes: &[u8]) -> Vec<Row> {
        bytes.split(|&byte| byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok()).collect()
    }

    /// Counts the rows of a file of which all are whole and rise in their steps.
    ///
    /// # Errors
    /// The first that is not, in words.
    pub fn check(path: &Path) -> Result<usize, String> {
        Self::check_rows(&fs::read(path).map_err(|error| error.to_string())?)
    }

    pub(super) fn check_rows(bytes: &[u8]) -> Result<usize, String> {
        let (mut rows, mut last) = (0, 0);
        for line in bytes.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()) {
            rows += 1;
            let row: Row = serde_json::from_slice(line).map_err(|error| format!("row {rows} is damaged ({error})"))?;
            if row.step <= last {
                return Err(format!("row {rows} is of step {} behind one of step {last}", row.step));
            }
            last = row.step;
        }
        Ok(rows)
    }
}

fn line(row: &Row) -> io::Result<String> {
    Ok(serde_json::to_string(row)? + "\n")
}

/// Writes rows as `metrics.csv`: a column for each loss term and, as `judged.NAME`, for each score, which are empty where there is none.
///
/// # Errors
/// When the file cannot be written.
pub fn write_table(rows: &[Row], run: &Path) -> Result<(), FileError> {
    write_atomically(&table_file(run), table(rows).as_bytes())
}

fn table(rows: &[Row]) -> String {
    let terms: BTreeSet<&String> = rows.iter().flat_map(|row| row.losses.keys()).collect();
    let scores: BTreeSet<&String> = rows.iter().flat_map(|row| row.judged.keys()).collect();
    let mut text = "step,epoch,seconds".to_owned();
    terms.iter().for_each(|term| text.extend([",", term]));
    scores.iter().for_each(|score| text.extend([",judged.", score]));
    for row in rows {
        text += &format!("\n{},{},{}", row.step, row.epoch, row.seconds);
        let cells =
            terms.iter().map(|term| row.losses.get(*term)).chain(scores.iter().map(|name| row.judged.get(*name)));
        cells.for_each(|cell| text += &cell.map_or(",".to_owned(), |value| format!(",{value}")));
    }
    text + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_has_a_cell_for_each_column_of_any_row() {
        let named = |all: &[(&str, f64)]| all.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect();
        let row = |step, losses, judged| Row { step, epoch: 0.5, seconds: 2.0, losses, judged };
        let rows = [
            row(3, named(&[("total", 1.25)]), BTreeMap::new()),
            row(6, named(&[("total", 1e-9), ("kl", 3.0)]), named(&[("knn", 0.5)])),
        ];
        let lines = ["step,epoch,seconds,kl,total,judged.knn", "3,0.5,2,,1.25,", "6,0.5,2,3,0.000000001,0.5", ""];
        assert_eq!(table(&rows), lines.join("\n"));
        assert_eq!(table(&[]), "step,epoch,seconds\n");
    }
}
