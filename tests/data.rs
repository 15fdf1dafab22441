//! Data sets: what is read from IDX files, what is refused, and the laws of the sprites.

use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::Write;
use std::path::Path;
use wgpu_simvae::data::{Dataset, load};
use wgpu_simvae::device::Choice;

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
    load("mnist", Some(folder), &Choice::cpu()).map_err(|error| error.to_string())
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
    let message = load("mnist", None, &Choice::cpu()).expect_err("no folder was named").to_string();
    assert!(message.contains("--data-dir"), "{message}");
    let message = load("minst", None, &Choice::cpu()).expect_err("no such data set").to_string();
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
        let data = load(name, None, &Choice::cpu()).expect("sprites need nothing");
        assert_eq!(data, load(name, None, &Choice::cpu()).expect("sprites need nothing"));
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
    }
}
