//! Every data set that has a name: a file of this folder and a line here.

use super::source::{Downloads, how_to_get};
use super::{DataError, Dataset, FileOptions};
use super::{celeba, cifar, fashion_mnist, folder, mnist, sprites};
use crate::device::Device;
use std::path::Path;

const REGISTRY: [&Entry; 7] = [
    &sprites::GREY,
    &sprites::COLOURED,
    &mnist::ENTRY,
    &fashion_mnist::ENTRY,
    &cifar::ENTRY,
    &celeba::ENTRY,
    &folder::ENTRY,
];

/// The data set whose name carries a path.
pub(super) const FOLDER: &str = "folder";

/// What is known of a data set by its name.
pub(super) struct Entry {
    pub name: &'static str,
    /// A line of `data list`.
    pub about: &'static str,
    pub origin: Origin,
}

/// Where the images come from.
pub(super) enum Origin {
    /// They are drawn on the device.
    Drawn(fn(&mut Request<'_>) -> Result<Dataset, DataError>),
    /// They are read from files in a folder.
    Files { get: Get, read: fn(&Path, &mut Request<'_>) -> Result<Dataset, DataError> },
}

/// How the files are got.
pub(super) enum Get {
    Fetch(Downloads),
    /// By the user, who is told how.
    ByHand(&'static str),
}

/// What a loader needs to know. It brings no more training images than are wanted.
pub(super) struct Request<'a> {
    pub name: &'static str,
    pub device: &'a Device,
    pub options: &'a FileOptions,
    pub watch: &'a mut dyn FnMut(usize, usize),
}

/// A name without its path: `folder` of `folder:PATH`.
pub fn family(name: &str) -> &str {
    split(name).0
}

/// A name that can be part of a file's: the last folder of a path.
pub fn title(name: &str) -> String {
    let last = split(name).1.and_then(Path::file_name);
    last.map_or_else(|| family(name).to_owned(), |last| last.to_string_lossy().into_owned())
}

/// The folder that is part of a name: `PATH` of `folder:PATH`.
pub fn named_folder(name: &str) -> Option<&Path> {
    split(name).1
}

fn split(name: &str) -> (&str, Option<&Path>) {
    match name.split_once(':') {
        Some((FOLDER, path)) => (FOLDER, Some(Path::new(path))),
        _ => (name, None),
    }
}

/// Names and descriptions of all data sets.
pub fn known() -> Vec<(&'static str, &'static str)> {
    REGISTRY.iter().map(|entry| (entry.name, entry.about)).collect()
}

/// Whether a data set is drawn by the program itself.
pub(super) fn is_drawn(name: &str) -> bool {
    REGISTRY.iter().any(|entry| entry.name == name && matches!(entry.origin, Origin::Drawn(_)))
}

/// The data sets that can be downloaded, with their names.
pub(super) fn downloads() -> impl Iterator<Item = (&'static str, &'static Downloads)> {
    REGISTRY.into_iter().filter_map(|entry| match &entry.origin {
        Origin::Files { get: Get::Fetch(downloads), .. } => Some((entry.name, downloads)),
        _ => None,
    })
}

/// Loads a data set from its files in `folder`, or draws it on `device`; with the default options.
///
/// # Errors
/// When the name is not known, or a file is missing, damaged or of another format.
pub fn load(name: &str, folder: Option<&Path>, device: &Device) -> Result<Dataset, DataError> {
    load_with(name, folder, device, &FileOptions::default())
}

/// Loads a data set from its files in `folder`, or draws it on `device`; with a limit and options for image files.
///
/// # Errors
/// As [`load`].
pub fn load_with(
    name: &str,
    folder: Option<&Path>,
    device: &Device,
    options: &FileOptions,
) -> Result<Dataset, DataError> {
    load_watched(name, folder, device, options, &mut |_, _| {})
}

/// [`load_with`], telling `watch` how many image files of how many have been decoded, which may take minutes.
///
/// # Errors
/// As [`load`].
pub fn load_watched(
    name: &str,
    folder: Option<&Path>,
    device: &Device,
    options: &FileOptions,
    watch: &mut dyn FnMut(usize, usize),
) -> Result<Dataset, DataError> {
    options.check()?;
    let (family, path) = split(name);
    let Some(entry) = REGISTRY.iter().find(|entry| entry.name == family) else {
        let names = REGISTRY.map(|entry| entry.name);
        let nearest = nearest(name, &names);
        return Err(DataError::UnknownName { name: name.to_owned(), nearest, known: names.join(", ") });
    };
    let mut request = Request { name: entry.name, device, options, watch };
    let data = match &entry.origin {
        Origin::Drawn(draw) => draw(&mut request),
        Origin::Files { get, read } => match folder.or(path).filter(|folder| !folder.as_os_str().is_empty()) {
            Some(folder) => read(folder, &mut request),
            None => Err(DataError::NoFolder { name: entry.name.to_owned(), fix: get.advice(entry.name) }),
        },
    };
    let mut data = data.map_err(|error| match error {
        DataError::Inconsistent { problem, .. } => DataError::Inconsistent { name: entry.name.to_owned(), problem },
        error => error,
    })?;
    data.train.truncate(options.wanted());
    Ok(data)
}

impl Get {
    fn advice(&self, name: &str) -> String {
        match self {
            Get::ByHand(advice) => (*advice).to_owned(),
            Get::Fetch(_) => format!("Name their folder with --data-dir DIR. {}", how_to_get(name)),
        }
    }
}

/// `; did you mean ...?` where one of the names is much like that which was asked for.
pub(super) fn nearest(name: &str, known: &[&str]) -> String {
    let likeness = |known: &str| strsim::jaro_winkler(known, &name.to_lowercase());
    let nearest = known.iter().max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
    let nearest = nearest.filter(|known| likeness(known) > 0.7);
    nearest.map(|known| format!("; did you mean `{known}`?")).unwrap_or_default()
}
