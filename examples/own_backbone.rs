//! Networks of one's own, trained by a method that the settings name: a convolution before linear layers, and back by linear layers alone.
//!
//! `cargo run --release --example own_backbone`

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use wgpu_simvae::low_level::nn::{BatchNorm2d, Conv2d, ConvSettings, Mlp, Module, ParamMemory, Params, Pass, Then};
use wgpu_simvae::low_level::plan::{Graph, Tensor};
use wgpu_simvae::train::Session;
use wgpu_simvae::{Backbone, Config, Device, FileOptions, Recipe, RunOptions, Silent, load_with, run};

#[derive(Debug)]
struct Small;

#[derive(Debug)]
struct Encoder(Conv2d, BatchNorm2d, Mlp);

impl Backbone for Small {
    fn encoder(&self, params: &mut Params, name: &str, image: [usize; 3], outputs: usize) -> Arc<dyn Module> {
        let [channels, height, width] = image;
        let settings = ConvSettings { inputs: channels, outputs: 8, kernel: 3, stride: 2, padding: 1, bias: false };
        let conv = Conv2d::new(params, &format!("{name}.conv"), settings, None);
        let norm = BatchNorm2d::new(params, &format!("{name}.norm"), 8);
        let flat = 8 * height.div_ceil(2) * width.div_ceil(2);
        Arc::new(Encoder(conv, norm, Mlp::new(params, &format!("{name}.head"), &[flat, 64, outputs])))
    }

    fn decoder(&self, params: &mut Params, name: &str, image: [usize; 3], latent: usize) -> Arc<dyn Module> {
        Arc::new(Mlp::new(params, name, &[latent, 64, image.iter().product()]))
    }
}

impl Module for Encoder {
    fn forward(&self, g: &mut Graph, memory: &ParamMemory, x: Tensor, pass: Pass) -> Tensor {
        let Self(conv, norm, head) = self;
        let inner = Pass { differentiate_input: true, ..pass };
        let h = conv.forward(g, memory, x, pass.differentiate_input);
        let h = norm.forward(g, memory, h, Then { add: None, relu: true }, inner);
        let (rows, width) = h.shape.as_matrix();
        head.forward(g, memory, h.reshape([rows, width]), true)
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut config = Config { method: "vae".into(), epochs: 3, batch: 32, views: 2, ..Config::default() };
    config.model.kind = "small".into();
    config.optim.lr = 1e-3;
    let device = Device::cpu();
    let data = load_with("sprites", None, &device, &FileOptions { limit: 1000, ..FileOptions::default() })?;
    let recipe = Recipe::with(&config, config.objective()?, Arc::new(Small))?;
    let untrained = Session::open(&recipe, &data, &device)?.held_out_loss(0)?;
    let folder = tempfile::tempdir()?;
    let options = RunOptions::new(folder.path().join("run"));
    let mut report = run(&recipe, &data, &device, &options, &mut Silent, &AtomicBool::new(false))?;
    let trained = report.session.held_out_loss(0)?;
    println!("test images before {untrained:.2?}, after {} steps {trained:.2?}", report.steps);
    if trained[0].1 < 0.5 * untrained[0].1 { Ok(()) } else { Err("it did not learn".into()) }
}
