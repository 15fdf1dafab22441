//! Data sets: bytes on the host, ready for the device.

mod archive;
mod cache;
mod celeba;
mod checks;
mod cifar;
mod decode;
mod download;
mod error;
pub mod fetch;
mod folder;
#[cfg(fuzzing)]
pub mod fuzzing;
mod hold;
mod identity;
mod idx;
mod jpeg;
mod listing;
mod pixels;
mod regular;
mod scan;
mod sprites;

pub use error::DataError;
pub use identity::Identity;
pub use pixels::Pixels;
pub use sprites::glyph_names;

use crate::device::Device;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// Size of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImageShape {
    /// Colour channels.
    pub channels: usize,
    /// Height in pixels.
    pub height: usize,
    /// Width in pixels.
    pub width: usize,
}

impl ImageShape {
    /// Bytes of an image.
    pub fn bytes(&self) -> usize {
        self.channels * self.height * self.width
    }
}

/// Labelled images.
#[derive(Clone, Debug, PartialEq)]
pub struct Images {
    /// Size of each image.
    pub shape: ImageShape,
    /// `[images, channels, height, width]` bytes.
    pub pixels: Pixels,
    /// Class of each image.
    pub labels: Vec<u8>,
    /// Names of the classes.
    pub classes: Vec<String>,
    /// Style factors of each image, `[images, factor_names]` in 0..=1; empty where they are unknown.
    pub factors: Vec<f32>,
    /// Names of the style factors.
    pub factor_names: Vec<String>,
    /// Whether the style factors are yes or no (1 or 0), such as the attributes of a face, rather than continuous.
    pub binary_factors: bool,
    /// File of each image, relative to the data set's folder; empty where images are not files of their own.
    pub files: Vec<String>,
}

impl Images {
    /// Images of which nothing but the class is known. `pixels` and `labels` are as in [`Images`].
    pub fn labelled(shape: ImageShape, pixels: impl Into<Pixels>, labels: Vec<u8>, classes: Vec<String>) -> Self {
        Self {
            shape,
            pixels: pixels.into(),
            labels,
            classes,
            factors: Vec::new(),
            factor_names: Vec::new(),
            binary_factors: false,
            files: Vec::new(),
        }
    }

    /// Number of images.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there is no image.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// Keeps the first `count` images.
    pub fn truncate(&mut self, count: usize) {
        self.labels.truncate(count);
        self.pixels.truncate(count.saturating_mul(self.shape.bytes()));
        self.factors.truncate(count.saturating_mul(self.factor_names.len()));
        self.files.truncate(count);
    }
}

/// A data set split into training and test images.
#[derive(Clone, Debug, PartialEq)]
pub struct Dataset {
    /// Name.
    pub name: String,
    /// Training images.
    pub train: Images,
    /// Test images.
    pub test: Images,
    /// Files that were left out, each with what is wrong with it.
    pub skipped: Vec<String>,
    /// What lies among the pictures and is none, a line each.
    pub passed_over: Vec<String>,
    /// What its user should know: what was passed over, and why.
    pub notes: Vec<String>,
}

impl Dataset {
    /// A data set of which nothing was left out.
    pub fn new(name: &str, train: Images, test: Images) -> Self {
        Self { name: name.to_owned(), train, test, skipped: Vec::new(), passed_over: Vec::new(), notes: Vec::new() }
    }
}

/// How much of a data set is wanted, and how image files become one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileOptions {
    /// Training images that are wanted, the first of all; 0 for all. Test images are never left out.
    pub limit: usize,
    /// Height and width of the images in pixels.
    pub size: usize,
    /// What to do with damaged files.
    pub corrupt: Corrupt,
    /// Folder that keeps the decoded images, so that they are decoded once.
    pub cache: Option<PathBuf>,
}

impl FileOptions {
    /// Training images that are wanted, at most.
    fn wanted(&self) -> usize {
        if self.limit > 0 { self.limit } else { usize::MAX }
    }
}

impl Default for FileOptions {
    fn default() -> Self {
        Self { limit: 0, size: 64, corrupt: Corrupt::Stop, cache: None }
    }
}

