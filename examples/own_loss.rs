//! A loss of one's own, the squared error of an autoencoder without a prior, on the networks that the settings name.
//!
//! `cargo run --release --example own_loss`

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use wgpu_simvae::low_level::kernels::loss::likelihood::{Likelihood, LikelihoodKind};
use wgpu_simvae::low_level::kernels::loss::variance::Variance;
use wgpu_simvae::low_level::methods::{Batch, Forward, Model};
use wgpu_simvae::low_level::nn::{Networks, Params, Sizes};
use wgpu_simvae::low_level::plan::Graph;
use wgpu_simvae::train::Session;
use wgpu_simvae::{Config, Device, FileOptions, Objective, Recipe, RunOptions, Silent, load_with, run};

#[derive(Debug)]
struct Autoencoder;

impl Objective for Autoencoder {
    fn terms(&self) -> &'static [&'static str] {
        &["reconstruction"]
    }

    fn networks(&self, params: &mut Params, sizes: &Sizes<'_>) -> Networks {
        let encoder = sizes.backbone.encoder(params, "enc", sizes.image, sizes.latent);
        let head = sizes.backbone.decoder(params, "dec", sizes.image, sizes.latent);
        Networks { encoder, encoded: sizes.latent, latent: sizes.latent, head, generative: false, prior_logvar: None }
    }

    fn emit(&self, g: &mut Graph, model: &Model, batch: &Batch<'_>) -> Forward {
        let forward = model.project(g, batch.x);
        let (rows, width) = batch.x.shape.as_matrix();
        let (terms, dlogits) = (g.tensor("squared error", [rows]), g.grad_first(forward.z));
        let scale = 1.0 / rows as f64;
        let (kind, variance) = (LikelihoodKind::Gaussian, Variance::Fixed(1.0));
        let kernel = Likelihood { kind, rows, width, variance, gradient_scale: scale };
        g.push("squared error", kernel, &[forward.z, batch.x, terms, dlogits]);
        model.record(g, &[terms], scale);
        forward
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut config = Config { method: "autoencoder".into(), epochs: 3, batch: 32, views: 2, ..Config::default() };
    config.model.hidden = vec![100];
    config.optim.lr = 1e-3;
    let device = Device::cpu();
    let data = load_with("sprites", None, &device, &FileOptions { limit: 1000, ..FileOptions::default() })?;
    let recipe = Recipe::with(&config, Arc::new(Autoencoder), config.backbone()?)?;
    let untrained = Session::open(&recipe, &data, &device)?.held_out_loss(0)?;
    let folder = tempfile::tempdir()?;
    let options = RunOptions::new(folder.path().join("run"));
    let mut report = run(&recipe, &data, &device, &options, &mut Silent, &AtomicBool::new(false))?;
    let trained = report.session.held_out_loss(0)?;
    println!("test images before {untrained:.2?}, after {} steps {trained:.2?}", report.steps);
    if trained[0].1 < 0.5 * untrained[0].1 { Ok(()) } else { Err("it did not learn".into()) }
}
