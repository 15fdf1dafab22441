//! Embeds a folder of pictures with a trained run: `cargo run --release --example embed_folder -- RUN FOLDER`.
//! Without arguments it paints a few pictures, and trains a small run on them first.

use std::path::Path;
use std::sync::atomic::AtomicBool;
use wgpu_simvae::train::{Apart, load_data};
use wgpu_simvae::{Config, Device, DeviceRequest, Recipe, RunOptions, Silent, Which, choose, run};

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

/// Red and blue pictures in folders of their names.
fn paint(folder: &Path) -> Outcome<()> {
    for (name, channel) in [("red", 0), ("blue", 2)] {
        std::fs::create_dir_all(folder.join(name))?;
        for number in 0..40u8 {
            let mut colour = [60; 3];
            colour[channel] = 120 + 3 * number;
            image::RgbImage::from_pixel(20, 16, image::Rgb(colour))
                .save(folder.join(format!("{name}/{number}.png")))?;
        }
    }
    Ok(())
}

fn train(out: &Path, pictures: &Path, device: &Device) -> Outcome<()> {
    let mut config = Config { epochs: 20, batch: 8, views: 2, ..Config::default() };
    (config.data.name, config.data.dir) = ("folder".to_owned(), pictures.to_string_lossy().into_owned());
    (config.data.size, config.data.cache) = (8, "off".to_owned());
    (config.model.hidden, config.model.latent) = (vec![32], 2);
    let data = load_data(&config, None, device, &mut Silent)?;
    run(&Recipe::new(&config)?, &data, device, &RunOptions::new(out), &mut Silent, &AtomicBool::new(false))?;
    Ok(())
}

fn main() -> Outcome<()> {
    let device = choose(&DeviceRequest::Auto)?;
    let made = tempfile::tempdir()?;
    let [run, folder] = match &std::env::args().skip(1).collect::<Vec<_>>()[..] {
        [run, folder] => [run.into(), folder.into()],
        _ => {
            let [run, folder] = ["run", "pictures"].map(|name| made.path().join(name));
            paint(&folder)?;
            train(&run, &folder, &device)?;
            [run, folder]
        }
    };
    // The data set that the run was trained on need not be there.
    let apart = Apart::open(&run, Which::Newest)?;
    let found = apart.read(&[folder], &mut Silent)?;
    found.failed.iter().for_each(|line| eprintln!("{line}"));
    let mut trained = apart.load(found.images, None, &device)?;
    let pictures = trained.session.blueprint.test;
    let embedding = trained.session.embed(&pictures, pictures.images)?;
    for (file, mu) in trained.data.test.files.iter().zip(embedding.mu.chunks(embedding.latent)) {
        println!("{file} {mu:.3?}");
    }
    if embedding.len() == trained.data.test.files.len() { Ok(()) } else { Err("an image was left out".into()) }
}
