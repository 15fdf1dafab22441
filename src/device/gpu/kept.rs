//! Compiled pipelines, kept from one run of the program to the next where the interface hands them out (Vulkan).

use super::AdapterEntry;
use std::path::{Path, PathBuf};
use wgpu::util::pipeline_cache_key;
use wgpu::{Device, Features, PipelineCache, PipelineCacheDescriptor};

/// Bytes of the checksum that a file begins with.
const CHECKSUM: usize = blake3::OUT_LEN;
/// A larger file is begun anew: a driver only ever adds to what it was given.
const MOST_BYTES: usize = 64 << 20;

/// What a driver keeps of the pipelines that it compiled, and the file that holds it.
pub struct Kept {
    cache: PipelineCache,
    file: PathBuf,
    /// What the file holds.
    written: Vec<u8>,
}

impl Kept {
    /// What earlier runs kept for this adapter and driver: nothing where the file is damaged. None where the device does not hand out
    /// pipelines, or there is no cache folder.
    pub fn open(device: &Device, adapter: &AdapterEntry) -> Option<Self> {
        if !device.features().contains(Features::PIPELINE_CACHE) {
            return None;
        }
        let driver = blake3::hash(adapter.describe().as_bytes()).to_hex();
        let name = format!("{}-{}", pipeline_cache_key(&adapter.info)?, &driver[..16]);
        let file = crate::files::cached("pipelines")?.join(name);
        let written = read(&file).unwrap_or_default();
        crate::console::detail(format_args!("pipelines: {} bytes from {}", written.len(), file.display()));
        let data = (!written.is_empty()).then_some(written.as_slice());
        let descriptor = PipelineCacheDescriptor { label: Some("pipelines"), data, fallback: true };
        // SAFETY: the data were written by `write` below, as `get_data` returned them: their checksum says that they are whole, and the
        // file's name and wgpu's own header that they are of this adapter and driver.
        let cache = unsafe { device.create_pipeline_cache(&descriptor) };
        Some(Self { cache, file, written })
    }

    /// For the descriptors of pipelines.
    pub fn cache(&self) -> &PipelineCache {
        &self.cache
    }

    /// Writes what was added. A file that cannot be written only costs the next run its time.
    pub fn write(&mut self) {
        if let Some(data) = self.cache.get_data().filter(|data| *data != self.written) {
            let _best_effort = crate::files::write_atomically(&self.file, &sealed(&data));
            self.written = data;
        }
    }
}

/// A checksum, then the data.
fn sealed(data: &[u8]) -> Vec<u8> {
    [blake3::hash(data).as_bytes(), data].concat()
}

/// The data of a file that is whole and not too large.
fn read(file: &Path) -> Option<Vec<u8>> {
    let mut bytes = std::fs::read(file).ok().filter(|bytes| bytes.len() <= MOST_BYTES)?;
    let (checksum, data) = bytes.split_at_checked(CHECKSUM)?;
    (blake3::hash(data).as_bytes() == checksum).then(|| bytes.split_off(CHECKSUM))
}

#[test]
fn damaged_files_are_ignored() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("pipelines");
    let write = |bytes: &[u8]| std::fs::write(&file, bytes).expect("it is written");
    assert_eq!(read(&file), None, "nothing is there");
    let whole = sealed(b"pipelines");
    write(&whole);
    assert_eq!(read(&file).as_deref(), Some(&b"pipelines"[..]));
    for at in 0..whole.len() {
        let mut damaged = whole.clone();
        damaged[at] ^= 1;
        write(&damaged);
        assert_eq!(read(&file), None, "byte {at}");
        write(&whole[..at]);
        assert_eq!(read(&file), None, "cut at {at}");
    }
}
