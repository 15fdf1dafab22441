//! Pictures that are kept larger than they are seen: training, streaming, resuming and judging work as with any others.

use crate::common::ends::{assert_ends, simvae};
use crate::common::folders::{read_with, temporary};
use image::{Rgb, RgbImage};
use std::path::Path;
use tempfile::TempDir;
use wgpu_simvae::Recipe;
use wgpu_simvae::data::{Dataset, FileOptions, load_with};
use wgpu_simvae::device::Device;
use wgpu_simvae::run_folder::checkpoint;
use wgpu_simvae::settings::Config;
use wgpu_simvae::train::Session;

const STORE: usize = 64;
const SIZE: usize = 32;

/// Two classes of twelve pictures each, with lines as fine as a pixel.
fn pictures() -> TempDir {
    let folder = temporary();
    for number in 0..24u32 {
        let colour = |x: u32, y: u32| {
            Rgb([255 * ((x + number) % 2) as u8, (x * y * (number + 3)) as u8, (3 * y + 9 * number) as u8])
        };
        let path = folder.path().join(format!("{}/{number}.png", if number < 12 { "cats" } else { "dogs" }));
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        RgbImage::from_fn(80, 70, colour).save(path).expect("it is written");
    }
    folder
}

fn options(store: usize, size: usize) -> FileOptions {
    FileOptions { store, size, ..FileOptions::default() }
}

fn weights(run: &Path) -> Vec<u8> {
    let (_, last) = checkpoint::list(run).expect("a listing").pop().expect("a checkpoint");
    std::fs::read(last.join("model.safetensors")).expect("weights")
}

