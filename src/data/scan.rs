//! The pictures below a folder, and a count of everything else that lies there.

use super::DataError;
use crate::files::FileError;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
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
    /// Folders and files that the system did not let be read.
    pub unread: Vec<(PathBuf, io::Error)>,
    pub passed_over: PassedOver,
}

/// What lies among pictures and is none.
#[derive(Default)]
pub(super) struct PassedOver {
    /// How much of each kind is not used: files by their endings, hidden ones, folders of runs, links.
    counts: BTreeMap<String, usize>,
    /// What of that is no picture, a line each.
    pub list: Vec<String>,
    /// What has the ending of a picture, but cannot be used: each with its reason.
    pub unusable: Vec<String>,
    /// Classes without pictures.
    pub empty: Vec<String>,
}

impl PassedOver {
    /// Adds what another part of the data set passed over.
    pub fn add(&mut self, other: Self) {
        for (kind, count) in other.counts {
            *self.counts.entry(kind).or_default() += count;
        }
        self.list.extend(other.list);
        self.unusable.extend(other.unusable);
        self.empty.extend(other.empty);
    }

    /// Counts what would be a picture if it could be used.
    pub fn fail(&mut self, path: &Path, kind: &str, problem: &str) {
        self.unusable.push(format!("{}: {problem}", shown(path)));
        *self.counts.entry(kind.to_owned()).or_default() += 1;
    }

    /// Counts what is no picture.
    pub fn pass(&mut self, path: &Path, kind: impl Into<String>) {
        let kind = kind.into();
        self.list.push(format!("{}: passed over ({kind})", shown(path)));
        *self.counts.entry(kind).or_default() += 1;
    }

    /// How much of each kind was passed over, in words; none where nothing was.
    pub fn kinds(&self) -> Option<String> {
        let counts: Vec<String> = self.counts.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
        let text = || format!("passed over: {}; used are {}", counts.join(", "), ENDINGS.join(", "));
        (!counts.is_empty()).then(text)
    }

    /// Lines for the user; none where nothing was passed over.
    pub fn lines(&self) -> Vec<String> {
        let mut lines: Vec<String> = self.kinds().into_iter().collect();
        if !self.empty.is_empty() {
            let names: Vec<String> = self.empty.iter().map(|name| format!("`{name}`")).collect();
            lines.push(format!("folders without a picture are no class: {}", names.join(", ")));
        }
        lines
    }
}

/// Scans `root/within`: its own pictures and those of its folders, however deep, but for the folders named in `except`. Hidden entries
/// and folders that hold runs are no part of a data set.
///
/// # Errors
/// When `root/within` itself cannot be read.
pub(super) fn scan(root: &Path, within: &Path, except: &[&str]) -> Result<Scan, DataError> {
    let mut scan = Scan::default();
    let top = root.join(within);
    let in_run = is_run(&top);
    for entry in scan.entries(&top, within).map_err(FileError::reading(&top))? {
        let (path, below) = (entry.path(), inside(within, &entry.file_name()));
        if except.iter().any(|&name| entry.file_name() == name) {
            continue;
        }
        // Whole classes may be links; deeper, links to folders could run in circles.
        if path.is_dir() {
            if holds_runs(&path) || (in_run && RUN_FOLDERS.iter().any(|&own| entry.file_name() == own)) {
                scan.passed_over.pass(&below, "folder of runs");
            } else if path.is_symlink() && leads_back(&path, &top) {
                scan.passed_over.fail(&below, "link in a circle", "a link to a folder that it lies in");
            } else {
                scan.folders.insert(below.clone());
                scan.walk(&path, &below, &below);
            }
        } else {
            scan.file(&entry, Path::new(""), below);
        }
    }
    Ok(scan)
}

/// The path of an entry of a folder as data sets name it: with a slash on every system, so that a run finds and knows its images on another.
fn inside(folder: &Path, name: &OsStr) -> PathBuf {
    if folder.as_os_str().is_empty() {
        return name.into();
    }
    [folder.as_os_str(), OsStr::new("/"), name].into_iter().collect::<OsString>().into()
}

impl Scan {
    fn walk(&mut self, folder: &Path, below: &Path, class: &Path) {
        let entries = match self.entries(folder, below) {
            Ok(entries) => entries,
            Err(error) => {
                self.unread.push((below.to_owned(), error));
                return;
            }
        };
        for entry in entries {
            let (path, below) = (entry.path(), inside(below, &entry.file_name()));
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                match is_run(&path) {
                    true => self.passed_over.pass(&below, "folder of runs"),
                    false => self.walk(&path, &below, class),
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
            return self.passed_over.pass(&below, name);
        }
        let kind = match fs::metadata(&path) {
            Ok(data) => data.file_type(),
            Err(error) => {
                match entry.file_type().is_ok_and(|kind| kind.is_symlink()) {
                    true => {
                        let problem = format!("a link that leads nowhere ({error})");
                        self.passed_over.fail(&below, "broken link", &problem);
                    }
                    false => self.unread.push((below, error)),
                }
                return;
            }
        };
        match kind.is_file() {
            true => self.pictures.push((class.to_owned(), below)),
            false => self.passed_over.fail(&below, describe(kind), &format!("a {}", describe(kind))),
        }
    }

    /// What a folder holds, by name; hidden files and folders are passed over.
    fn entries(&mut self, folder: &Path, below: &Path) -> io::Result<Vec<DirEntry>> {
        let mut entries = fs::read_dir(folder)?.collect::<Result<Vec<_>, _>>()?;
        entries.sort_by_key(DirEntry::file_name);
        let hidden = |entry: &DirEntry| entry.file_name().as_encoded_bytes().starts_with(b".");
        entries.iter().filter(|entry| hidden(entry)).for_each(|entry| {
            self.passed_over.pass(&inside(below, &entry.file_name()), "hidden");
        });
        entries.retain(|entry| !hidden(entry));
        Ok(entries)
    }
}

/// A path on one line, whatever its names are made of.
pub(super) fn shown(path: &Path) -> String {
    let escaped = |c: char| if c.is_control() { c.escape_default().to_string() } else { c.to_string() };
    path.to_string_lossy().chars().map(escaped).collect()
}

/// Whether a link leads to a folder that it lies in itself.
fn leads_back(link: &Path, folder: &Path) -> bool {
    match (fs::canonicalize(link), fs::canonicalize(folder)) {
        (Ok(target), Ok(folder)) => folder.starts_with(target),
        _ => true,
    }
}

fn describe(kind: FileType) -> &'static str {
    if kind.is_dir() { "link to a folder" } else { "pipe, socket or device" }
}

/// What a run writes into its folder beside files.
const RUN_FOLDERS: [&str; 6] = ["checkpoints", "reconstructions", "embeddings", "pictures", "clusters", "tensorboard"];

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
    let entries: Vec<DirEntry> = listed.flatten().collect();
    // Of the folder that runs get without being asked, whatever else lies there.
    if folder.file_name() == Some(OsStr::new("runs")) && entries.iter().any(|entry| is_run(&entry.path())) {
        return true;
    }
    let mut runs = false;
    for entry in entries {
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

/// Files beside runs, and beside the rows of a comparison.
const REPORTS: [&str; 4] = ["index.html", "report.html", "tables.md", "results.json"];
