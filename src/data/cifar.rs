//! CIFAR-10 in its binary layout, unpacked or in the archive that it comes in.

use super::registry::{Entry, Get, Origin};
use super::source::{Downloads, Listed};
use super::{DataError, Dataset, ImageShape, Images, archive, regular};
use crate::files::FileError;
use std::collections::HashMap;
use std::io::Read;
use std::path::{Path, PathBuf};

pub(super) const ENTRY: Entry = Entry {
    name: "cifar10",
    about: "photographs of 10 things, 32x32 colour, the binary version or its archive",
    origin: Origin::Files {
        get: Get::Fetch(DOWNLOADS),
        read: |folder, request| load(folder, request.name, request.options.wanted()),
    },
};

const DOWNLOADS: Downloads = Downloads {
    mirrors: &["https://www.cs.toronto.edu/~kriz/"],
    files: &[Listed {
        name: ARCHIVE,
        md5: "c32a1d4ab5d03f1284b67883e8d87530",
        sha256: "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
    }],
};

/// The archive, and the folder in it.
const ARCHIVE: &str = "cifar-10-binary.tar.gz";
const FOLDER: &str = "cifar-10-batches-bin";

const TRAIN: [&str; 5] =
    ["data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin"];
const TEST: [&str; 1] = ["test_batch.bin"];
/// Names of the classes, one a line.
const NAMES: &str = "batches.meta.txt";

const SHAPE: ImageShape = ImageShape { channels: 3, height: 32, width: 32 };
const CLASSES: usize = 10;
/// A label, then the red, green and blue plane.
const RECORD: usize = 1 + 3 * 32 * 32;
/// Every batch holds as many images.
const BATCH: usize = 10_000;
const BATCH_BYTES: usize = BATCH * RECORD;
/// More than the names of the classes take.
const NAMES_BYTES: usize = 4096;

/// Loads the data set from `cifar-10-batches-bin`, its parent, or the archive beside it; batches behind the last training image
/// that is wanted are not read.
pub(super) fn load(folder: &Path, name: &str, wanted: usize) -> Result<Dataset, DataError> {
    let mut files = Files::find(name, folder)?;
    let classes = files.classes()?;
    let train = files.images(&TRAIN, &classes, wanted)?;
    let test = files.images(&TEST, &classes, usize::MAX)?;
    Dataset::new(name, train, test)
}

/// Where the files are.
struct Files {
    name: String,
    /// The folder, or the archive's path and the folder in it, for messages.
    base: PathBuf,
    /// The archive's content; none of a folder.
    unpacked: Option<HashMap<String, Vec<u8>>>,
}

impl Files {
    fn find(name: &str, folder: &Path) -> Result<Self, DataError> {
        let unpacked = [folder.to_owned(), folder.join(FOLDER)];
        if let Some(base) = unpacked.into_iter().find(|path| path.join(TRAIN[0]).is_file()) {
            return Ok(Self { name: name.to_owned(), base, unpacked: None });
        }
        let beside = folder.parent().unwrap_or(folder).join(ARCHIVE);
        match [folder.join(ARCHIVE), beside].into_iter().find(|path| path.is_file()) {
            Some(archive) => {
                let unpacked = Some(read_archive(&archive)?);
                Ok(Self { name: name.to_owned(), base: archive.join(FOLDER), unpacked })
            }
            None => Err(DataError::Missing { path: folder.join(FOLDER).join(TRAIN[0]), name: name.to_owned() }),
        }
    }

    /// The bytes of a file, one more than `most` where it is longer.
    fn read(&mut self, file: &str, most: usize) -> Result<(PathBuf, Vec<u8>), DataError> {
        let path = self.base.join(file);
        let bytes = match &mut self.unpacked {
            Some(unpacked) => unpacked.remove(file),
            None if !path.is_file() => None,
            None => {
                let bytes = regular::read(&path, most as u64);
                Some(bytes.map_err(FileError::reading(&path))?)
            }
        };
        match bytes {
            Some(bytes) => Ok((path, bytes)),
            None => Err(DataError::Missing { path, name: self.name.clone() }),
        }
    }

    fn classes(&mut self) -> Result<Vec<String>, DataError> {
        let (path, bytes) = self.read(NAMES, NAMES_BYTES)?;
        let text = String::from_utf8_lossy(&bytes);
        // An editor may have put a byte order mark in front.
        let text = text.trim_start_matches('\u{feff}');
        let classes: Vec<String> = text.lines().map(|line| line.trim().to_owned()).filter(|l| !l.is_empty()).collect();
        match classes.len() {
            CLASSES => Ok(classes),
            found => Err(DataError::Format { path, problem: format!("it names {found} classes, expected {CLASSES}") }),
        }
    }

    fn images(&mut self, files: &[&str], classes: &[String], wanted: usize) -> Result<Images, DataError> {
        let files = &files[..files.len().min(wanted.div_ceil(BATCH))];
        let (mut pixels, mut labels) = (Vec::with_capacity(files.len() * BATCH_BYTES), Vec::new());
        for file in files {
            let (path, bytes) = self.read(file, BATCH_BYTES)?;
            if bytes.len() != BATCH_BYTES {
                let found = match bytes.len() {
                    len if len > BATCH_BYTES => "more than".to_owned(),
                    len => format!("{len} of"),
                };
                let problem = format!("it holds {found} the {BATCH_BYTES} bytes of {BATCH} records of {RECORD}");
                return Err(DataError::Format { path, problem });
            }
            for (image, record) in bytes.chunks_exact(RECORD).enumerate() {
                if usize::from(record[0]) >= classes.len() {
                    let problem = format!("label {} of image {image}, expected below {}", record[0], classes.len());
                    return Err(DataError::Format { path, problem });
                }
                labels.push(record[0]);
                pixels.extend_from_slice(&record[1..]);
            }
        }
        Images::new(SHAPE, pixels, labels, classes.to_vec())
    }
}

/// Reads what the archive holds of the data set, no more of any file than it may be long, and one byte.
pub(super) fn read_archive(path: &Path) -> Result<HashMap<String, Vec<u8>>, DataError> {
    let damaged = |error: std::io::Error| DataError::Format {
        path: path.to_owned(),
        problem: format!("it cannot be unpacked ({error}): it is truncated or damaged"),
    };
    let mut archive = archive::open(path).map_err(FileError::reading(path))?;
    archive::check(path).map_err(damaged)?;
    let mut files = HashMap::new();
    for entry in archive.entries().map_err(damaged)? {
        let entry = entry.map_err(damaged)?;
        let inner = entry.path().map_err(damaged)?.into_owned();
        let Some(name) = inner.file_name().and_then(|name| name.to_str()) else { continue };
        let known = TRAIN.iter().chain(&TEST).find(|&&known| known == name);
        let most = if known.is_some() { BATCH_BYTES } else { NAMES_BYTES };
        if known.is_some() || name == NAMES {
            let (name, mut bytes) = (name.to_owned(), Vec::new());
            entry.take(most as u64 + 1).read_to_end(&mut bytes).map_err(damaged)?;
            files.insert(name, bytes);
        }
    }
    Ok(files)
}
