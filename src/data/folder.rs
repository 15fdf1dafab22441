//! Any folder of jpg and png images: a class per sub-folder or none, with or without folders for training and test.

use super::DataError;
use super::listing::{Listing, Part};
use md5::{Digest, Md5};
use std::collections::BTreeSet;
use std::fs::{self, DirEntry};
use std::path::{Path, PathBuf};

/// A folder with the first and one of the others is split already.
const TRAIN: &str = "train";
const TESTS: [&str; 2] = ["test", "val"];
/// Of a folder that is not split, one image in so many, and at least one, is a test image: the first in order.
const TEST_SHARE: usize = 10;
/// Labels are bytes.
const MOST_CLASSES: usize = 256;
/// The class of images that lie in no sub-folder.
const NO_CLASS: &str = "image";

/// An image's class and its path relative to the data set's folder.
type Labelled = (String, String);

/// Lists the images of a folder.
///
/// # Errors
/// When the folder is missing or cannot be read, or holds no image, one only, or too many classes.
pub(super) fn list(root: Option<&Path>) -> Result<Listing, DataError> {
    let Some(root) = root.filter(|path| !path.as_os_str().is_empty()) else {
        let fix = "Name it, as folder:PATH or with --data-dir DIR".to_owned();
        return Err(DataError::Unusable { path: "folder:".into(), problem: "which folder?".to_owned(), fix });
    };
    if !root.is_dir() {
        let fix = "Name a folder of jpg and png images".to_owned();
        return Err(DataError::Unusable { path: root.to_owned(), problem: "there is no such folder".to_owned(), fix });
    }
    let names = |images: &[Labelled]| images.iter().map(|(class, _)| class.clone()).collect::<BTreeSet<_>>();
    let test = TESTS.into_iter().find(|test| root.join(TRAIN).is_dir() && root.join(test).is_dir());
    let (classes, train, test) = match test {
        Some(test) => {
            let train = labelled(root, TRAIN)?;
            (names(&train), train, labelled(root, test)?)
        }
        None => {
            let mut test = labelled(root, "")?;
            let classes = names(&test);
            let train = test.split_off((test.len() / TEST_SHARE).max(1).min(test.len()));
            (classes, train, test)
        }
    };
    let classes: Vec<String> = classes.into_iter().collect();
    let unusable =
        |path: PathBuf, problem: String, fix: &str| DataError::Unusable { path, problem, fix: fix.to_owned() };
    if train.is_empty() || test.is_empty() {
        let problem = format!("{} training and {} test images were found", train.len(), test.len());
        return Err(unusable(root.to_owned(), problem, "At least one of each is needed, as jpg or png files"));
    }
    if classes.len() > MOST_CLASSES {
        let problem = format!("there are {} sub-folders with images", classes.len());
        let fix = format!("Sort them into at most {MOST_CLASSES} classes");
        return Err(unusable(root.to_owned(), problem, &fix));
    }
    let part = |images: Vec<Labelled>| {
        let mut part = Part::default();
        for (class, file) in images {
            let Ok(label) = classes.binary_search(&class) else {
                let problem = format!("no training image is of its class `{class}`");
                return Err(unusable(root.join(file), problem, "Add training images, or remove the test images"));
            };
            part.labels.push(label as u8);
            part.files.push(file);
        }
        Ok(part)
    };
    let (train, test) = (part(train)?, part(test)?);
    Ok(Listing { root: root.to_owned(), crop: u32::MAX, train, test, classes, factor_names: Vec::new() })
}

/// The images within a part of the folder: the first sub-folder below it is the class, what lies deeper belongs to it.
/// They are in the order of their paths' checksums, which is always the same, yet mixes the classes: the first so many
/// images are a fair sample, and a new file moves few others between training and test.
fn labelled(root: &Path, within: &str) -> Result<Vec<Labelled>, DataError> {
    let top = root.join(within);
    let mut images = Vec::new();
    for entry in entries(&top)? {
        let (path, name) = (entry.path(), name(&entry)?);
        let below = if within.is_empty() { name.clone() } else { format!("{within}/{name}") };
        // Whole classes may be links; deeper, links to folders could run in circles.
        if path.is_dir() {
            let mut files = Vec::new();
            walk(&path, &below, &mut files)?;
            images.extend(files.into_iter().map(|file| (name.clone(), file)));
        } else if is_image(&path) {
            images.push((String::new(), below));
        }
    }
    let loose = images.iter().find(|(class, _)| class.is_empty());
    if let Some((_, file)) = loose
        && images.iter().any(|(class, _)| !class.is_empty())
    {
        return Err(DataError::Unusable {
            path: root.join(file),
            problem: "the image lies beside folders of images, so it has no class".to_owned(),
            fix: "Move it into one of them, or all images into one folder".to_owned(),
        });
    }
    images.iter_mut().filter(|(class, _)| class.is_empty()).for_each(|(class, _)| *class = NO_CLASS.to_owned());
    images.sort_by_cached_key(|(_, file)| Md5::digest(file));
    Ok(images)
}

fn walk(folder: &Path, below: &str, files: &mut Vec<String>) -> Result<(), DataError> {
    for entry in entries(folder)? {
        let (path, name) = (entry.path(), name(&entry)?);
        let below = format!("{below}/{name}");
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            walk(&path, &below, files)?;
        } else if is_image(&path) && path.is_file() {
            files.push(below);
        }
    }
    Ok(())
}

/// What a folder holds, by name, without hidden files and folders.
fn entries(folder: &Path) -> Result<Vec<DirEntry>, DataError> {
    let error = |source| DataError::Io { path: folder.to_owned(), source };
    let entries = fs::read_dir(folder).map_err(error)?.collect::<Result<Vec<_>, _>>().map_err(error)?;
    let shown = |entry: &DirEntry| !entry.file_name().to_string_lossy().starts_with('.');
    let mut entries: Vec<DirEntry> = entries.into_iter().filter(shown).collect();
    entries.sort_by_key(DirEntry::file_name);
    Ok(entries)
}

fn is_image(path: &Path) -> bool {
    let known =
        |ending: &std::ffi::OsStr| ["jpg", "jpeg", "png"].iter().any(|known| ending.eq_ignore_ascii_case(known));
    path.extension().is_some_and(known)
}

/// The name of an entry, which ends up in lists of one name a line.
fn name(entry: &DirEntry) -> Result<String, DataError> {
    match entry.file_name().into_string() {
        Ok(name) if !name.contains(char::is_control) => Ok(name),
        _ => Err(DataError::Unusable {
            path: entry.path(),
            problem: "its name has bytes that are no text".to_owned(),
            fix: "Rename it".to_owned(),
        }),
    }
}
