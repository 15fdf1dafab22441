//! What the files of a checkpoint must be: `manifest.json`, written after all of them.

use super::{checksum, sealed};
use crate::files::{FileError, read_if_there};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io;
use std::path::Path;

/// The file's name.
pub const MANIFEST: &str = "manifest.json";

/// Length and checksum of a file, or of its beginning.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    bytes: u64,
    blake3: String,
}

impl Entry {
    /// Of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self { bytes: bytes.len() as u64, blake3: checksum(bytes) }
    }

    /// Whether a file begins with what this was made of.
    pub fn begins(&self, file: &[u8]) -> bool {
        let length = usize::try_from(self.bytes).ok();
        length.and_then(|length| file.get(..length)).is_some_and(|bytes| checksum(bytes) == self.blake3)
    }
}

/// What a checkpoint consists of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Steps done.
    pub step: u64,
    /// Checksum of the settings that the run was made with.
    pub settings: String,
    files: BTreeMap<String, Entry>,
}

impl Manifest {
    /// Of no files yet.
    pub fn new(step: u64, settings: String) -> Self {
        Self { step, settings, files: BTreeMap::new() }
    }

    /// Adds a file.
    pub fn add(&mut self, name: &str, bytes: &[u8]) {
        self.files.insert(name.to_owned(), Entry::of(bytes));
    }

    /// The manifest as its file has it.
    ///
    /// # Errors
    /// Never for the names of a checkpoint.
    pub fn to_bytes(&self) -> io::Result<Vec<u8>> {
        sealed::seal(self).map_err(io::Error::other)
    }

    /// Reads the manifest of a folder; none where there is none, as in checkpoints of older versions.
    ///
    /// # Errors
    /// When it cannot be read; what is wrong with it, in words, where it is damaged.
    pub fn read(folder: &Path) -> Result<Option<Result<Self, String>>, FileError> {
        Ok(read_if_there(&folder.join(MANIFEST))?.map(|bytes| sealed::unseal(&bytes)))
    }

    /// The checksum of a file that it knows.
    pub fn sum(&self, name: &str) -> Option<&str> {
        self.files.get(name).map(|entry| entry.blake3.as_str())
    }

    /// Checks a file's content.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn check(&self, name: &str, bytes: &[u8]) -> Result<(), String> {
        let Some(entry) = self.files.get(name) else { return Err(format!("{MANIFEST} does not know it")) };
        if entry.bytes != bytes.len() as u64 {
            return Err(format!("{} bytes of {}", bytes.len(), entry.bytes));
        }
        match entry.begins(bytes) {
            true => Ok(()),
            false => Err(format!("its content does not have the checksum in {MANIFEST}")),
        }
    }
}