/// What to do with image files that cannot be decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Corrupt {
    /// Stop at the first and name it.
    Stop,
    /// Leave them out; [`Dataset::skipped`] lists them.
    Skip,
}

/// A data set's entry in the registry.
struct Entry {
    name: &'static str,
    about: &'static str,
    load: fn(&Request<'_>) -> Result<Dataset, DataError>,
}

/// What a loader needs to know.
struct Request<'a> {
    name: &'static str,
    folder: Option<&'a Path>,
    device: &'a Device,
    options: &'a FileOptions,
}

/// Every data set; a new one is its file and one line here.
const REGISTRY: [Entry; 7] = [
    Entry {
        name: "sprites",
        about: "embedded: 12 glyphs in 6 styles, 28x28 grey",
        load: |r| sprites::render(r, 1, 28),
    },
    Entry {
        name: "sprites-rgb",
        about: "embedded: 12 glyphs in 7 styles, 32x32 colour",
        load: |r| sprites::render(r, 3, 32),
    },
    Entry {
        name: "mnist",
        about: "handwritten digits, 28x28 grey, four IDX files",
        load: |r| idx::load(r, "MNIST", &idx::DIGITS),
    },
    Entry {
        name: "fashion-mnist",
        about: "articles of clothing, 28x28 grey, four IDX files",
        load: |r| idx::load(r, "FashionMNIST", &idx::CLOTHES),
    },
    Entry {
        name: "cifar10",
        about: "photographs of 10 things, 32x32 colour, the binary version or its archive",
        load: |r| cifar::load(r.name, r.folder, r.options.wanted()),
    },
    Entry {
        name: "celeba",
        about: "faces with 40 attributes, 64x64 colour: img_align_celeba and two lists",
        load: |r| celeba::list(r.folder)?.load(r.name, r.options),
    },
    Entry {
        name: FOLDER,
        about: "`folder:PATH`: any folder of images (jpg, png, webp, bmp, gif, tiff), a class per sub-folder or none",
        load: |r| folder::list(r.folder, r.options)?.load(r.name, r.options),
    },
];

/// The data set whose name carries a path.
const FOLDER: &str = "folder";

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

/// Loads a data set from its files in `folder`, or renders it on `device`; image files with the default options.
///
/// # Errors
/// When the name is not known, or a file is missing, damaged or of another format.
pub fn load(name: &str, folder: Option<&Path>, device: &Device) -> Result<Dataset, DataError> {
    load_with(name, folder, device, &FileOptions::default())
}

/// [`load`] with a limit and options for image files.
///
/// # Errors
/// As [`load`].
pub fn load_with(
    name: &str,
    folder: Option<&Path>,
    device: &Device,
    options: &FileOptions,
) -> Result<Dataset, DataError> {
    let (family, path) = split(name);
    match REGISTRY.iter().find(|entry| entry.name == family) {
        Some(entry) => {
            let mut data = (entry.load)(&Request { name: entry.name, folder: folder.or(path), device, options })?;
            data.train.truncate(options.wanted());
            data.check()?;
            Ok(data)
        }
        None => {
            let names: Vec<&str> = REGISTRY.iter().map(|entry| entry.name).collect();
            let nearest = nearest(name, &names);
            Err(DataError::UnknownName { name: name.to_owned(), nearest, known: names.join(", ") })
        }
    }
}

/// `; did you mean ...?` where one of the names is much like that which was asked for.
fn nearest(name: &str, known: &[&str]) -> String {
    let likeness = |known: &str| strsim::jaro_winkler(known, &name.to_lowercase());
    let nearest = known.iter().max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
    let nearest = nearest.filter(|known| likeness(known) > 0.7);
    nearest.map(|known| format!("; did you mean `{known}`?")).unwrap_or_default()
}

/// No folder was named for a data set that can be downloaded.
fn no_folder(name: &str) -> DataError {
    let fetch = format!("`wgpu-simvae data fetch {name} --data-dir DIR`");
    let fix = format!("Name their folder with --data-dir DIR; {fetch} downloads them");
    DataError::NoFolder { name: name.to_owned(), fix }
}
