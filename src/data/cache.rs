//! Decoded images on disk, so that a second start maps them into memory instead of decoding them again.
//!
//! The cache of a data set is a safetensors file: `train.pixels` `[images, channels, height, width]`, `train.labels`,
//! `train.factors`, the same of the test images, `about` (names, as JSON) and `checksums` of all the others.

use super::hold::{hold, sweep};
use super::listing::{Listing, Part};
use super::pixels::{MappedFile, Pixels};
use super::{Dataset, FileOptions, ImageShape, Images, regular};
use crate::console::detail;
use flate2::Crc;
use md5::{Digest, Md5};
use memmap2::Mmap;
use rayon::prelude::*;
use safetensors::tensor::{Dtype, SafeTensorError, TensorView};
use safetensors::{SafeTensors, serialize_to_file};
use serde::{Deserialize, Serialize};
use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

/// Changes when decoding or the layout of the file does.
const VERSION: &str = "wgpu-simvae images 3";
/// How the folders begin in which caches are written before they are renamed.
const DRAFT: &str = ".caching-";
/// Bytes that share a checksum.
const PIECE: usize = 16 << 20;

/// Where a data set is cached, and what it must be made from to be the right one.
#[derive(PartialEq, Eq)]
pub(super) struct Cache {
    path: PathBuf,
    name: String,
    key: String,
}

/// What a cache knows beside its numbers.
#[derive(Serialize, Deserialize)]
struct About {
    key: String,
    classes: Vec<String>,
    factor_names: Vec<String>,
    skipped: Vec<String>,
    train_files: Vec<String>,
    test_files: Vec<String>,
}

/// The tensors that are checked, in this order.
const CHECKED: [&str; 7] =
    ["about", "train.pixels", "train.labels", "train.factors", "test.pixels", "test.labels", "test.factors"];

impl Cache {
    /// A cache at a path, whatever it is of.
    #[cfg(any(fuzzing, test))]
    pub fn at(path: PathBuf) -> Self {
        Self { path, name: "folder".to_owned(), key: String::new() }
    }

    /// The cache of a listing: one file per folder and settings. Its key tells whether the image files are still those
    /// that it was made from, by their names, sizes and times of change.
    pub fn of(listing: &Listing, name: &str, folder: &Path, options: &FileOptions) -> Self {
        let root = fs::canonicalize(&listing.root).unwrap_or_else(|_| listing.root.clone());
        let settings = format!("{VERSION} {root:?} {name} {} {:?}", listing.frame, options.corrupt);
        let mut key = Md5::new();
        key.update(&settings);
        key.update(format!("{:?} {:?}", listing.classes, listing.factor_names));
        for Part { files, labels, factors } in [&listing.train, &listing.test] {
            key.update(labels);
            key.update(bytemuck::cast_slice::<f32, u8>(factors));
            for file in files {
                let data = fs::metadata(listing.root.join(file)).ok();
                let changed = data.as_ref().and_then(|data| data.modified().ok()?.duration_since(UNIX_EPOCH).ok());
                key.update(format!("{file:?} {:?} {changed:?}", data.map(|data| data.len())));
            }
        }
        let file = format!("{name}-{}.safetensors", &hex(&Md5::digest(&settings))[..16]);
        Self { path: folder.join(file), name: name.to_owned(), key: hex(&key.finalize()) }
    }

    /// The cache of the first so many training images, and of all test images.
    pub fn first(&self, wanted: usize) -> Self {
        let stem = self.path.file_stem().unwrap_or_default().to_string_lossy();
        let path = self.path.with_file_name(format!("{stem}-first-{wanted}.safetensors"));
        Self { path, name: self.name.clone(), key: format!("{} {wanted}", self.key) }
    }

    /// The cached data set; none where there is none, or it is of other files.
    ///
    /// # Errors
    /// In words, when the file is there and damaged.
    pub fn open(&self) -> Result<Option<Dataset>, String> {
        let file = match regular::open(&self.path) {
            Ok(file) => file,
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(None),
            Err(error) => return Err(self.complaint(error)),
        };
        // SAFETY: caches are never changed in place: a new one is written beside the old one and renamed. Whoever
        // truncates one by hand while it is in use loses the process, not more.
        let map = MappedFile::new(unsafe { Mmap::map(&file) }.map_err(|error| self.complaint(error))?);
        match self.read(&map) {
            Some((about, _)) if about.key != self.key => {
                detail(format_args!("cache: {} is of other files", self.path.display()));
                Ok(None)
            }
            Some((_, Some(data))) => {
                detail(format_args!("cache: images are from {}", self.path.display()));
                Ok(Some(data))
            }
            _ => Err(self.complaint("the cache is damaged")),
        }
    }

    fn complaint(&self, problem: impl std::fmt::Display) -> String {
        format!("{}: {problem}", self.path.display())
    }

