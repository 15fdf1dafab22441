//! IDX files, plain or gzip: the format of MNIST and of data sets that follow it.

use super::registry::Request;
use super::{DataError, Dataset, ImageShape, Images};
use crate::files::FileError;
use flate2::read::MultiGzDecoder;
use std::cmp::Ordering;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

/// Type byte of unsigned bytes, third of the magic number.
const UNSIGNED_BYTES: u8 = 0x08;

/// The first bytes of a file that gzip packed.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// Loads the four files of a data set, from a folder or from where torchvision puts them within it (`torchvision` is its name of
/// the data set). Of the training images no more are read than are wanted.
pub(super) fn load(
    folder: &Path,
    request: &Request<'_>,
    torchvision: &str,
    classes: &[&str],
) -> Result<Dataset, DataError> {
    let name = request.name;
    if !folder.is_dir() {
        return Err(DataError::Missing { path: folder.to_owned(), name: name.to_owned() });
    }
    let layouts = [folder.to_owned(), folder.join("raw"), folder.join(torchvision).join("raw")];
    let holds_images = |folder: &&PathBuf| locate(folder, "train-images", 3).is_some();
    let folder = layouts.iter().find(holds_images).map_or(folder, PathBuf::as_path);
    let part = |prefix: &str, wanted: usize| {
        let pixels = read(name, folder, &format!("{prefix}-images"), 3, wanted)?;
        let labels = read(name, folder, &format!("{prefix}-labels"), 1, usize::MAX)?;
        images(pixels, labels, classes)
    };
    let (train, test) = (part("train", request.options.wanted())?, part("t10k", usize::MAX)?);
    if train.shape != test.shape {
        let problem = format!("test images are {:?}, training images {:?}", test.shape, train.shape);
        let fix = "Put the four files of one data set into the folder".to_owned();
        return Err(DataError::Unusable { path: folder.to_owned(), problem, fix });
    }
    Dataset::new(name, train, test)
}

/// An IDX file's content.
pub(super) struct Idx {
    path: PathBuf,
    /// As its header gives them.
    dims: Vec<usize>,
    /// Of the first images, or of all.
    bytes: Vec<u8>,
}

/// What is known about the length of a file before it is read.
pub(super) enum Length {
    Exactly(u64),
    AtMost(u64),
}

fn images(pixels: Idx, mut labels: Idx, classes: &[&str]) -> Result<Images, DataError> {
    let format = |path: &Path, problem| Err(DataError::Format { path: path.to_owned(), problem });
    let (count, height, width) = (pixels.dims[0], pixels.dims[1], pixels.dims[2]);
    if count == 0 || height == 0 || width == 0 {
        return format(
            &pixels.path,
            format!("its header says {count} images of {height}x{width}: there is nothing in it"),
        );
    }
    if labels.dims[0] != count {
        return format(&labels.path, format!("{} labels, {count} images in {}", labels.dims[0], pixels.path.display()));
    }
    if let Some(at) = labels.bytes.iter().position(|&label| usize::from(label) >= classes.len()) {
        return format(
            &labels.path,
            format!("label {} of image {at}, expected below {}", labels.bytes[at], classes.len()),
        );
    }
    let shape = ImageShape { channels: 1, height, width };
    labels.bytes.truncate(pixels.bytes.len() / shape.bytes());
    let classes = classes.iter().map(|&class| class.to_owned()).collect();
    Images::new(shape, pixels.bytes, labels.bytes, classes)
}

/// Reads `STEM-idxN-ubyte`, plain or packed with gzip, which its first bytes tell.
fn read(name: &str, folder: &Path, stem: &str, rank: usize, wanted: usize) -> Result<Idx, DataError> {
    let Some(path) = locate(folder, stem, rank) else {
        return Err(DataError::Missing {
            path: folder.join(format!("{stem}-idx{rank}-ubyte.gz")),
            name: name.to_owned(),
        });
    };
    let io_error = FileError::reading(&path);
    let file = File::open(&path).map_err(&io_error)?;
    let size = file.metadata().map_err(&io_error)?.len();
    let mut from = BufReader::new(file);
    if from.fill_buf().map_err(&io_error)?.starts_with(&GZIP) {
        // Deflate shrinks at most about a thousandfold: what a header may promise is bounded by the file's size.
        parse(path.clone(), MultiGzDecoder::new(from), Length::AtMost(size.saturating_mul(1100)), rank, wanted)
    } else {
        parse(path.clone(), from, Length::Exactly(size), rank, wanted)
    }
}

