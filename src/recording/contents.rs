//! The safetensors files beside a plan: what its regions begin with.

use super::error::RecordingError;
use super::file::{Element, File, Place, Recording, Stored, StoredAs};
use crate::device::{Values, words_of};
use crate::files::{A_FILE, FileError, read_if_there};
use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

impl Recording {
    /// Reads the files beside the plan: what goes where before the first replay.
    ///
    /// # Errors
    /// When a file that is needed is missing, or one has other tensors than the plan says; each is named.
    pub fn contents(&self, folder: &Path) -> Result<Vec<(Place, Values)>, RecordingError> {
        let mut all = Vec::new();
        for file in &self.files {
            let path = folder.join(&file.name);
            let bytes = match read_if_there(&path)? {
                Some(bytes) => bytes,
                None if file.optional => continue,
                None => std::fs::read(&path).map_err(|error| FileError::reading(&path)(error).advise(A_FILE))?,
            };
            let contents = self.contents_of(file, &bytes);
            all.extend(contents.map_err(|problems| RecordingError::Contents { path, problems })?);
        }
        Ok(all)
    }

    /// What the bytes of one of the files put where.
    ///
    /// # Errors
    /// What does not fit, a line for each tensor.
    pub fn contents_of(&self, file: &File, bytes: &[u8]) -> Result<Vec<(Place, Values)>, Vec<String>> {
        let found = SafeTensors::deserialize(bytes).map_err(|error| vec![format!("not whole: {error}")])?;
        let (mut contents, mut problems) = (Vec::new(), Vec::new());
        for stored in &file.tensors {
            match found.tensor(&stored.name) {
                Ok(tensor) if fits(stored, &tensor) => {
                    let (region, offset) = (stored.region, stored.offset);
                    let values = values(self.regions[region].element, tensor.data());
                    contents.push((Place::Region { region, offset, len: values.len() }, values));
                }
                Ok(tensor) => problems.push(format!(
                    "`{}` is {:?} {:?} there and {:?} {:?} here",
                    stored.name,
                    tensor.dtype(),
                    tensor.shape(),
                    stored.stored_as,
                    stored.shape
                )),
                Err(_) => problems.push(format!("missing: `{}` {:?}", stored.name, stored.shape)),
            }
        }
        if problems.is_empty() { Ok(contents) } else { Err(problems) }
    }

    /// One of the files, made from the bytes of the regions that its tensors lie in.
    ///
    /// # Errors
    /// When a region's bytes are missing or too few.
    pub fn file_bytes(&self, file: &File, regions: &BTreeMap<usize, &[u8]>) -> Result<Vec<u8>, RecordingError> {
        let damaged = |problem: String| RecordingError::Damaged { path: PathBuf::from(&file.name), problem };
        let mut views = Vec::with_capacity(file.tensors.len());
        for stored in &file.tensors {
            let from = stored.offset * 4;
            let bytes = stored.bytes().zip(regions.get(&stored.region));
            let part = bytes.and_then(|(len, bytes)| bytes.get(from..from.checked_add(len)?));
            let part = part.ok_or_else(|| damaged(format!("there are no bytes for `{}`", stored.name)))?;
            let view = TensorView::new(dtype(stored.stored_as), stored.shape.clone(), part);
            views.push((stored.name.clone(), view.map_err(|error| damaged(error.to_string()))?));
        }
        safetensors::serialize(views, None).map_err(|error| damaged(error.to_string()))
    }
}

fn dtype(stored: StoredAs) -> Dtype {
    match stored {
        StoredAs::F32 => Dtype::F32,
        StoredAs::U32 => Dtype::U32,
        StoredAs::U8 => Dtype::U8,
    }
}

fn fits(stored: &Stored, found: &TensorView<'_>) -> bool {
    found.dtype() == dtype(stored.stored_as) && found.shape() == stored.shape
}

/// Bytes as the elements of a region; the last word is filled up with zeros.
pub(super) fn values(element: Element, bytes: &[u8]) -> Values {
    match element {
        Element::F32 => Values::F32(words_of(bytes).into_iter().map(f32::from_bits).collect()),
        Element::U32 => Values::U32(words_of(bytes)),
    }
}