fn on_both(law: impl Fn(&'static str)) {
    law("cpu");
    if crate::common::adapter().is_some() {
        law("gpu");
    }
}

#[test]
fn a_run_trains_streams_resumes_and_is_judged() {
    on_both(|device| {
        let (folder, out) = (pictures(), temporary());
        let data = format!("folder:{}", folder.path().display());
        let path = |name: &str| out.path().join(name).display().to_string();
        let cache = format!("data.cache={}", path("cache"));
        let train = |name: &str, more: &[&str]| {
            let to = path(name);
            let set = ["data.store=64", "data.size=32", "model.kind=mlp", "model.hidden=[8]", "model.latent=4"];
            let small = ["batch=5", "views=2", "epochs=2", "log.every=4", &cache];
            let sets = set.iter().chain(&small).chain(more).flat_map(|set| ["--set", set]);
            let command = ["train", "--device", device, "--data", &data, "--out", &to];
            simvae(&command.into_iter().chain(sets).collect::<Vec<_>>())
        };
        assert_ends(&train("whole", &[]), 0, &[]);
        assert_ends(&train("streamed", &["data.device_bytes=1000"]), 0, &[]);
        assert!(weights(&out.path().join("whole")) == weights(&out.path().join("streamed")), "{device}: other weights");

        let (run, kept) = (out.path().join("whole"), weights(&out.path().join("whole")));
        let (_, last) = checkpoint::list(&run).expect("a listing").pop().expect("a checkpoint");
        std::fs::remove_dir_all(last).expect("it goes");
        assert_ends(&simvae(&["train", "--device", device, "--out", &path("whole"), "--resume"]), 0, &[]);
        assert!(kept == weights(&run), "{device}: the resumed run has other weights");

        let looks = [&["embed"][..], &["reconstruct"], &["sample"], &["traverse"], &["interpolate"]];
        for look in looks {
            assert_ends(&simvae(&[look, &[&path("whole"), "--device", device]].concat()), 0, &[]);
        }
        let judges = ["--probe-epochs", "1", "--mixture-starts", "1"];
        assert_ends(&simvae(&[&["eval", &path("whole"), "--device", device][..], &judges].concat()), 0, &["k-NN"]);
        assert_ends(&simvae(&["decode", &path("whole"), "--device", device, "--steps", "3"]), 0, &["mean image"]);

        // What is kept does not depend on what is seen of it.
        assert_ends(&train("smaller", &["data.size=16"]), 0, &[]);
        let cached = std::fs::read_dir(path("cache")).expect("a folder").flatten();
        let cached =
            cached.filter(|file| file.path().extension().is_some_and(|ending| ending == "safetensors")).count();
        assert_eq!(cached, 1);
        assert_ends(&train("none", &["data.store=31"]), 2, &["data.store = 31", "32 pixels a side"]);
        assert!(!out.path().join("none").exists());
    });
}

#[test]
fn plain_images_are_the_stored_ones_reduced() {
    let folder = pictures();
    let data = read_with(folder.path(), &options(STORE, SIZE)).expect("a good folder");
    let set = ["data.name=folder", "model.kind=mlp", "model.hidden=[8]", "method=vae", "batch=4", "views=2"];
    let config = Config::of(set).expect("valid settings");
    let recipe = Recipe::new(&config).expect("a recipe");
    let (shape, seen) = (data.test.shape, data.test.seen);
    assert_eq!([shape.height, shape.width, seen.height, seen.width], [STORE, STORE, SIZE, SIZE]);
    on_both(|device| {
        let device = match device {
            "cpu" => Device::cpu(),
            _ => crate::common::gpu().expect("an adapter"),
        };
        let mut session = Session::open(&recipe, &data, &device).expect("it opens");
        let test = session.blueprint.test;
        let (x, pictures) = session.reconstruct(&test, 2).expect("it draws");
        assert_eq!((x.len(), pictures.len()), (2 * 3 * SIZE * SIZE, 2 * 3 * SIZE * SIZE));
        let want = data.test.pixels.chunks(shape.bytes()).flat_map(|image| data.test.as_seen(image).into_owned());
        // The host's are rounded to bytes.
        let near = |(x, byte): (f32, u8)| (x * 255.0 - f32::from(byte)).abs() <= 0.51;
        assert!(x.into_iter().zip(want).all(near));
    });
}

/// A training and a test photograph in CelebA's layout, of one grey in a white frame.
fn celeba() -> TempDir {
    let folder = temporary();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).expect("it is written");
    write(
        "list_attr_celeba.txt",
        "2\nBlack_Hair Blond_Hair Brown_Hair Gray_Hair\n1.jpg 1 -1 -1 -1\n2.jpg -1 1 -1 -1\n",
    );
    write("list_eval_partition.txt", "1.jpg 0\n2.jpg 2\n");
    std::fs::create_dir_all(folder.path().join("img_align_celeba")).expect("a folder");
    for name in ["1.jpg", "2.jpg"] {
        let inside = |x: u32, y: u32| (15..163).contains(&x) && (35..183).contains(&y);
        let face = RgbImage::from_fn(178, 218, |x, y| Rgb([if inside(x, y) { 20 } else { 255 }; 3]));
        face.save(folder.path().join("img_align_celeba").join(name)).expect("it is written");
    }
    folder
}

#[test]
fn photographs_of_celeba_are_kept_whole() {
    let folder = celeba();
    let read = |store| {
        let options = FileOptions { store, ..FileOptions::default() };
        load_with("celeba", Some(folder.path()), &Device::cpu(), &options).map_err(|error| error.to_string())
    };
    let train = read(89).expect("a good folder").train;
    assert_eq!([train.shape.height, train.shape.width, train.seen.height, train.seen.width], [109, 89, 64, 64]);
    assert!(train.pixels[0] > 250 && train.pixels[54 * 89 + 44] < 30, "the frame is there, and the face");
    // At their own size they are the files' pixels.
    let train = read(178).expect("a good folder").train;
    let file = image::open(folder.path().join(&train.files[0])).expect("a picture").into_rgb8();
    let red: Vec<u8> = file.pixels().map(|pixel| pixel.0[0]).collect();
    assert_eq!(train.pixels[..red.len()], red);
    assert!(read(179).expect_err("they are smaller").contains("at most 178"));
}

#[test]
fn what_is_kept_at_the_size_at_which_it_is_seen_is_what_it_was() {
    let folder = pictures();
    let read = |options: &FileOptions| -> Dataset { read_with(folder.path(), options).expect("a good folder") };
    assert_eq!(read(&options(SIZE, SIZE)), read(&options(0, SIZE)));
    let refused = read_with(folder.path(), &options(SIZE - 1, SIZE)).expect_err("it is smaller");
    assert!(refused.contains("data.store = 31") && refused.contains("32 pixels a side"), "{refused}");
}
