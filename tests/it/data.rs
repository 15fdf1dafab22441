//! Data sets: what is read from IDX files and CIFAR-10's batches, what is refused, and the laws of the sprites.

use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;
use wgpu_simvae::data::{Dataset, FileOptions, load, load_with};
use wgpu_simvae::device::Device;

const IMAGES: [&str; 2] = ["train-images-idx3-ubyte", "t10k-images-idx3-ubyte"];
const LABELS: [&str; 2] = ["train-labels-idx1-ubyte", "t10k-labels-idx1-ubyte"];

fn idx(dims: &[u32], bytes: &[u8]) -> Vec<u8> {
    let mut file = vec![0, 0, 8, dims.len() as u8];
    file.extend(dims.iter().flat_map(|dim| dim.to_be_bytes()));
    file.extend(bytes);
    file
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).expect("memory takes bytes");
    encoder.finish().expect("memory takes bytes")
}

fn good_images() -> Vec<u8> {
    idx(&[3, 2, 4], &(0..24).collect::<Vec<u8>>())
}

/// A folder with a small valid data set.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (images, labels) in IMAGES.iter().zip(LABELS) {
        put(folder.path(), images, &good_images());
        put(folder.path(), labels, &idx(&[3], &[1, 0, 9]));
    }
    folder
}

fn put(folder: &Path, name: &str, bytes: &[u8]) {
    std::fs::write(folder.join(name), bytes).expect("the folder takes a file");
}

fn read(folder: &Path) -> Result<Dataset, String> {
    load("mnist", Some(folder), &Device::cpu()).map_err(|error| error.to_string())
}

/// The message after one file of a good folder was replaced.
fn refusal(name: &str, bytes: &[u8]) -> String {
    let folder = folder();
    if name.ends_with(".gz") {
        std::fs::remove_file(folder.path().join(name.trim_end_matches(".gz"))).expect("the plain file is there");
    }
    put(folder.path(), name, bytes);
    let message = read(folder.path()).expect_err("the file is refused");
    assert!(message.contains(name), "the message names the file: {message}");
    message
}

#[test]
fn plain_and_gzip_files_load_alike() {
    let plain = read(folder().path()).expect("a good folder");
    assert_eq!((plain.train.len(), plain.train.shape.height, plain.train.shape.width), (3, 2, 4));
    assert_eq!((&plain.train.labels[..], plain.train.pixels[23]), (&[1, 0, 9][..], 23));
    let packed = folder();
    std::fs::remove_file(packed.path().join(IMAGES[0])).expect("the plain file is there");
    put(packed.path(), "train-images-idx3-ubyte.gz", &gzip(&good_images()));
    assert_eq!(read(packed.path()).expect("a good folder"), plain);
}

#[test]
fn what_is_missing_is_named_with_the_remedy() {
    let nowhere = read(Path::new("/nonexistent/mnist")).expect_err("no folder");
    assert!(nowhere.contains("/nonexistent/mnist") && nowhere.contains("data fetch mnist"), "{nowhere}");
    let incomplete = folder();
    std::fs::remove_file(incomplete.path().join(LABELS[1])).expect("the file is there");
    let message = read(incomplete.path()).expect_err("a file is missing");
    assert!(message.contains(LABELS[1]) && message.contains("not found"), "{message}");
    let message = load("mnist", None, &Device::cpu()).expect_err("no folder was named").to_string();
    assert!(message.contains("--data-dir"), "{message}");
    let message = load("minst", None, &Device::cpu()).expect_err("no such data set").to_string();
    assert!(message.contains("did you mean `mnist`"), "{message}");
}

#[test]
fn damaged_files_are_refused() {
    let packed = gzip(&good_images());
    assert!(refusal("train-images-idx3-ubyte.gz", &packed[..packed.len() - 9]).contains("truncated"));
    let mut corrupt = packed.clone();
    corrupt[packed.len() / 2] ^= 0xff;
    refusal("train-images-idx3-ubyte.gz", &corrupt);
    refusal("train-images-idx3-ubyte.gz", b"not gzip at all");
    assert!(refusal(IMAGES[0], &good_images()[..10]).contains("header"));
    assert!(refusal(IMAGES[0], &good_images()[..30]).contains("14 of the 24 bytes"));
    assert!(refusal(IMAGES[0], &[&good_images()[..], &[1]].concat()).contains("more than the 24 bytes"));
}

