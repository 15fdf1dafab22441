//! Any folder of images: a class per sub-folder or none, with or without folders for training and test.

use super::decode::Frame;
use super::listing::{Listing, Part};
use super::registry::{Entry, FOLDER, Get, Origin};
use super::scan::{PassedOver, Scan, scan, shown};
use super::{Corrupt, DataError, FileOptions};
use crate::files::FileError;
use md5::{Digest, Md5};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use unicode_normalization::UnicodeNormalization;

pub(super) const ENTRY: Entry = Entry {
    name: FOLDER,
    about: "`folder:PATH`: any folder of images (jpg, png, webp, bmp, gif, tiff), a class per sub-folder or none",
    origin: Origin::Files {
        get: Get::ByHand("Name their folder, as folder:PATH or with --data-dir DIR"),
        read: |folder, request| list(folder, request.options)?.load(request),
    },
};

/// Names of folders that are parts of a data set, in any case of letters; of the two kinds of tests, the first there is.
const TRAIN: [&str; 2] = ["train", "training"];
const TESTS: [&[&str]; 2] = [&["test", "testing"], &["val", "valid", "validation"]];
/// Of a folder that is not split, one image in so many, and at least one, is a test image: the first in order.
const TEST_SHARE: usize = 10;
/// Labels are bytes.
const MOST_CLASSES: usize = 256;
/// The class of images that lie in no sub-folder.
const NO_CLASS: &str = "image";

/// An image's class and its path relative to the data set's folder.
type Labelled = (String, String);

fn unusable(path: &Path, problem: impl Into<String>, fix: impl Into<String>) -> DataError {
    DataError::Unusable { path: path.to_owned(), problem: problem.into(), fix: fix.into() }
}

/// Lists the images of a folder.
///
/// # Errors
/// When the folder is missing or cannot be read, is split in a way that is not understood, or holds no image, one only, or too
/// many classes.
fn list(root: &Path, options: &FileOptions) -> Result<Listing, DataError> {
    if !root.is_dir() {
        let tilde = root
            .starts_with("~")
            .then_some(". A shell expands ~ only at the beginning of a word: write the whole path");
        let problem = format!("there is no such folder{}", tilde.unwrap_or_default());
        return Err(unusable(
            root,
            problem,
            "Name a folder of images, or the one that it was moved to with --data-dir",
        ));
    }
    let mut notes = Vec::new();
    let (train, test, mut passed_over) = match splits(root)? {
        Some((train, test)) => {
            let (train_part, mut passed) = labelled(root, Path::new(&train), options)?;
            let (test_part, more) = labelled(root, Path::new(&test), options)?;
            passed.add(more);
            notes.extend(beside(root, (&train, &test), &mut passed)?);
            classes_match(root, (&train, &train_part), (&test, &test_part))?;
            (train_part, test_part, passed)
        }
        None => {
            let (mut test, passed) = labelled(root, Path::new(""), options)?;
            let train = test.split_off((test.len() / TEST_SHARE).max(1).min(test.len()));
            (train, test, passed)
        }
    };
    notes.extend(passed_over.lines());
    let mut classes: Vec<String> = train.iter().chain(&test).map(|(class, _)| class.clone()).collect();
    classes.sort();
    classes.dedup();
    if train.is_empty() || test.is_empty() {
        let mut problem = format!("{} training and {} test images were found", train.len(), test.len());
        notes.iter().for_each(|note| problem += &format!("; {note}"));
        return Err(unusable(
            root,
            problem,
            "At least one of each is needed, as jpg or png files, or as webp, bmp, gif or tiff",
        ));
    }
    if classes.len() > MOST_CLASSES {
        let problem = format!("there are {} sub-folders with images", classes.len());
        return Err(unusable(root, problem, format!("Sort them into at most {MOST_CLASSES} classes")));
    }
    notes.extend(if classes.len() == 1 { deeper_classes(root, &train) } else { deeper_splits(&train) });
    let part = |images: Vec<Labelled>| {
        let mut part = Part::default();
        for (class, file) in images {
            part.labels.extend(classes.binary_search(&class).map(|label| label as u8));
            part.files.push(file);
        }
        part
    };
    let (train, test) = (part(train), part(test));
    let (skipped, passed_over) = (passed_over.unusable, std::mem::take(&mut passed_over.list));
    Ok(Listing {
        root: root.to_owned(),
        frame: Frame::square(u32::MAX, options.kept()),
        train,
        test,
        classes,
        factor_names: Vec::new(),
        notes,
        skipped,
        passed_over,
    })
}

