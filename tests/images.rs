//! Data sets of image files: folders, CelebA's layout, damaged files, and the cache of decoded images.

use image::{DynamicImage, GrayImage, Luma, Rgb, RgbImage};
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use wgpu_simvae::data::{Corrupt, Dataset, FileOptions, load_with};
use wgpu_simvae::device::Choice;

fn temporary() -> TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

/// A picture whose colours tell its number and its places.
fn coloured(number: u8, width: u32, height: u32) -> DynamicImage {
    RgbImage::from_fn(width, height, |x, y| Rgb([number, (x * 255 / width) as u8, (y * 255 / height) as u8])).into()
}

fn grey(number: u8) -> DynamicImage {
    GrayImage::from_pixel(9, 7, Luma([number])).into()
}

fn save(folder: &Path, name: &str, image: &DynamicImage) -> PathBuf {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    image.save(&path).expect("it is written");
    path
}

fn put(folder: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    std::fs::write(&path, bytes).expect("it is written");
    path
}

fn options(size: usize) -> FileOptions {
    FileOptions { size, ..FileOptions::default() }
}

fn read(name: &str, folder: &Path, options: &FileOptions) -> Result<Dataset, String> {
    load_with(name, Some(folder), &Choice::cpu(), options).map_err(|error| error.to_string())
}

fn refusal(name: &str, folder: &Path, words: &[&str]) {
    let message = read(name, folder, &options(8)).expect_err("it is refused");
    for word in words {
        assert!(message.contains(word), "`{word}` is missing from: {message}");
    }
}

/// Two classes of ten images each.
fn two_classes() -> TempDir {
    let folder = temporary();
    for number in 0..10 {
        save(folder.path(), &format!("cats/{number}.png"), &coloured(number, 12, 12));
        save(folder.path(), &format!("dogs/deeper/{number}.PNG"), &coloured(100 + number, 12, 12));
    }
    put(folder.path(), "cats/notes.txt", b"no image");
    put(folder.path(), "cats/._0.png", b"no image either");
    folder
}

#[test]
fn sub_folders_are_classes_and_one_image_in_ten_is_for_testing() {
    let folder = two_classes();
    let data = read("folder", folder.path(), &options(12)).expect("a good folder");
    assert_eq!((data.train.len(), data.test.len()), (18, 2));
    assert_eq!(data.train.classes, ["cats", "dogs"]);
    let mut all: Vec<(&String, u8)> = Vec::new();
    for images in [&data.train, &data.test] {
        assert!(images.files.is_sorted());
        for ((file, &label), pixels) in images.files.iter().zip(&images.labels).zip(images.pixels.chunks(3 * 144)) {
            let number = file.trim_end_matches(".png").trim_end_matches(".PNG");
            let number: u8 = number.rsplit('/').next().and_then(|n| n.parse().ok()).expect("a number");
            // Planes: the first is the number, the second grows to the right, the third downwards.
            assert!(pixels[..144].iter().all(|&byte| byte == 100 * label + number), "{file}");
            assert_eq!((pixels[144 + 11], pixels[288 + 11], pixels[288 + 143]), (233, 0, 233));
            all.push((file, label));
        }
    }
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 20, "every image is in one of the splits");
    let path = format!("folder:{}", folder.path().display());
    let named = load_with(&path, None, &Choice::cpu(), &options(12)).expect("the path in the name");
    assert_eq!(named, data, "the split is the same every time");
}

#[test]
fn a_folder_may_be_split_already() {
    for test in ["test", "val"] {
        let folder = temporary();
        for (at, name) in ["train/a/1.png", "train/b/2.png", "train/b/3.png"].iter().enumerate() {
            save(folder.path(), name, &grey(at as u8));
        }
        save(folder.path(), &format!("{test}/b/4.png"), &grey(200));
        let data = read("folder", folder.path(), &options(4)).expect("a good folder");
        assert_eq!((data.train.shape.channels, data.train.shape.width), (1, 4), "grey stays grey");
        assert_eq!((&data.train.labels[..], &data.test.labels[..]), (&[0, 1, 1][..], &[1][..]));
        assert_eq!((data.test.files[0].as_str(), data.test.pixels[15]), (&format!("{test}/b/4.png")[..], 200));
        save(folder.path(), &format!("{test}/c/5.png"), &grey(0));
        refusal("folder", folder.path(), &["c/5.png", "class `c`"]);
    }
}

