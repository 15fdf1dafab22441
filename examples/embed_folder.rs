//! Embeds a folder of pictures with a trained run.
//!
//! `cargo run --release --example embed_folder -- RUN FOLDER`

use std::path::Path;
use wgpu_simvae::device::{DeviceRequest, choose};
use wgpu_simvae::{Silent, Trained};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [run, folder] = &arguments[..] else { return Err("give a run of a data set of pictures, and a folder".into()) };
    let device = choose(&DeviceRequest::Auto)?;
    let mut trained = Trained::open(Path::new(run), Some(Path::new(folder)), None, &device, &mut Silent)?;
    let source = trained.session.blueprint.train;
    let embedding = trained.session.embed(&source, source.images)?;
    for (file, mu) in trained.data.train.files.iter().zip(embedding.mu.chunks(embedding.latent)) {
        println!("{file} {mu:.3?}");
    }
    Ok(())
}