/// The folders for training and test; none where the folder is not split.
fn splits(root: &Path) -> Result<Option<(String, String)>, DataError> {
    let folders = folders(root)?;
    let one = |names: &[&str]| -> Result<Option<String>, DataError> {
        let of_kind = |folder: &&String| names.contains(&folder.to_lowercase().as_str());
        let found: Vec<&String> = folders.iter().filter(of_kind).collect();
        match found[..] {
            [] => Ok(None),
            [name] => Ok(Some(name.clone())),
            [a, b, ..] => {
                Err(unusable(root, format!("`{a}` and `{b}` name the same part of a data set"), "Keep one of them"))
            }
        }
    };
    let (train, tests) = (one(&TRAIN)?, [one(TESTS[0])?, one(TESTS[1])?]);
    let test = tests.iter().flatten().next();
    let tests: Vec<&str> = TESTS.into_iter().flatten().copied().collect();
    let known = format!("{} with {}", TRAIN.join(" or "), tests.join(", "));
    let (train, test) = match (train, test) {
        (None, None) => match look_like_splits(&folders) {
            Some(names) => {
                let problem = format!("{names} look like parts of a data set, but these names are not known");
                let fix = format!("Known are {known}: rename the folders, also if they are classes");
                return Err(unusable(root, problem, fix));
            }
            None => return Ok(None),
        },
        (Some(train), Some(test)) => (train, test.clone()),
        (only_train, only_test) => {
            let name = only_train.as_ref().or(only_test).cloned().unwrap_or_default();
            let problem = format!(
                "`{name}` is the name of a part of a data set, and its counterpart is missing (known are {known})"
            );
            let fix =
                format!("Add it, or name folder:{} to have a part of it as test images", root.join(&name).display());
            return Err(unusable(root, problem, fix));
        }
    };
    Ok(Some((train, test)))
}

/// The names of the folders in a folder that are text.
fn folders(root: &Path) -> Result<Vec<String>, DataError> {
    let listed = fs::read_dir(root).map_err(FileError::reading(root))?;
    let folders = listed.flatten().filter(|entry| entry.path().is_dir());
    let mut names: Vec<String> = folders.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.sort();
    Ok(names)
}

/// Two names that hold those of parts among other words or numbers, such as `training_set` and `test2017`.
fn look_like_splits(folders: &[String]) -> Option<String> {
    let holds = |name: &&String, known: &[&str]| {
        let name = name.to_lowercase();
        name.split(|c: char| !c.is_alphabetic()).any(|word| known.contains(&word))
    };
    let train = folders.iter().find(|name| holds(name, &TRAIN))?;
    let test = folders.iter().find(|name| TESTS.iter().any(|known| holds(name, known)))?;
    Some(format!("`{train}` and `{test}`"))
}

/// A word about the images beside the two parts that are used.
fn beside(root: &Path, (train, test): (&str, &str), passed: &mut PassedOver) -> Result<Option<String>, DataError> {
    let around = scan(root, Path::new(""), &[train, test])?;
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for (folder, picture) in around.pictures {
        match folder.as_os_str().is_empty() {
            true => passed.pass(&picture, "picture beside the parts"),
            false => *counts.entry(shown(&folder)).or_default() += 1,
        }
    }
    let counts: Vec<String> = counts.into_iter().map(|(name, count)| format!("`{name}` ({count} images)")).collect();
    let text = || format!("used are `{train}` and `{test}`; not used: {}", counts.join(", "));
    Ok((!counts.is_empty()).then(text))
}

/// The images within a part of the folder: the first sub-folder below it is the class, what lies deeper belongs to it.
/// They are in the order of their paths' checksums, which is always the same, yet mixes the classes: the first so many
/// images are a fair sample, and a new file moves few others between training and test.
fn labelled(root: &Path, within: &Path, options: &FileOptions) -> Result<(Vec<Labelled>, PassedOver), DataError> {
    let Scan { pictures, folders, unread, mut passed_over } = scan(root, within, &[])?;
    for (path, source) in unread {
        let problem = format!("it cannot be read ({source})");
        if options.corrupt == Corrupt::Stop {
            let fix = "Let this user read it, or leave what cannot be read out with --set data.corrupt=skip";
            return Err(unusable(&root.join(path), problem, fix));
        }
        passed_over.fail(&path, "unreadable", &problem);
    }
    if let Some((_, loose)) = pictures.iter().find(|(class, _)| class.as_os_str().is_empty())
        && pictures.iter().any(|(class, _)| !class.as_os_str().is_empty())
    {
        let fix = "Move it into one of them, or all images into one folder";
        return Err(unusable(&root.join(loose), "the image lies beside folders of images, so it has no class", fix));
    }
    let filled: BTreeSet<&PathBuf> = pictures.iter().map(|(class, _)| class).collect();
    passed_over.empty.extend(folders.iter().filter(|folder| !filled.contains(folder)).map(|folder| shown(folder)));
    let mut images = Vec::with_capacity(pictures.len());
    // Classes that look alike are one and the same: accents are written in two ways, by two systems.
    let mut alike: BTreeMap<String, PathBuf> = BTreeMap::new();
    for (class, file) in pictures {
        let Some(path) = name(&file) else {
            match options.corrupt {
                Corrupt::Skip => passed_over.fail(&file, "name that is no text", "its name has bytes that are no text"),
                Corrupt::Stop => {
                    let fix = "Rename it, or leave such files out with --set data.corrupt=skip";
                    return Err(unusable(&root.join(file), "its name has bytes that are no text", fix));
                }
            }
            continue;
        };
        let label = match class.file_name() {
            None => NO_CLASS.to_owned(),
            Some(label) => label.to_string_lossy().nfc().collect(),
        };
        let known = alike.entry(label.clone()).or_insert_with(|| class.clone());
        if *known != class {
            let problem = "there are two folders whose names differ only in how their accents are written";
            return Err(unusable(&root.join(class), problem, "Move their images into one"));
        }
        images.push((label, path));
    }
    images.sort_by_cached_key(|(_, file)| Md5::digest(file));
    Ok((images, passed_over))
}

