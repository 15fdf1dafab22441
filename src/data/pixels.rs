//! The bytes of images: in memory of their own, or mapped from a file.

use memmap2::Mmap;
use std::fmt;
use std::ops::{Deref, Range};
use std::sync::Arc;

/// Bytes of images. A clone shares them.
#[derive(Clone)]
pub struct Pixels {
    storage: Arc<Storage>,
    range: Range<usize>,
}

enum Storage {
    Memory(Vec<u8>),
    File(Mmap),
}

impl Pixels {
    /// A part of a mapped file; what reaches beyond its end is left out.
    pub(super) fn mapped(file: &MappedFile, range: Range<usize>) -> Self {
        let end = range.end.min(file.len());
        Self { storage: file.0.clone(), range: range.start.min(end)..end }
    }

    /// Keeps the first `count` bytes.
    pub fn truncate(&mut self, count: usize) {
        self.range.end = self.range.end.min(self.range.start.saturating_add(count));
    }
}

/// A file whose content lies in the address space, read as it is used.
pub(super) struct MappedFile(Arc<Storage>);

impl MappedFile {
    pub fn new(map: Mmap) -> Self {
        Self(Arc::new(Storage::File(map)))
    }
}

impl Deref for MappedFile {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.0.bytes()
    }
}

impl Storage {
    fn bytes(&self) -> &[u8] {
        match self {
            Storage::Memory(bytes) => bytes,
            Storage::File(map) => map,
        }
    }
}

impl Deref for Pixels {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.storage.bytes()[self.range.clone()]
    }
}

impl From<Vec<u8>> for Pixels {
    fn from(bytes: Vec<u8>) -> Self {
        Self { range: 0..bytes.len(), storage: Arc::new(Storage::Memory(bytes)) }
    }
}

impl PartialEq for Pixels {
    fn eq(&self, other: &Self) -> bool {
        self[..] == other[..]
    }
}

impl fmt::Debug for Pixels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pixels({} bytes)", self.len())
    }
}