#[test]
fn no_more_is_read_than_is_wanted() {
    let limited = |folder: &Path, name: &str, limit: usize| {
        let options = FileOptions { limit, ..FileOptions::default() };
        load_with(name, Some(folder), &Device::cpu(), &options).map_err(|error| error.to_string())
    };
    let (plain, packed) = (folder(), folder());
    std::fs::remove_file(packed.path().join(IMAGES[0])).expect("the plain file is there");
    // What lies behind the images that are wanted is cut off.
    let file = gzip(&idx(&[3, 100, 100], &(0..30_000u32).map(|i| (i * i % 251) as u8).collect::<Vec<u8>>()));
    put(packed.path(), IMAGES[0], &file);
    put(packed.path(), IMAGES[1], &file);
    for (folder, limit) in [(&plain, 1), (&plain, 2), (&plain, 3), (&plain, 4), (&packed, 1), (&packed, 2)] {
        let mut whole = read(folder.path()).expect("a good folder");
        whole.train.truncate(limit);
        assert_eq!(limited(folder.path(), "mnist", limit).expect("a good folder"), whole, "{limit}");
    }
    put(packed.path(), IMAGES[0], &file[..file.len() - 9]);
    read(packed.path()).expect_err("it is cut off");
    assert_eq!(limited(packed.path(), "mnist", 1).expect("the first is there").train.len(), 1);
    // How long a plain file is, is known without reading it.
    put(plain.path(), IMAGES[0], &good_images()[..30]);
    assert!(limited(plain.path(), "mnist", 1).expect_err("cut off").contains("14 of the 24 bytes"));

    let folder = cifar();
    let mut whole = read_cifar(folder.path()).expect("a good folder");
    std::fs::remove_file(folder.path().join("cifar-10-batches-bin/data_batch_3.bin")).expect("it is there");
    for limit in [20_000, 10_001, 3] {
        whole.train.truncate(limit);
        assert_eq!(limited(folder.path(), "cifar10", limit).expect("two batches"), whole, "{limit}");
    }
    assert!(limited(folder.path(), "cifar10", 20_001).expect_err("the third is gone").contains("data_batch_3"));
}

#[test]
fn wrong_headers_are_refused() {
    assert!(refusal(IMAGES[0], &idx(&[3], &[1, 2, 3])).contains("magic number"));
    assert!(refusal(LABELS[0], &good_images()).contains("magic number"));
    // Four billion images: refused for what the file can hold, before any memory is asked for.
    assert!(refusal(IMAGES[0], &idx(&[u32::MAX, 28, 28], &[])).contains("promises"));
    assert!(refusal(IMAGES[0], &idx(&[u32::MAX, u32::MAX, u32::MAX], &[])).contains("promises"));
    assert!(refusal(IMAGES[0], &idx(&[0, 2, 4], &[])).contains("nothing"));
    assert!(refusal(LABELS[0], &idx(&[2], &[1, 2])).contains("2 labels, 3 images"));
    assert!(refusal(LABELS[0], &idx(&[3], &[1, 10, 2])).contains("label 10 of image 1"));
}

#[test]
fn images_that_are_too_large_are_refused() {
    let folder = folder();
    for (images, labels) in IMAGES.iter().zip(LABELS) {
        put(folder.path(), images, &idx(&[1, 1025, 2], &[0; 2050]));
        put(folder.path(), labels, &idx(&[1], &[1]));
    }
    let message = read(folder.path()).expect_err("too large");
    assert!(message.contains("1025x2") && message.contains("1024"), "{message}");
}

#[test]
fn sprites_are_the_same_every_time_and_know_their_style() {
    for (name, channels, size) in [("sprites", 1, 28), ("sprites-rgb", 3, 32)] {
        let data = load(name, None, &Device::cpu()).expect("sprites need nothing");
        assert_eq!(data, load(name, None, &Device::cpu()).expect("sprites need nothing"));
        let train = &data.train;
        assert_eq!((train.shape.channels, train.shape.height, train.shape.width), (channels, size, size));
        assert!(train.classes.len() >= 10);
        assert_eq!(train.factors.len(), train.len() * train.factor_names.len());
        assert!(train.factors.iter().all(|factor| (0.0..=1.0).contains(factor)));
        let count = |class| train.labels.iter().filter(|&&label| usize::from(label) == class).count();
        assert!((0..train.classes.len()).all(|class| count(class) == train.len() / train.classes.len()));
        assert_ne!(data.train.pixels[..train.shape.bytes()], data.test.pixels[..train.shape.bytes()]);
        // Every picture shows something, and none is full.
        for picture in train.pixels.chunks(train.shape.bytes()).step_by(97) {
            let ink = picture.iter().filter(|&&byte| byte > 60).count();
            assert!(ink > 10 && ink < picture.len() * 3 / 4, "{ink} pixels of ink");
        }
        for limit in [1, 17, 1_000_000] {
            let options = FileOptions { limit, ..FileOptions::default() };
            let part = load_with(name, None, &Device::cpu(), &options).expect("sprites need nothing");
            let mut first = data.clone();
            first.train.truncate(limit);
            assert_eq!(part, first, "the first {limit} training images, and every test image");
        }
    }
}