/// A relative path with slashes, as lists of one name a line have it; none where it is no text.
fn name(path: &Path) -> Option<String> {
    let parts: Option<Vec<&str>> = path.iter().map(|part| part.to_str()).collect();
    parts.map(|parts| parts.join("/")).filter(|name| !name.contains(char::is_control))
}

/// Checks that every class of the test images is one of the training images.
fn classes_match(root: &Path, train: (&str, &[Labelled]), test: (&str, &[Labelled])) -> Result<(), DataError> {
    if train.1.is_empty() {
        return Ok(());
    }
    let loose =
        |images: &[Labelled]| images.iter().any(|(class, file)| class == NO_CLASS && file.matches('/').count() == 1);
    for ((flat, flat_images), (sorted, sorted_images)) in [(test, train), (train, test)] {
        if loose(flat_images) && !loose(sorted_images) && !sorted_images.is_empty() {
            let problem = format!("its images lie in no sub-folders, while those of `{sorted}` have classes");
            let for_validation =
                |name: &String| name != test.0 && TESTS[1].contains(&name.to_lowercase().as_str()) && flat == test.0;
            let fix = match folders(root)?.into_iter().find(for_validation) {
                Some(other) => format!("Sort them into classes, or move `{flat}` elsewhere: then `{other}` is used"),
                None => {
                    let whole = root.join(train.0);
                    let whole = whole.display();
                    format!("Sort them into classes, or name folder:{whole} to have a part of it as test images")
                }
            };
            return Err(unusable(&root.join(flat), problem, fix));
        }
    }
    let known = |class: &String| train.1.iter().any(|(of, _)| of == class);
    if let Some((class, file)) = test.1.iter().find(|(class, _)| !known(class)) {
        let like = train.1.iter().find(|(of, _)| of.to_lowercase() == class.to_lowercase());
        let like = like.map(|(of, _)| format!(" (there is `{of}`)")).unwrap_or_default();
        let problem = format!("no training image is of its class `{class}`{like}");
        return Err(unusable(&root.join(file), problem, "Add training images, or remove the test images"));
    }
    Ok(())
}

/// A word about data whose classes may lie one folder deeper: all images in one class, and within it in several folders.
fn deeper_classes(root: &Path, train: &[Labelled]) -> Option<String> {
    let (class, first) = train.first()?;
    // The parts of a path that lead to its class, and the folder behind it.
    let split = |file: &str| {
        let parts: Vec<String> = file.split('/').map(str::to_owned).collect();
        let at = parts.iter().position(|part| part.nfc().eq(class.chars()))?;
        (parts.len() > at + 2).then(|| (parts[..=at].join("/"), parts[at + 1].clone()))
    };
    let (whole, folder) = split(first)?;
    let mut several = false;
    for (of, file) in train {
        let (_, other) = split(file).filter(|_| of == class)?;
        several |= other != folder;
    }
    several.then(|| {
        let meant = root.join(whole);
        format!(
            "there is only one class, `{class}`, with folders inside it: perhaps folder:{} was meant",
            meant.display()
        )
    })
}

/// A word about classes that are split themselves: their parts are mixed.
fn deeper_splits(train: &[Labelled]) -> Option<String> {
    let is = |name: &str, known: &[&str]| known.contains(&name.to_lowercase().as_str());
    // The folders of an image below its class.
    let inner = |class: &str, file: &str| -> Vec<String> {
        let folders = file.rsplit_once('/').map_or("", |(folders, _)| folders).split('/');
        folders.skip_while(|folder| !folder.nfc().eq(class.chars())).skip(1).map(str::to_owned).collect()
    };
    let within = |class: &str, test: bool| {
        let of_class = train.iter().filter(|(of, _)| of == class);
        of_class.flat_map(|(of, file)| inner(of, file)).find(|name| match test {
            true => TESTS.iter().any(|known| is(name, known)),
            false => is(name, &TRAIN),
        })
    };
    let classes: BTreeSet<&String> = train.iter().map(|(class, _)| class).collect();
    classes.into_iter().find_map(|class| {
        let (train, test) = (within(class, false)?, within(class, true)?);
        Some(format!(
            "`{train}` and `{test}` inside the class `{class}` are not taken apart: parts lie above the classes"
        ))
    })
}
