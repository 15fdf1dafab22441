//! Weights that are not finite are noticed at a checkpoint where no loss shows them, and where they began is told.

use encase::ShaderType;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use wgpu_simvae::kernels::{Access, Args, Binding, Kernel, Launch, Shader, Tuning};
use wgpu_simvae::math::Real;
use wgpu_simvae::methods::{Batch, Forward, Model, Objective};
use wgpu_simvae::nn::{Mlp, MlpBackbone, Networks, Params, Sizes};
use wgpu_simvae::plan::Graph;
use wgpu_simvae::train::RunError;
use wgpu_simvae::{Config, Device, Recipe, RunOptions, Silent, run};

/// A loss of zero whatever the model does, with a gradient that grows exponentially with its output.
#[derive(Debug)]
struct Runaway {
    count: usize,
}

#[derive(ShaderType)]
struct Count {
    count: u32,
}

impl Kernel for Runaway {
    type Params = Count;
    fn bindings(&self) -> Vec<Binding> {
        vec![
            Binding::real("z", Access::Read, self.count),
            Binding::real("terms", Access::Write, self.count),
            Binding::real("dz", Access::Write, self.count),
        ]
    }
    fn params(&self) -> Count {
        Count { count: self.count as u32 }
    }
    fn launch(&self, _tuning: &Tuning) -> Launch {
        let body = "
struct Params { count: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> z: array<f32>;
@group(0) @binding(2) var<storage, read_write> terms: array<f32>;
@group(0) @binding(3) var<storage, read_write> dz: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    for (var i = id.x; i < params.count; i += groups.x * 64u) {
        terms[i] = 0.0;
        dz[i] = -exp(z[i]);
    }
}";
        Launch::elementwise(Shader::new("runaway", body), self.count)
    }
    fn twin<T: Real>(&self, mut args: Args<'_, T>) {
        let (z, terms, dz) = (args.real(0), args.real_mut(1), args.real_mut(2));
        terms.fill(T::ZERO);
        for (dz, &z) in dz.iter_mut().zip(z) {
            *dz = -z.exp();
        }
    }
}

#[derive(Debug)]
struct Hidden;

impl Objective for Hidden {
    fn terms(&self) -> &'static [&'static str] {
        &["nothing"]
    }
    fn networks(&self, params: &mut Params, sizes: &Sizes<'_>) -> Networks {
        let latent = sizes.latent;
        let encoder = sizes.backbone.encoder(params, "enc", sizes.image, latent);
        let head = Arc::new(Mlp::new(params, "head", &[latent, 1]));
        Networks { encoder, encoded: latent, latent, head, generative: false, prior_logvar: None }
    }
    fn emit(&self, g: &mut Graph, model: &Model, batch: &Batch<'_>) -> Forward {
        let forward = model.project(g, batch.x);
        let (rows, _) = batch.x.shape.as_matrix();
        let (terms, dz) = (g.tensor("nothing", [rows]), g.grad_first(forward.z));
        g.push("runaway", Runaway { count: rows }, &[forward.z, terms, dz]);
        model.record(g, &[terms], 1.0 / rows as f64);
        forward
    }
}

#[test]
fn weights_that_break_behind_a_finite_loss_are_found() {
    // Judges that look before the checkpoint is written leave it to tell.
    for (judged, share, last) in [(0, 0.0, 80), (1, 0.25, 60)] {
        weights_that_break_are_found((judged, share), last);
    }
}

fn weights_that_break_are_found((judged, share): (u32, f64), last: u64) {
    let mut config = Config { method: "hidden".into(), epochs: 40, batch: 8, views: 2, ..Config::default() };
    config.judge.every = judged;
    config.judge.share = share;
    config.optim.lr = 0.01;
    config.log.checkpoint_every = 1000;
    config.log.pictures_every = 1000;
    let recipe = Recipe::with(&config, Arc::new(Hidden), Arc::new(MlpBackbone { hidden: vec![16] })).expect("a recipe");
    let mut data = crate::common::sprites("sprites", 16, 8);
    data.hold_out(share, 4).expect("there is room");
    let folder = tempfile::tempdir().expect("a folder");
    let options = RunOptions::new(folder.path().join("run"));
    let error = run(&recipe, &data, &Device::cpu(), &options, &mut Silent, &AtomicBool::new(false));
    match error.map(|report| report.steps).expect_err("no checkpoint is stored") {
        RunError::NotFinite { what, step, origin, .. } => {
            assert!(what.contains("no checkpoint can be stored") && step == last, "{what} at {step}");
            let began =
                origin.split_once("It began at step ").and_then(|(_, rest)| rest.split(' ').next()?.parse().ok());
            let began: u64 = began.expect("a step");
            assert!(
                began < last - 2 && origin.contains("`adam`") && origin.contains("outgrew single precision"),
                "{origin}"
            );
        }
        error => panic!("{error}"),
    }
}
