//! The pictures below a folder, and a count of everything else that lies there.

use super::DataError;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs::{self, DirEntry, FileType};
use std::io;
use std::path::{Path, PathBuf};

/// Endings of pictures, in any case of letters.
const ENDINGS: [&str; 10] = ["jpg", "jpeg", "jpe", "jfif", "png", "webp", "bmp", "gif", "tif", "tiff"];

/// Pictures, as paths relative to the data set's folder, and what was passed over on the way.
#[derive(Default)]
pub(super) struct Scan {
    /// The top-level folder that each picture lies in (empty beside all folders), and its path.
    pub pictures: Vec<(PathBuf, PathBuf)>,
    /// Top-level folders, with pictures or without.
    pub folders: BTreeSet<PathBuf>,
    pub passed_over: PassedOver,
}

/// What lies among pictures and is none.
#[derive(Default)]
pub(super) struct PassedOver {
    /// Files by their endings.
    endings: BTreeMap<String, usize>,
    /// What has the ending of a picture, but cannot be used: each with its reason.
    pub unusable: Vec<String>,
    /// Classes without pictures.
    pub empty: Vec<String>,
}

impl PassedOver {
    /// Adds what another part of the data set passed over.
    pub fn add(&mut self, other: Self) {
        for (ending, count) in other.endings {
            *self.endings.entry(ending).or_default() += count;
        }
        self.unusable.extend(other.unusable);
        self.empty.extend(other.empty);
    }

    /// Lines for the user; none where nothing was passed over.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        if !self.endings.is_empty() {
            let count: usize = self.endings.values().sum();
            let by_ending: Vec<String> =
                self.endings.iter().map(|(ending, count)| format!("{count} {ending}")).collect();
            let known = ENDINGS.join(", ");
            lines.push(format!(
                "passed over, no pictures by their ending: {count} ({}); used are {known}",
                by_ending.join(", ")
            ));
        }
        if let [first, ..] = &self.unusable[..] {
            lines.push(format!("passed over, cannot be used: {}, such as {first}", self.unusable.len()));
        }
        if !self.empty.is_empty() {
            let names: Vec<String> = self.empty.iter().map(|name| format!("`{name}`")).collect();
            lines.push(format!("folders without a picture are no class: {}", names.join(", ")));
        }
        lines
    }
}

/// Scans `root/within`: its own pictures and those of its folders, however deep. Hidden entries and folders that hold runs are no
/// part of a data set.
///
/// # Errors
/// When `root/within` itself cannot be read.
pub(super) fn scan(root: &Path, within: &Path) -> Result<Scan, DataError> {
    let mut scan = Scan::default();
    let top = root.join(within);
    for entry in entries(&top).map_err(|source| DataError::Io { path: top.clone(), source })? {
        let (path, below) = (entry.path(), within.join(entry.file_name()));
        // Whole classes may be links; deeper, links to folders could run in circles.
        if path.is_dir() {
            if !holds_runs(&path) {
                scan.folders.insert(below.clone());
                scan.walk(&path, &below, &below);
            }
        } else {
            scan.file(&entry, Path::new(""), below);
        }
    }
    Ok(scan)
}

impl Scan {
    fn walk(&mut self, folder: &Path, below: &Path, class: &Path) {
        let entries = match entries(folder) {
            Ok(entries) => entries,
            Err(error) => {
                self.passed_over.unusable.push(format!("{}: the folder cannot be read ({error})", below.display()));
                return;
            }
        };
        for entry in entries {
            let (path, below) = (entry.path(), below.join(entry.file_name()));
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                if !is_run(&path) {
                    self.walk(&path, &below, class);
                }
            } else {
                self.file(&entry, class, below);
            }
        }
    }

    /// Only regular files, and links to them, are pictures: whoever opens a pipe may wait for ever.
    fn file(&mut self, entry: &DirEntry, class: &Path, below: PathBuf) {
        let path = entry.path();
        let ending = path.extension().unwrap_or_default().to_ascii_lowercase();
        if !ENDINGS.iter().any(|known| ending == OsStr::new(known)) {
            let name = match ending.is_empty() {
                true => "without ending".to_owned(),
                false => format!(".{}", ending.to_string_lossy()),
            };
            *self.passed_over.endings.entry(name).or_default() += 1;
            return;
        }
        let kind = match fs::metadata(&path) {
            Ok(data) => data.file_type(),
            Err(error) => {
                let link = entry.file_type().is_ok_and(|kind| kind.is_symlink());
                let what = if link { "a link that leads nowhere" } else { "it cannot be read" };
                self.passed_over.unusable.push(format!("{}: {what} ({error})", below.display()));
                return;
            }
        };
        match kind.is_file() {
            true => self.pictures.push((class.to_owned(), below)),
            false => self.passed_over.unusable.push(format!("{}: {}", below.display(), describe(kind))),
        }
    }
}

fn describe(kind: FileType) -> &'static str {
    if kind.is_dir() { "a link to a folder" } else { "a pipe, socket or device" }
}

/// What a folder holds, by name, without hidden files and folders.
fn entries(folder: &Path) -> io::Result<Vec<DirEntry>> {
    let mut entries = fs::read_dir(folder)?.collect::<Result<Vec<_>, _>>()?;
    entries.retain(|entry| !entry.file_name().as_encoded_bytes().starts_with(b"."));
    entries.sort_by_key(DirEntry::file_name);
    Ok(entries)
}

/// Whether a folder is that of a run.
fn is_run(folder: &Path) -> bool {
    folder.join("config.toml").is_file() && (folder.join("checkpoints").is_dir() || folder.join("run.json").is_file())
}

/// Whether a folder is that of a run or of a comparison, or holds nothing but such folders.
fn holds_runs(folder: &Path) -> bool {
    if is_run(folder) {
        return true;
    }
    let Ok(listed) = fs::read_dir(folder) else { return false };
    let mut runs = false;
    for entry in listed.flatten() {
        let (name, path) = (entry.file_name(), entry.path());
        if name.as_encoded_bytes().starts_with(b".") || REPORTS.iter().any(|report| name == OsStr::new(report)) {
            continue;
        }
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        // A run that is about to begin has an empty folder.
        let empty = || fs::read_dir(&path).is_ok_and(|mut entries| entries.next().is_none());
        match is_folder && holds_runs(&path) {
            true => runs = true,
            false if is_folder && empty() => {}
            false => return false,
        }
    }
    runs
}

/// Files beside the rows of a comparison.
const REPORTS: [&str; 3] = ["report.html", "tables.md", "results.json"];
