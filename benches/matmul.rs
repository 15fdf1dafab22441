//! GFLOP/s of the matrix products of one training step, by form and shape.
//!
//! `cargo bench --bench matmul -- [DEVICE] [tile|light|strip]`

use std::time::Instant;
use wgpu_simvae::device::{DeviceRequest, choose};
use wgpu_simvae::kernels::linear::matmul::{Epilogue, Form, Matmul};
use wgpu_simvae::kernels::product::Variant;
use wgpu_simvae::kernels::{DType, Tuning};
use wgpu_simvae::plan::{Graph, Layout};

const REPEATS: usize = 5;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1).filter(|argument| !argument.starts_with("--"));
    let request: DeviceRequest = arguments.next().as_deref().unwrap_or("auto").parse()?;
    let device = choose(&request)?;
    let device = match arguments.next().as_deref() {
        Some("tile") => device.tuned(Tuning::of(Variant::Tile)),
        Some("light") => device.tuned(Tuning::of(Variant::Light)),
        Some("strip") => device.tuned(Tuning::of(Variant::Strip)),
        _ => device,
    };
    println!("{}, {:?}", device.reason, device.tuning()?.matmul);
    for (rows, inputs, outputs) in
        [(128, 784, 400), (128, 784, 512), (128, 512, 256), (128, 256, 20), (128, 784, 2000), (1280, 500, 500)]
    {
        for (form, m, n, k) in
            [(Form::Nt, rows, outputs, inputs), (Form::Nn, rows, inputs, outputs), (Form::Tn, outputs, inputs, rows)]
        {
            let mut layout = Layout::default();
            let [a, b, c] =
                [("a", m * k), ("b", n * k), ("c", m * n)].map(|(name, len)| layout.add(name, DType::Real, [len]));
            let mut executor = device.open(&layout)?;
            let mut graph = Graph::new("product");
            graph.push("product", Matmul { form, m, n, k, epilogue: Epilogue::None }, &[a, b, a, c]);
            let plan = executor.load(graph.finish()?)?;
            let mut best = f64::INFINITY;
            for _ in 0..=REPEATS {
                let start = Instant::now();
                executor.run(plan, 2)?;
                executor.read(c.reshape([1]))?;
                best = best.min(start.elapsed().as_secs_f64() / 2.0);
            }
            println!(
                "{form:?} {m:5} x {n:5} x {k:5}  {:8.3} ms  {:8.2} GFLOP/s",
                best * 1e3,
                2e-9 * (m * n * k) as f64 / best
            );
        }
    }
    Ok(())
}
