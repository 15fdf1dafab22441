//! A method of one's own, an autoencoder without a prior, on networks of one's own: neither needs a line in the crate.
//!
//! `cargo run --release --example own_objective`

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use wgpu_simvae::kernels::loss::likelihood::{Likelihood, LikelihoodKind};
use wgpu_simvae::methods::{Batch, Forward, Model, Objective};
use wgpu_simvae::nn::{Backbone, Mlp, Module, Networks, Params, Sizes};
use wgpu_simvae::plan::Graph;
use wgpu_simvae::{Config, Device, FileOptions, Recipe, RunOptions, Silent, load_with, run};

#[derive(Debug)]
struct Autoencoder;

impl Objective for Autoencoder {
    fn terms(&self) -> &'static [&'static str] {
        &["reconstruction"]
    }

    fn networks(&self, params: &mut Params, sizes: &Sizes<'_>) -> Networks {
        let (image, latent) = (sizes.image, sizes.latent);
        let encoder = sizes.backbone.encoder(params, "enc", image, latent);
        let head = sizes.backbone.decoder(params, "dec", image, latent);
        Networks { encoder, encoded: latent, latent, head, generative: false }
    }

    fn emit(&self, g: &mut Graph, model: &Model, batch: &Batch<'_>) -> Forward {
        let forward = model.project(g, batch.x);
        let (rows, width) = batch.x.shape.as_matrix();
        let (terms, dlogits) = (g.tensor("squared error", [rows]), g.grad_first(forward.z));
        let scale = 1.0 / rows as f64;
        let kernel = Likelihood { kind: LikelihoodKind::Gaussian, rows, width, variance: 1.0, gradient_scale: scale };
        g.push("squared error", kernel, &[forward.z, batch.x, terms, dlogits]);
        model.record(g, 0, terms, scale);
        forward
    }
}

/// One hidden layer on either side.
#[derive(Debug)]
struct Shallow;

impl Backbone for Shallow {
    fn encoder(&self, params: &mut Params, name: &str, image: [usize; 3], outputs: usize) -> Arc<dyn Module> {
        Arc::new(Mlp::new(params, name, &[image.iter().product(), 100, outputs]))
    }

    fn decoder(&self, params: &mut Params, name: &str, image: [usize; 3], latent: usize) -> Arc<dyn Module> {
        Arc::new(Mlp::new(params, name, &[latent, 100, image.iter().product()]))
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut config = Config { method: "autoencoder".into(), epochs: 3, batch: 32, views: 2, ..Config::default() };
    config.model.kind = "shallow".into();
    config.optim.lr = 1e-3;
    let device = Device::cpu();
    let data = load_with("sprites", None, &device, &FileOptions { limit: 1000, ..FileOptions::default() })?;
    let recipe = Recipe::with(&config, Arc::new(Autoencoder), Arc::new(Shallow))?;
    let out = tempfile::tempdir()?;
    let options = RunOptions { out: out.path().join("run"), resume: false, checkpoint: None };
    let report = run(&recipe, &data, &device, &options, &mut Silent, &AtomicBool::new(false))?;
    println!("{} steps, {:?}", report.steps, report.losses);
    Ok(())
}