const BATCH: &str = "data_batch_1.bin";
const BATCH_BYTES: u64 = 10_000 * 3073;

/// A folder with `cifar-10-batches-bin`: all black, but the first record of the first batch, class 9, counts its pixels.
fn cifar() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let inner = folder.path().join("cifar-10-batches-bin");
    std::fs::create_dir(&inner).expect("a folder");
    let batches = (1..=5).map(|n| format!("data_batch_{n}.bin")).chain(["test_batch.bin".to_owned()]);
    for name in batches {
        let file = std::fs::File::create(inner.join(name)).expect("a file");
        file.set_len(BATCH_BYTES).expect("a file with holes");
    }
    edit(&inner.join(BATCH), 0, &[&[9], &(0..3072).map(|i| (i % 251) as u8).collect::<Vec<u8>>()[..]].concat());
    put(&inner, "batches.meta.txt", b"a\nb\nc\nd\ne\nf\ng\nh\ni\nj\n\n");
    folder
}

fn edit(path: &Path, at: u64, bytes: &[u8]) {
    let mut file = std::fs::OpenOptions::new().write(true).open(path).expect("the file is there");
    file.seek(SeekFrom::Start(at)).and_then(|_| file.write_all(bytes)).expect("the file takes bytes");
}

fn cut(path: &Path, length: u64) {
    let file = std::fs::OpenOptions::new().write(true).open(path).expect("the file is there");
    file.set_len(length).expect("it shrinks");
}

fn read_cifar(folder: &Path) -> Result<Dataset, String> {
    load("cifar10", Some(folder), &Device::cpu()).map_err(|error| error.to_string())
}

/// Packs the folder of a data set as its publishers do.
fn pack(folder: &Path) {
    let file = std::fs::File::create(folder.join("cifar-10-binary.tar.gz")).expect("a file");
    let mut archive = tar::Builder::new(GzEncoder::new(file, Compression::fast()));
    archive.append_dir_all("cifar-10-batches-bin", folder.join("cifar-10-batches-bin")).expect("it packs");
    archive.into_inner().and_then(GzEncoder::finish).expect("it packs");
}

#[test]
fn cifar_loads_from_its_folder_its_parent_and_its_archive() {
    let folder = cifar();
    let data = read_cifar(folder.path()).expect("a good folder");
    assert_eq!((data.train.len(), data.test.len(), data.train.shape.bytes()), (50_000, 10_000, 3072));
    assert_eq!((data.train.labels[0], data.train.labels[1], &data.train.classes[9][..]), (9, 0, "j"));
    assert!(data.train.pixels[..3072].iter().enumerate().all(|(i, &byte)| usize::from(byte) == i % 251));
    let inner = folder.path().join("cifar-10-batches-bin");
    assert_eq!(read_cifar(&inner).expect("the folder itself"), data);
    pack(folder.path());
    std::fs::rename(&inner, folder.path().join("elsewhere")).expect("it moves");
    assert_eq!(read_cifar(folder.path()).expect("the archive"), data);

    let archive = folder.path().join("cifar-10-binary.tar.gz");
    let length = std::fs::metadata(&archive).expect("it is there").len();
    cut(&archive, length / 2);
    let message = read_cifar(folder.path()).expect_err("half an archive");
    assert!(message.contains("cifar-10-binary.tar.gz") && message.contains("truncated"), "{message}");
}

#[test]
fn damaged_cifar_batches_are_refused() {
    let message = read_cifar(Path::new("/nonexistent")).expect_err("no folder");
    assert!(message.contains("data_batch_1.bin") && message.contains("data fetch cifar10"), "{message}");
    type Damage = fn(&Path);
    let cases: [(&str, Damage, &str); 6] = [
        ("data_batch_5.bin", |path| std::fs::remove_file(path).expect("it is there"), "not found"),
        (BATCH, |path| edit(path, 3 * 3073, &[10]), "label 10 of image 3, expected below 10"),
        ("test_batch.bin", |path| edit(path, BATCH_BYTES, &[0]), "more than the 30730000 bytes"),
        ("data_batch_2.bin", |path| cut(path, BATCH_BYTES - 3073), "30726927 of the 30730000 bytes"),
        ("batches.meta.txt", |path| cut(path, 4), "names 2 classes, expected 10"),
        ("batches.meta.txt", |path| std::fs::remove_file(path).expect("it is there"), "data fetch cifar10"),
    ];
    for (name, damage, words) in cases {
        let folder = cifar();
        damage(&folder.path().join("cifar-10-batches-bin").join(name));
        let message = read_cifar(folder.path()).expect_err("it is damaged");
        assert!(message.contains(name) && message.contains(words), "{message}");
    }
}
