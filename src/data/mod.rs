//! Data sets: bytes on the host, ready for the device.

pub mod fetch;
mod idx;
mod sprites;

pub use sprites::glyph_names;

use crate::device::{Choice, DeviceError};
use crate::kernels::augment::views::MAX_SIDE;
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
    pub pixels: Vec<u8>,
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
        self.pixels.truncate(count * self.shape.bytes());
        self.factors.truncate(count * self.factor_names.len());
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
}

/// Data that cannot be used. Each message names the file, what was found and what to do.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// No data set of this name.
    #[error("data set `{name}` is not known{nearest}; there are {known}")]
    UnknownName {
        /// What was asked for.
        name: String,
        /// `; did you mean ...?`
        nearest: String,
        /// The known names.
        known: String,
    },
    /// The data set is read from files and no folder was named.
    #[error(
        "{name} is read from files: name their folder with --data-dir DIR, after `wgpu-simvae data fetch {name} --data-dir DIR`"
    )]
    NoFolder {
        /// The data set.
        name: String,
    },
    /// A file or folder is missing.
    #[error("{path}: not found. `wgpu-simvae data fetch {name} --data-dir DIR` downloads it")]
    Missing {
        /// The file or folder.
        path: PathBuf,
        /// The data set.
        name: String,
    },
    /// A file cannot be read.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file holds something else than it should.
    #[error("{path}: {problem}. Delete the file and fetch it again")]
    Format {
        /// The file.
        path: PathBuf,
        /// What was found and what was expected.
        problem: String,
    },
    /// Images larger than the views' arithmetic allows.
    #[error("{name}: images of {height}x{width} pixels; at most {MAX_SIDE} a side can be used. Shrink them first")]
    TooLarge {
        /// The data set.
        name: String,
        /// Height in pixels.
        height: usize,
        /// Width in pixels.
        width: usize,
    },
    /// The device failed while it rendered the sprites.
    #[error(transparent)]
    Device(#[from] DeviceError),
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
    device: &'a Choice,
}

/// Every data set; a new one is its file and one line here.
const REGISTRY: [Entry; 4] = [
    Entry {
        name: "sprites",
        about: "embedded: 12 glyphs in 6 styles, 28x28 grey",
        load: |r| sprites::render(r.name, 1, 28, r.device),
    },
    Entry {
        name: "sprites-rgb",
        about: "embedded: 12 glyphs in 7 styles, 32x32 colour",
        load: |r| sprites::render(r.name, 3, 32, r.device),
    },
    Entry {
        name: "mnist",
        about: "handwritten digits, 28x28 grey, four IDX files",
        load: |r| idx::load(r.name, r.folder, &idx::DIGITS),
    },
    Entry {
        name: "fashion-mnist",
        about: "articles of clothing, 28x28 grey, four IDX files",
        load: |r| idx::load(r.name, r.folder, &idx::CLOTHES),
    },
];

/// Names and descriptions of all data sets.
pub fn known() -> Vec<(&'static str, &'static str)> {
    REGISTRY.iter().map(|entry| (entry.name, entry.about)).collect()
}

/// Loads a data set from its files in `folder`, or renders it on `device`.
///
/// # Errors
/// When the name is not known, or a file is missing, damaged or of another format.
pub fn load(name: &str, folder: Option<&Path>, device: &Choice) -> Result<Dataset, DataError> {
    match REGISTRY.iter().find(|entry| entry.name == name) {
        Some(entry) => {
            let data = (entry.load)(&Request { name: entry.name, folder, device })?;
            let ImageShape { height, width, .. } = data.train.shape;
            if height.max(width) > MAX_SIDE {
                return Err(DataError::TooLarge { name: name.to_owned(), height, width });
            }
            Ok(data)
        }
        None => {
            let names: Vec<&str> = REGISTRY.iter().map(|entry| entry.name).collect();
            let likeness = |known: &str| strsim::jaro_winkler(known, name);
            let nearest = names.iter().max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
            let nearest = nearest.filter(|known| likeness(known) > 0.7);
            Err(DataError::UnknownName {
                name: name.to_owned(),
                nearest: nearest.map(|known| format!("; did you mean `{known}`?")).unwrap_or_default(),
                known: names.join(", "),
            })
        }
    }
}
