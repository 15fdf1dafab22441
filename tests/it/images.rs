//! Data sets of image files: folders, CelebA's layout, damaged files, and the cache of decoded images.

use crate::common::folders::temporary;
use image::{DynamicImage, GrayImage, Luma, Rgb, RgbImage};
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;
use wgpu_simvae::data::{Corrupt, Dataset, FileOptions, load_with};
use wgpu_simvae::device::Device;

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
    load_with(name, Some(folder), &Device::cpu(), options).map_err(|error| error.to_string())
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
    let among_first = |class| data.train.labels[..9].iter().filter(|&&label| label == class).count();
    assert!(among_first(0) >= 2 && among_first(1) >= 2, "a limit keeps images of every class");
    let mut all: Vec<(&String, u8)> = Vec::new();
    for images in [&data.train, &data.test] {
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
    let named = load_with(&path, None, &Device::cpu(), &options(12)).expect("the path in the name");
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
    let message = load_with("folder", None, &Device::cpu(), &options(8)).expect_err("no path").to_string();
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
    let mut vast = whole.clone();
    let frame = vast.windows(2).position(|pair| pair == [0xff, 0xc0]).expect("a frame");
    vast[frame + 5..frame + 9].fill(0xff);
    let cases: [(&str, &[u8]); 9] = [
        ("cats/empty.png", b""),
        ("cats/text.jpg", b"This is not a picture."),
        ("cats/half.jpg", &whole[..whole.len() / 2]),
        ("cats/header.jpg", &whole[..20]),
        ("cats/half.png", &png[..png.len() / 2]),
        ("cats/flipped.png", &flipped),
        ("cats/huge.png", &huge),
        ("cats/vast.jpg", &vast),
        // Over this one the decoder panics.
        ("cats/unsound.jpg", include_bytes!("../unsound.jpg")),
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

const ATTRIBUTES: &str = "list_attr_celeba.txt";
const PARTITION: &str = "list_eval_partition.txt";

/// Six faces in CelebA's layout: one of each colour of hair, one of two, one of none; the third is for validation.
fn celeba() -> TempDir {
    let folder = temporary();
    let lists: [(&str, &[u8]); 2] = [
        (
            ATTRIBUTES,
            b"6\nBald Black_Hair Blond_Hair Brown_Hair Gray_Hair Smiling \n\
              000001.jpg -1  1 -1 -1 -1  1\n\
              000002.jpg -1 -1  1 -1 -1 -1\n\
              000003.jpg -1 -1 -1  1 -1 -1\n\
              000004.jpg -1 -1 -1 -1  1  1\n\
              000005.jpg -1  1 -1  1 -1 -1\n\
              000006.jpg  1 -1 -1 -1 -1  1\n",
        ),
        (PARTITION, b"000001.jpg 0\n000002.jpg 0\n000003.jpg 1\n000004.jpg 2\n000005.jpg 0\n000006.jpg 2\n"),
    ];
    for (name, bytes) in lists {
        put(folder.path(), name, bytes);
    }
    for number in 1..=6 {
        // A white frame around the central square of 148, which is of one grey.
        let inside = |x: u32, y: u32| (15..163).contains(&x) && (35..183).contains(&y);
        let face = RgbImage::from_fn(178, 218, |x, y| Rgb([if inside(x, y) { 20 * number } else { 255 }; 3]));
        save(folder.path(), &format!("img_align_celeba/00000{number}.jpg"), &face.into());
    }
    folder
}

#[test]
fn celeba_has_hair_colours_as_classes_and_the_other_attributes_as_style() {
    let folder = celeba();
    let data = read("celeba", folder.path(), &FileOptions::default()).expect("a good folder");
    let (train, test) = (&data.train, &data.test);
    assert_eq!(train.files, [1, 2, 5].map(|n| format!("img_align_celeba/00000{n}.jpg")));
    // The fifth has two colours, hence no class; the sixth none.
    assert_eq!((&train.labels[..], &test.labels[..]), (&[0, 1, 5][..], &[3, 4][..]));
    assert_eq!(train.classes, ["black", "blond", "brown", "gray", "other", "-"]);
    assert_eq!((train.judged_classes(), &train.factor_names[..]), (5, &["Bald", "Smiling"].map(str::to_owned)[..]));
    assert!(train.binary_factors && test.binary_factors);
    assert_eq!(train.factors, [0.0, 1.0, 0.0, 0.0, 0.0, 0.0]);
    assert_eq!(test.factors, [0.0, 1.0, 1.0, 1.0]);
    assert_eq!((train.shape.channels, train.shape.height, train.shape.width), (3, 64, 64));
    // JPEG smears the frame over at most one of its blocks.
    let near = |pixels: &[u8], number: u8| {
        let inner = (8..56).flat_map(|y| &pixels[y * 64 + 8..y * 64 + 56]);
        inner.into_iter().all(|byte| byte.abs_diff(20 * number) <= 2)
    };
    assert!(near(&train.pixels, 1) && near(&test.pixels, 4));
    assert!(train.pixels.iter().all(|&byte| byte < 200), "the frame is cropped away");
}

#[test]
fn damaged_lists_are_refused_by_line() {
    refusal("celeba", Path::new("/nonexistent/celeba"), &["list_attr_celeba.txt", "--data-dir"]);
    let message = load_with("celeba", None, &Device::cpu(), &options(8)).expect_err("no folder").to_string();
    assert!(message.contains("img_align_celeba.zip"), "{message}");
    let cases: [(&str, &str, &str, &[&str]); 9] = [
        (ATTRIBUTES, "6\n", "many\n", &["line 1", "`many`"]),
        (ATTRIBUTES, "6\n", "7\n", &["line 1", "promises 7 faces, 6 follow"]),
        (ATTRIBUTES, "Gray_Hair", "Grey_Hair", &["line 2", "Gray_Hair"]),
        (ATTRIBUTES, "000002.jpg -1", "000002.jpg 0", &["line 4", "`0` of 000002.jpg"]),
        (ATTRIBUTES, "000002.jpg -1", "000002.jpg", &["line 4", "5 attributes, expected 6"]),
        (ATTRIBUTES, "000002.jpg -1", "other.jpg -1", &["line 2", "000002.jpg has no line"]),
        (PARTITION, "000003.jpg 1", "000003.jpg 3", &["line 3", "part `3`"]),
        (PARTITION, "000003.jpg 1", "000003.jpg", &["line 3", "not a file and the number"]),
        (PARTITION, " 2\n", " 1\n", &["3 training and 0 test images"]),
    ];
    for (name, from, to, words) in cases {
        let folder = celeba();
        let text = std::fs::read_to_string(folder.path().join(name)).expect("a list");
        assert!(text.contains(from), "{from}");
        put(folder.path(), name, text.replace(from, to).as_bytes());
        refusal("celeba", folder.path(), words);
    }
    let folder = celeba();
    std::fs::remove_file(folder.path().join("img_align_celeba/000004.jpg")).expect("it is there");
    refusal("celeba", folder.path(), &["000004.jpg", "data.corrupt=skip"]);
}

/// The only file of a cache.
fn cached(cache: &Path) -> PathBuf {
    let files: Vec<PathBuf> = std::fs::read_dir(cache).expect("a cache").flatten().map(|entry| entry.path()).collect();
    assert_eq!(files.len(), 1, "{files:?}");
    files[0].clone()
}

#[test]
fn a_second_start_takes_the_decoded_images() {
    let (folder, cache) = (two_classes(), temporary());
    put(folder.path(), "cats/damaged.png", b"");
    let plain = FileOptions { corrupt: Corrupt::Skip, ..options(8) };
    let with_cache = FileOptions { cache: Some(cache.path().join("new")), ..plain.clone() };
    let decoded = read("folder", folder.path(), &plain).expect("it decodes");
    assert_eq!(read("folder", folder.path(), &with_cache).expect("the first start"), decoded);

    // Ruined files of the same size and time: the cache does not look into them.
    let ruin = folder.path().join("cats/3.png");
    let data = std::fs::metadata(&ruin).expect("it is there");
    std::fs::write(&ruin, vec![0; data.len() as usize]).expect("it is written");
    let file = std::fs::OpenOptions::new().write(true).open(&ruin).expect("it opens");
    file.set_modified(data.modified().expect("a time")).expect("the time is set");
    let mapped = read("folder", folder.path(), &with_cache).expect("the second start");
    assert_eq!(mapped, decoded);
    let mut fewer = mapped.clone();
    fewer.train.truncate(5);
    assert_eq!((fewer.train.len(), fewer.train.pixels.len()), (5, 5 * 192));
    assert_eq!(fewer.train.pixels[..], mapped.train.pixels[..5 * 192]);

    // Another time of change, another size, another setting: decoded again.
    save(folder.path(), "cats/3.png", &coloured(77, 20, 20));
    let changed = read("folder", folder.path(), &with_cache).expect("it decodes again");
    assert_eq!(changed, read("folder", folder.path(), &plain).expect("it decodes"));
    assert_ne!(changed, mapped);
    assert_eq!(mapped, decoded, "what is mapped does not change with the file");
    cached(&cache.path().join("new"));
    let larger = FileOptions { size: 9, ..with_cache };
    assert_eq!(read("folder", folder.path(), &larger).expect("it decodes").train.shape.width, 9);
}

#[test]
fn faces_are_cached_with_their_attributes() {
    let (folder, cache) = (celeba(), temporary());
    let with_cache = FileOptions { cache: Some(cache.path().to_owned()), ..FileOptions::default() };
    let decoded = read("celeba", folder.path(), &FileOptions::default()).expect("it decodes");
    for _ in 0..2 {
        assert_eq!(read("celeba", folder.path(), &with_cache).expect("it loads"), decoded);
    }
    // The same pictures with another attribute are another data set.
    let text = std::fs::read_to_string(folder.path().join(ATTRIBUTES)).expect("a list");
    put(folder.path(), ATTRIBUTES, text.replace("000001.jpg -1", "000001.jpg  1").as_bytes());
    assert_eq!(read("celeba", folder.path(), &with_cache).expect("it loads").train.factors[0], 1.0);
}

/// The same data, whatever is said about them.
#[track_caller]
fn assert_same(mut again: Dataset, decoded: &Dataset) {
    again.notes.clone_from(&decoded.notes);
    assert_eq!(again, *decoded);
}

#[test]
fn a_damaged_cache_is_made_again() {
    let (folder, cache) = (two_classes(), temporary());
    let with_cache = FileOptions { cache: Some(cache.path().to_owned()), ..options(8) };
    let decoded = read("folder", folder.path(), &with_cache).expect("it decodes");
    let path = cached(cache.path());
    let good = std::fs::read(&path).expect("a cache");
    let mut damaged: Vec<Vec<u8>> = [0, 1, 7, 8, 100, good.len() / 2, good.len() - 1]
        .into_iter()
        .map(|length| good[..length].to_vec())
        .chain([b"something else".to_vec(), vec![0xff; 4096], [&good[..], &[0]].concat()])
        .collect();
    // Any single byte, of the header, the names and the numbers.
    damaged.extend((0..good.len()).step_by(97).map(|at| {
        let mut bytes = good.clone();
        bytes[at] ^= 0x10;
        bytes
    }));
    for bytes in damaged {
        // Not in place: what is mapped lives on in the old file.
        std::fs::remove_file(&path).and_then(|()| std::fs::write(&path, bytes)).expect("it is written");
        let again = read("folder", folder.path(), &with_cache).expect("it decodes again");
        assert!(again.notes.iter().any(|note| note.contains("the cache is damaged")), "{:?}", again.notes);
        assert_same(again, &decoded);
        assert_eq!(std::fs::read(&path).expect("a cache"), good, "the cache is whole again");
    }
    // A folder that cannot be: everything is decoded each time.
    let nowhere = FileOptions { cache: Some(path.join("inside a file")), ..options(8) };
    let again = read("folder", folder.path(), &nowhere).expect("it decodes");
    assert!(again.notes.iter().any(|note| note.contains("the next start decodes again")), "{:?}", again.notes);
    assert_same(again, &decoded);
}

#[test]
fn a_run_on_a_folder_lists_its_files_and_what_it_left_out() {
    let (folder, out) = (two_classes(), temporary());
    put(folder.path(), "dogs/damaged.jpg", b"no picture");
    let simvae = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_wgpu-simvae")).args(arguments).output().expect("it starts");
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (data, run) = (format!("folder:{}", folder.path().display()), out.path().join("run").display().to_string());
    let settings = ["model.kind=mlp", "batch=6", "epochs=1", "model.hidden=[8]", "data.size=8", "data.cache=off"];
    let mut train = vec!["train", "--device", "cpu", "--data", &data, "--out", &run];
    train.extend(settings.iter().flat_map(|set| ["--set", set]));
    let (code, text) = simvae(&train);
    assert!(code == Some(1) && text.contains("damaged.jpg") && text.contains("data.corrupt=skip"), "{text}");
    train.extend(["--set", "data.corrupt=skip"]);
    let (code, text) = simvae(&train);
    assert!(code == Some(0) && text.contains("files left out: 1, see"), "{text}");
    let list = std::fs::read_to_string(out.path().join("run/skipped-files.txt")).expect("a list");
    assert!(list.starts_with("dogs/damaged.jpg: "), "{list}");

    // The folder moved: the run still opens.
    let moved = out.path().join("moved");
    std::fs::rename(folder.path(), &moved).expect("it moves");
    assert_eq!(simvae(&["embed", &run, "--device", "cpu", "--data-dir", &moved.display().to_string()]).0, Some(0));
    let embeddings = out.path().join("run/embeddings");
    let [others, files] = ["train", "test"]
        .map(|split| std::fs::read_to_string(embeddings.join(format!("{split}-files.txt"))).expect("a list"));
    assert_eq!(others.lines().count() + files.lines().count(), 20);
    let bytes = std::fs::read(embeddings.join("test.safetensors")).expect("an embedding");
    let (_, header) = safetensors::SafeTensors::read_metadata(&bytes).expect("a header");
    assert_eq!(header.metadata().as_ref().expect("metadata")["files"], files.trim_end());
}