    /// What the cache knows, and its data if they fit that.
    fn read(&self, map: &MappedFile) -> Option<(About, Option<Dataset>)> {
        let tensors = SafeTensors::deserialize(map).ok()?;
        let parts = CHECKED.map(|name| tensors.tensor(name).ok().map(|tensor| tensor.data()).unwrap_or_default());
        if tensors.tensor("checksums").ok()?.data() != checksums(&parts) {
            return None;
        }
        let about: About = serde_json::from_slice(parts[0]).ok()?;
        let images = |split: &str, files: Vec<String>| {
            let pixels = tensors.tensor(&format!("{split}.pixels")).ok()?;
            let labels = tensors.tensor(&format!("{split}.labels")).ok()?.data().to_vec();
            let factors = tensors.tensor(&format!("{split}.factors")).ok()?;
            let &[count, channels, height, width] = pixels.shape() else { return None };
            if [labels.len(), files.len()] != [count; 2] || factors.shape() != [count, about.factor_names.len()] {
                return None;
            }
            let start = pixels.data().as_ptr() as usize - map.as_ptr() as usize;
            let shape = ImageShape { channels, height, width };
            let pixels = Pixels::mapped(map, start..start + pixels.data().len());
            let (factors, names) = (bytemuck::pod_collect_to_vec(factors.data()), about.factor_names.clone());
            let binary = !names.is_empty();
            let images = Images::new(shape, pixels, labels, about.classes.clone()).ok()?;
            images.with_factors(names, factors, binary).ok()?.with_files(files).ok()
        };
        let both = images("train", about.train_files.clone()).zip(images("test", about.test_files.clone()));
        let data = both.and_then(|(train, test)| Dataset::new(&self.name, train, test).ok());
        let data = data.map(|data| Dataset { skipped: about.skipped.clone(), ..data });
        Some((about, data))
    }

    /// Writes the cache, whole or not at all.
    ///
    /// # Errors
    /// In words, when that fails.
    pub fn store(&self, data: &Dataset) -> Result<(), String> {
        let folder = self.path.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        self.try_store(folder, data).map_err(|problem| self.complaint(problem))
    }

    fn try_store(&self, folder: &Path, data: &Dataset) -> Result<(), SafeTensorError> {
        let Dataset { train, test, .. } = data;
        let about = serde_json::to_vec(&About {
            key: self.key.clone(),
            classes: train.classes.clone(),
            factor_names: train.factor_names.clone(),
            skipped: data.skipped.clone(),
            train_files: train.files.clone(),
            test_files: test.files.clone(),
        })
        .map_err(|error| SafeTensorError::IoError(error.into()))?;
        let mut parts: Vec<(Dtype, Vec<usize>, &[u8])> = vec![(Dtype::U8, vec![about.len()], &about)];
        for images in [train, test] {
            let ImageShape { channels, height, width } = images.shape;
            let (count, factors) = (images.len(), images.factor_names.len());
            parts.push((Dtype::U8, vec![count, channels, height, width], &images.pixels));
            parts.push((Dtype::U8, vec![count], &images.labels));
            parts.push((Dtype::F32, vec![count, factors], bytemuck::cast_slice(&images.factors)));
        }
        let bytes: Vec<&[u8]> = parts.iter().map(|(_, _, bytes)| *bytes).collect();
        let sums = checksums(&bytes);
        let sums = ("checksums", TensorView::new(Dtype::U32, vec![sums.len() / 4], &sums)?);
        let named = CHECKED.iter().zip(parts);
        let views = named.map(|(&name, (kind, shape, bytes))| Ok((name, TensorView::new(kind, shape, bytes)?)));
        let views = views.chain([Ok(sums)]).collect::<Result<Vec<_>, SafeTensorError>>()?;
        let held = hold(folder, || {})?;
        if held.is_some() {
            sweep(folder, DRAFT);
        }
        // The draft's folder goes with everything in it, whatever fails.
        let drafts = tempfile::Builder::new().prefix(DRAFT).tempdir_in(folder)?;
        let (draft, like) = (drafts.path().join("cache"), drafts.path().join("like"));
        serialize_to_file(views, None, &draft)?;
        // As a new file of this user is, not private as drafts are.
        fs::set_permissions(&draft, File::create(&like)?.metadata()?.permissions())?;
        Ok(fs::rename(&draft, &self.path)?)
    }
}

/// A CRC-32 of each piece of each part, as little-endian bytes.
fn checksums(parts: &[&[u8]]) -> Vec<u8> {
    let pieces: Vec<&[u8]> = parts.iter().flat_map(|part| part.chunks(PIECE)).collect();
    let sum = |piece: &&[u8]| {
        let mut crc = Crc::new();
        crc.update(piece);
        crc.sum().to_le_bytes()
    };
    pieces.par_iter().map(sum).collect::<Vec<_>>().concat()
}

/// A cache with its checksums put right, so that the fuzzer comes past them.
#[cfg(any(fuzzing, test))]
pub(super) fn summed(bytes: &[u8]) -> Vec<u8> {
    let mut fitting = bytes.to_vec();
    if let Ok(tensors) = SafeTensors::deserialize(bytes)
        && let Ok(place) = tensors.tensor("checksums").map(|tensor| tensor.data())
    {
        let parts = CHECKED.map(|name| tensors.tensor(name).ok().map(|tensor| tensor.data()).unwrap_or_default());
        let (sums, start) = (checksums(&parts), place.as_ptr() as usize - bytes.as_ptr() as usize);
        if sums.len() == place.len() {
            fitting[start..][..sums.len()].copy_from_slice(&sums);
        }
    }
    fitting
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
