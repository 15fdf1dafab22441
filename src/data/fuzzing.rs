//! Doors to the readers of data; see `crate::fuzzing`.

use super::cache::Cache;
use super::decode::Square;
use super::{cifar, decode, idx};
use flate2::read::MultiGzDecoder;
use flate2::{Compression, write::GzEncoder};
use std::io::Write;
use std::path::{Path, PathBuf};

/// A file of this process in memory.
fn file(name: &str, bytes: &[u8]) -> PathBuf {
    let path = Path::new("/dev/shm").join(format!("wgpu-simvae-fuzz-{}-{name}", std::process::id()));
    std::fs::write(&path, bytes).expect("there is room in memory");
    path
}

/// MNIST's files.
pub fn idx(bytes: &[u8], packed: bool) {
    let most = bytes.len() as u64;
    for rank in [1, 3] {
        match packed {
            true => drop(idx::parse(PathBuf::new(), MultiGzDecoder::new(bytes), most * 1100, rank)),
            false => drop(idx::parse(PathBuf::new(), bytes, most, rank)),
        }
    }
}

/// A tar archive, packed here as it is read.
pub fn archive(bytes: &[u8]) {
    let mut packed = GzEncoder::new(Vec::new(), Compression::none());
    let packed = packed.write_all(bytes).and_then(|()| packed.finish()).expect("it is packed");
    let _refused = cifar::read_archive(&file("archive", &packed));
}

/// The attribute list of CelebA.
pub fn celeba(bytes: &[u8]) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        super::celeba::read_faces(text);
    }
}

/// A picture.
pub fn picture(bytes: &[u8]) {
    let _refused = decode::picture(bytes, Square { crop: 64, size: 8 });
}

/// A cache of decoded images.
pub fn cache(bytes: &[u8]) {
    let _refused = Cache::at(file("cache", bytes)).open();
}