/// The file `STEM-idxN-ubyte` of a folder, in any case of letters, with a dot for the first hyphen as some mirrors write it, with or
/// without `.gz`.
fn locate(folder: &Path, stem: &str, rank: usize) -> Option<PathBuf> {
    let plain = format!("{stem}-idx{rank}-ubyte");
    let dotted = format!("{stem}.idx{rank}-ubyte");
    [plain.clone(), format!("{plain}.gz"), dotted.clone(), format!("{dotted}.gz")]
        .iter()
        .find_map(|name| find(folder, name))
}

/// The regular file of this name in a folder, whatever the case of its letters.
fn find(folder: &Path, name: &str) -> Option<PathBuf> {
    let exact = folder.join(name);
    if exact.is_file() {
        return Some(exact);
    }
    let alike =
        |path: &PathBuf| path.file_name().is_some_and(|found| found.eq_ignore_ascii_case(name)) && path.is_file();
    std::fs::read_dir(folder).ok()?.flatten().map(|entry| entry.path()).find(alike)
}

/// Reads a file to its end, or only the first `wanted` of its images.
pub(super) fn parse(
    path: PathBuf,
    mut from: impl Read,
    length: Length,
    rank: usize,
    wanted: usize,
) -> Result<Idx, DataError> {
    let format = |problem: String| DataError::Format { path: path.clone(), problem };
    let mut fill = |buffer: &mut [u8], what: &str| {
        from.read_exact(buffer).map_err(|error| match error.kind() {
            std::io::ErrorKind::UnexpectedEof => format(format!("it ends within its {what}: it is truncated")),
            _ => format(format!("its {what} cannot be unpacked ({error}): it is damaged")),
        })
    };
    let mut magic = [0; 4];
    fill(&mut magic, "header")?;
    let expected = [0, 0, UNSIGNED_BYTES, rank as u8];
    if magic != expected {
        return Err(format(format!(
            "magic number {magic:02x?}, expected {expected:02x?} (bytes in {rank} dimensions)"
        )));
    }
    let mut dims = Vec::with_capacity(rank);
    for _ in 0..rank {
        let mut dim = [0; 4];
        fill(&mut dim, "header")?;
        dims.push(u32::from_be_bytes(dim) as usize);
    }
    let (most, held) = match length {
        Length::Exactly(size) => (size, Some(size.saturating_sub(4 + 4 * rank as u64))),
        Length::AtMost(most) => (most, None),
    };
    let len = dims.iter().try_fold(1u64, |product, &dim| product.checked_mul(dim as u64));
    let Some(len) = len.filter(|&len| len <= most) else {
        return Err(format(format!("its header promises {dims:?} bytes, more than a file of this size can hold")));
    };
    // Read as it comes, one byte beyond the promise: memory grows with the file, not with its header.
    let part = dims[0] > wanted;
    let some = if part { len / dims[0] as u64 * wanted as u64 } else { len + 1 };
    let mut bytes = Vec::new();
    from.take(some)
        .read_to_end(&mut bytes)
        .map_err(|error| format(format!("its data cannot be unpacked ({error}): it is truncated or damaged")))?;
    let found = bytes.len() as u64;
    // Where only a part is read, the whole is as long as the system says, or remains unknown.
    let found = if part && found == some { held.unwrap_or(len) } else { found };
    match found.cmp(&len) {
        Ordering::Equal => Ok(Idx { dims, bytes, path }),
        Ordering::Less => Err(format(format!("it holds {found} of the {len} bytes that its header {dims:?} promises"))),
        Ordering::Greater => {
            Err(format(format!("it holds more than the {len} bytes that its header {dims:?} promises")))
        }
    }
}
