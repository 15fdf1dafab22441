//! Doors to the readers of data; see `crate::fuzzing`.

use super::cache::{Cache, summed};
use super::decode::Frame;
use super::idx::Length;
use super::{celeba, cifar, decode, idx};
use crate::files::read_or_named;
use flate2::read::MultiGzDecoder;
use flate2::{Compression, write::GzEncoder};
use std::io::Write;
use std::path::Path;
use tempfile::TempDir;

/// Stands between the two files of an input.
const BETWEEN: u8 = 0x1f;

fn halves(bytes: &[u8]) -> (&[u8], &[u8]) {
    let at = bytes.iter().position(|&byte| byte == BETWEEN).unwrap_or(bytes.len());
    (&bytes[..at], bytes.get(at + 1..).unwrap_or_default())
}

/// A folder in memory where there is one, with these files.
fn folder(files: &[(&str, &[u8])]) -> TempDir {
    let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).expect("there is room");
    for (name, bytes) in files {
        std::fs::write(folder.path().join(name), bytes).expect("there is room");
    }
    folder
}

/// MNIST's files.
pub fn idx(bytes: &[u8], packed: bool) {
    let most = bytes.len() as u64;
    for (rank, wanted) in [(1, usize::MAX), (3, usize::MAX), (3, 2)] {
        match packed {
            true => {
                let most = Length::AtMost(most * 1100);
                read_or_named(
                    "idx-ubyte.gz",
                    idx::parse("idx-ubyte.gz".into(), MultiGzDecoder::new(bytes), most, rank, wanted),
                );
            }
            false => drop(read_or_named(
                "idx-ubyte",
                idx::parse("idx-ubyte".into(), bytes, Length::Exactly(most), rank, wanted),
            )),
        }
    }
}

/// A tar archive, packed here as it is read.
pub fn archive(bytes: &[u8]) {
    let mut packed = GzEncoder::new(Vec::new(), Compression::none());
    let packed = packed.write_all(bytes).and_then(|()| packed.finish()).expect("it is packed");
    let folder = folder(&[("archive.tar.gz", &packed)]);
    read_or_named("archive.tar.gz", cifar::read_archive(&folder.path().join("archive.tar.gz")));
}

/// CIFAR-10's names, and a batch.
pub fn cifar(bytes: &[u8]) {
    let (names, batch) = halves(bytes);
    let folder = folder(&[("batches.meta.txt", names), ("data_batch_1.bin", batch)]);
    read_or_named(&folder.path().display().to_string(), cifar::load(folder.path(), "cifar10", usize::MAX));
}

/// The two lists of CelebA.
pub fn celeba(text: &str) {
    let (attributes, partition) = text.split_once(char::from(BETWEEN)).unwrap_or((text, ""));
    let lists = [(attributes, "list_attr_celeba.txt".into()), (partition, "list_eval_partition.txt".into())];
    let ([attributes, partition], frame) = (lists, Frame::square(64, 8));
    if let Some(listing) = read_or_named("list_", celeba::join(Path::new(""), frame, attributes, partition)) {
        let classes = listing.classes.len();
        for part in [listing.train, listing.test] {
            assert!(part.labels.iter().all(|&label| usize::from(label) < classes));
            assert_eq!(part.factors.len(), part.files.len() * listing.factor_names.len());
        }
    }
}

/// A picture.
pub fn picture(bytes: &[u8]) {
    let _refused = decode::picture(bytes, Frame::square(64, 8));
}

/// A cache of decoded images, whose checksums are made to fit where they can be.
pub fn cache(bytes: &[u8]) {
    let folder = folder(&[("cache.safetensors", &summed(bytes))]);
    read_or_named("cache.safetensors", Cache::at(folder.path().join("cache.safetensors")).open());
}
