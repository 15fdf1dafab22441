//! The memory of a layout on the host: what a file brings to a device before it runs plans, and what comes back.

use super::contents::values;
use super::error::RecordingError;
use super::file::{File, Recording, Stored, StoredAs};
use crate::device::{DeviceError, Values};
use crate::plan::{self, Layout, Tensor};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// The file of all regions.
pub const MEMORY: &str = "memory.safetensors";

/// The regions of a layout as bytes, zero at first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Memory {
    regions: Vec<Vec<u8>>,
}

impl Memory {
    /// For a layout.
    pub fn new(layout: &Layout) -> Self {
        Self { regions: layout.regions().iter().map(|region| vec![0; region.len * 4]).collect() }
    }

    /// The file that holds all of it, as a recording of the layout says it.
    pub fn file(&self) -> File {
        let tensors = self.regions.iter().enumerate().map(|(region, bytes)| Stored {
            name: format!("region {region}"),
            stored_as: StoredAs::U32,
            shape: vec![bytes.len() / 4],
            region,
            offset: 0,
        });
        File { name: MEMORY.to_owned(), optional: false, tensors: tensors.collect() }
    }

    /// Writes a tensor; reals in single precision.
    ///
    /// # Errors
    /// When it lies in no region, or there are more or fewer values.
    pub fn write(&mut self, tensor: Tensor, values: &Values) -> Result<(), DeviceError> {
        let bytes = bytes_of(values);
        let place = self.place(tensor)?;
        if place.len() != bytes.len() {
            return Err(DeviceError::bad(tensor, format!("{} values were given", values.len())));
        }
        place.copy_from_slice(&bytes);
        Ok(())
    }

    /// Reads a tensor.
    ///
    /// # Errors
    /// When it lies in no region.
    pub fn read(&mut self, tensor: Tensor) -> Result<Values, DeviceError> {
        Ok(values(tensor.dtype.into(), self.place(tensor)?))
    }

    fn place(&mut self, tensor: Tensor) -> Result<&mut [u8], DeviceError> {
        let bytes = match tensor.place {
            plan::Place::Region { id, offset } => self
                .regions
                .get_mut(id.index())
                .and_then(|region| region.get_mut(offset * 4..)?.get_mut(..tensor.len() * 4)),
            plan::Place::Arena { .. } => None,
        };
        bytes.ok_or_else(|| DeviceError::bad(tensor, "it lies in no region of this memory"))
    }

    /// The bytes of its file.
    ///
    /// # Errors
    /// When the file is not [`Memory::file`] of this layout.
    pub fn bytes(&self, file: &File, recording: &Recording) -> Result<Vec<u8>, RecordingError> {
        let regions: BTreeMap<usize, &[u8]> = self.regions.iter().map(Vec::as_slice).enumerate().collect();
        recording.file_bytes(file, &regions)
    }

    /// What came back in [`Memory::file`].
    ///
    /// # Errors
    /// When the bytes are not the whole file.
    pub fn taken(file: &File, recording: &Recording, bytes: &[u8]) -> Result<Self, RecordingError> {
        let misfit = |problems| RecordingError::Contents { path: PathBuf::from(&file.name), problems };
        let contents = recording.contents_of(file, bytes).map_err(misfit)?;
        Ok(Self { regions: contents.iter().map(|(_, values)| bytes_of(values)).collect() })
    }
}

fn bytes_of(values: &Values) -> Vec<u8> {
    match values {
        Values::U32(words) => words.iter().flat_map(|word| word.to_le_bytes()).collect(),
        reals => reals.to_f32().iter().flat_map(|x| x.to_le_bytes()).collect(),
    }
}
