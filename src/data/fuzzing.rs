//! Doors to the readers of data; see `crate::fuzzing`.

use super::cache::{Cache, summed};
use super::decode::Square;
use super::idx::Length;
use super::{celeba, cifar, decode, idx};
use flate2::read::MultiGzDecoder;
use flate2::{Compression, write::GzEncoder};
use std::io::Write;
use std::path::{Path, PathBuf};

/// Stands between the two files of an input.
const BETWEEN: u8 = 0x1f;

fn halves(bytes: &[u8]) -> (&[u8], &[u8]) {
    let at = bytes.iter().position(|&byte| byte == BETWEEN).unwrap_or(bytes.len());
    (&bytes[..at], bytes.get(at + 1..).unwrap_or_default())
}

/// A file of this process in memory.
fn file(name: &str, bytes: &[u8]) -> PathBuf {
    let path = Path::new("/dev/shm").join(format!("wgpu-simvae-fuzz-{}-{name}", std::process::id()));
    std::fs::write(&path, bytes).expect("there is room in memory");
    path
}

/// MNIST's files.
pub fn idx(bytes: &[u8], packed: bool) {
    let most = bytes.len() as u64;
    for (rank, wanted) in [(1, usize::MAX), (3, usize::MAX), (3, 2)] {
        match packed {
            true => {
                let most = Length::AtMost(most * 1100);
                drop(idx::parse(PathBuf::new(), MultiGzDecoder::new(bytes), most, rank, wanted));
            }
            false => drop(idx::parse(PathBuf::new(), bytes, Length::Exactly(most), rank, wanted)),
        }
    }
}

/// A tar archive, packed here as it is read.
pub fn archive(bytes: &[u8]) {
    let mut packed = GzEncoder::new(Vec::new(), Compression::none());
    let packed = packed.write_all(bytes).and_then(|()| packed.finish()).expect("it is packed");
    let _refused = cifar::read_archive(&file("archive", &packed));
}

/// CIFAR-10's names, and a batch.
pub fn cifar(bytes: &[u8]) {
    let (names, batch) = halves(bytes);
    let folder = Path::new("/dev/shm").join(format!("wgpu-simvae-fuzz-{}-cifar", std::process::id()));
    std::fs::create_dir_all(&folder).expect("there is room in memory");
    for (name, bytes) in [("batches.meta.txt", names), ("data_batch_1.bin", batch)] {
        std::fs::write(folder.join(name), bytes).expect("there is room in memory");
    }
    let _refused = cifar::load(&folder, "cifar10", usize::MAX);
}

/// The two lists of CelebA.
pub fn celeba(text: &str) {
    let (attributes, partition) = text.split_once(char::from(BETWEEN)).unwrap_or((text, ""));
    let lists = [(attributes, "list_attr_celeba.txt".into()), (partition, "list_eval_partition.txt".into())];
    let [attributes, partition] = lists;
    if let Ok(listing) = celeba::join(Path::new(""), attributes, partition) {
        let classes = listing.classes.len();
        for part in [listing.train, listing.test] {
            assert!(part.labels.iter().all(|&label| usize::from(label) < classes));
            assert_eq!(part.factors.len(), part.files.len() * listing.factor_names.len());
        }
    }
}

/// A picture.
pub fn picture(bytes: &[u8]) {
    let _refused = decode::picture(bytes, Square { crop: 64, size: 8 });
}

/// A cache of decoded images, whose checksums are made to fit where they can be.
pub fn cache(bytes: &[u8]) {
    let _refused = Cache::at(file("cache", &summed(bytes))).open();
}
