//! A training loop of one's own: a step is recorded, replayed on batches that the host makes, and the weights are taken out. Fits a sine.
//!
//! `cargo run --release --example custom_loop`

use wgpu_simvae::Device;
use wgpu_simvae::low_level::device::Values;
use wgpu_simvae::low_level::kernels::common::clock;
use wgpu_simvae::low_level::kernels::probe::squared_error::SquaredError;
use wgpu_simvae::low_level::nn::{Mlp, Params};
use wgpu_simvae::low_level::optim::{OptimConfig, Optimiser, StepState};
use wgpu_simvae::low_level::plan::{Graph, Layout};

const BATCH: usize = 64;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // What lasts from step to step.
    let (mut layout, mut params) = (Layout::default(), Params::default());
    let network = Mlp::new(&mut params, "net", &[1, 64, 1]);
    let memory = params.allocate(&mut layout);
    let state = StepState::new(&mut layout);

    // The step: forward, loss with its gradient, backward, Adam.
    let settings = OptimConfig { lr: 1e-2, ..OptimConfig::default() };
    let optimiser = Optimiser { settings, warmup_steps: 0, cosine_until: None };
    let mut g = Graph::new("step");
    let (x, wanted) = (g.input("x", [BATCH, 1]), g.input("wanted", [BATCH, 1]));
    optimiser.begin_step(&mut g, &state, BATCH, BATCH);
    let y = network.forward(&mut g, &memory, x, false);
    let (errors, dy) = (g.tensor("errors", [BATCH]), g.grad_first(y));
    let loss = SquaredError { count: BATCH, gradient_scale: 1.0 / BATCH as f64 };
    g.push("squared error", loss, &[y, wanted, errors, dy]);
    g.backward();
    optimiser.update(&mut g, &state, &memory);
    g.keep(errors);

    // The loop.
    let mut executor = Device::cpu().open(&layout)?;
    let step = executor.load(g.finish()?)?;
    executor.write(memory.weights, &Values::F32(params.initial(1)))?;
    executor.write(state.clock, &Values::U32(clock::fresh(1).to_vec()))?;
    let mut last = f64::INFINITY;
    for number in 1..=2000 {
        let at = |row: usize| (number * BATCH + row) as f32 * 0.618 % 1.0 * 6.0 - 3.0;
        let points: Vec<f32> = (0..BATCH).map(at).collect();
        executor.write(wanted, &Values::F32(points.iter().map(|x| x.sin()).collect()))?;
        executor.write(x, &Values::F32(points))?;
        executor.run(step, 1)?;
        if number % 400 == 0 {
            last = executor.read(errors)?.to_f64().iter().sum::<f64>() / BATCH as f64;
            println!("step {number}: mean squared error {last:.1e}");
        }
    }
    for spec in params.specs() {
        let weights = executor.read(memory.weight(spec.param))?.to_f32();
        println!("{} {:?}: {} weights from {:.3} on", spec.name, spec.param.shape, weights.len(), weights[0]);
    }
    if last < 1e-2 { Ok(()) } else { Err("it did not learn the sine".into()) }
}