#[test]
fn images_without_folders_have_one_class() {
    let folder = temporary();
    for number in 0..4 {
        save(folder.path(), &format!("{number}.png"), &grey(number));
    }
    save(folder.path(), "4.jpg", &coloured(4, 10, 10));
    let data = read("folder", folder.path(), &options(8)).expect("a good folder");
    assert_eq!((data.train.len(), data.test.len(), data.train.classes.len()), (4, 1, 1));
    // One coloured picture makes all have three channels.
    assert_eq!(data.train.shape.channels, 3);
    let grey = data.train.files.iter().position(|file| file == "3.png").expect("3.png trains");
    assert!(data.train.pixels[grey * 192..][..192].iter().all(|&byte| byte == 3));
    save(folder.path(), "class/5.png", &coloured(5, 10, 10));
    refusal("folder", folder.path(), &["0.png", "no class"]);
}

#[test]
fn pictures_are_cropped_to_their_central_square() {
    let folder = temporary();
    // White, with a black square of 20 in the middle.
    let wide = GrayImage::from_fn(60, 20, |x, _| Luma([if (20..40).contains(&x) { 0 } else { 255 }]));
    save(folder.path(), "a.png", &wide.clone().into());
    save(folder.path(), "b.png", &DynamicImage::from(wide).rotate90());
    let data = read("folder", folder.path(), &options(10)).expect("a good folder");
    assert!(data.train.pixels.iter().chain(data.test.pixels.iter()).all(|&byte| byte == 0));
}

#[test]
fn folders_that_hold_no_data_set_are_refused() {
    refusal("folder", Path::new("/nonexistent/photos"), &["/nonexistent/photos", "no such folder"]);
    let folder = temporary();
    refusal("folder", folder.path(), &["0 training and 0 test images", "jpg or png"]);
    save(folder.path(), "a/1.png", &grey(1));
    refusal("folder", folder.path(), &["0 training and 1 test images"]);
    let many = temporary();
    for class in 0..257 {
        put(many.path(), &format!("{class}/1.png"), b"");
    }
    refusal("folder", many.path(), &["257 sub-folders with images", "at most 256 classes"]);
    let message = load_with("folder", None, &Choice::cpu(), &options(8)).expect_err("no path").to_string();
    assert!(message.contains("folder:PATH"), "{message}");
}

#[test]
fn damaged_files_stop_the_run_or_are_left_out() {
    let whole = std::fs::read(save(temporary().path(), "a.jpg", &coloured(1, 40, 40))).expect("a jpg");
    let png = std::fs::read(save(temporary().path(), "a.png", &coloured(1, 40, 40))).expect("a png");
    let mut flipped = png.clone();
    flipped[png.len() / 2] ^= 0x40;
    // Four billion pixels a side, with a header's right checksum missing: refused before any memory is asked for.
    let mut huge = png.clone();
    huge[16..24].fill(0x7f);
    let cases: [(&str, &[u8]); 7] = [
        ("cats/empty.png", b""),
        ("cats/text.jpg", b"This is not a picture."),
        ("cats/half.jpg", &whole[..whole.len() / 2]),
        ("cats/header.jpg", &whole[..20]),
        ("cats/half.png", &png[..png.len() / 2]),
        ("cats/flipped.png", &flipped),
        ("cats/huge.png", &huge),
    ];
    let folder = two_classes();
    for (name, bytes) in cases {
        let path = put(folder.path(), name, bytes);
        refusal("folder", folder.path(), &[name, "data.corrupt=skip"]);
        let skip = FileOptions { corrupt: Corrupt::Skip, ..options(8) };
        let data = read("folder", folder.path(), &skip).expect("it is left out");
        assert_eq!(data.train.len() + data.test.len(), 20, "{name}");
        assert!(data.skipped.len() == 1 && data.skipped[0].starts_with(name), "{:?}", data.skipped);
        std::fs::remove_file(path).expect("it is removed");
    }
    let nothing = temporary();
    for name in ["train/a/1.png", "test/a/2.png"] {
        put(nothing.path(), name, b"");
    }
    let skip = FileOptions { corrupt: Corrupt::Skip, ..options(8) };
    let message = read("folder", nothing.path(), &skip).expect_err("nothing is left");
    assert!(message.contains("no training image"), "{message}");
}
