//! Every tile of every matrix product of the presets' training steps on a real GPU, in microseconds, and how well the cost model chooses.
//!
//! `cargo bench --bench tiles -- [DEVICE [PRECISION]]`: the authors' MLP at 128 and 1,280 rows and their convolutional networks at 128.

use std::time::Instant;
use wgpu_simvae::data::{FileOptions, load_with};
use wgpu_simvae::device::gpu::{adapters, tuning};
use wgpu_simvae::device::{Device, DeviceRequest, choose};
use wgpu_simvae::kernels::Tuning;
use wgpu_simvae::kernels::cost::Machine;
use wgpu_simvae::kernels::product::{Tile, Variant};
use wgpu_simvae::settings::{Config, Recipe, Sources};
use wgpu_simvae::train::Blueprint;

/// Data set, images of a step (of two views each), and settings.
const STEPS: [(&str, usize, &[&str]); 3] = [
    ("sprites", 64, &[]),
    ("sprites", 640, &[]),
    ("sprites-rgb", 64, &["model.kind=official-conv", "model.latent=64"]),
];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1).filter(|argument| !argument.starts_with("--"));
    let (device, precision) = (arguments.next(), arguments.next().unwrap_or_else(|| "single".to_owned()));
    let request: DeviceRequest = device.as_deref().unwrap_or("gpu").parse()?;
    let name = choose(&request)?.name();
    let adapter = adapters().into_iter().find(|adapter| adapter.describe() == name).ok_or("that is no GPU")?;
    println!("{name}, {precision} precision");
    for (data, batch, set) in STEPS {
        let (preset, name) = (Some("official-code".to_owned()), Some(data.to_owned()));
        let sources = Sources { preset, data: name, ..Sources::default() }.with(set);
        let sources = sources.with([format!("batch={batch}"), format!("precision={precision}")]);
        let recipe = Recipe::new(&Config::merge(&sources)?)?;
        let options = FileOptions { limit: batch, ..FileOptions::default() };
        let data = load_with(data, None, &Device::cpu(), &options)?;
        let plan = Blueprint::new(&recipe, &data, u64::MAX).on(Machine::Gpu).training_step()?;
        let start = Instant::now();
        let loops = Tuning { cooperative: tuning::cooperates(&adapter, &plan), ..Tuning::of(Variant::Tile) };
        let products = tuning::by_tile(&adapter, &loops, &plan)?;
        println!("\n{}, {} rows: {:.1} s", data.name, 2 * batch, start.elapsed().as_secs_f64());
        // The model's first tile, the best of as many as it puts first, and the best of all.
        let all = if loops.cooperative { Tile::COOPERATIVE.len() } else { Tile::ALL.len() };
        let firsts = [1, 2, 3, 4, all];
        let mut sums = [0.0; 5];
        for (name, times) in products {
            let best =
                |count: usize| times.iter().take(count).map(|(_, seconds)| *seconds).fold(f64::INFINITY, f64::min);
            sums.iter_mut().zip(firsts).for_each(|(sum, count)| *sum += 1e6 * best(count));
            let mut sorted = times.clone();
            sorted.sort_by(|(_, a), (_, b)| a.total_cmp(b));
            let shown: Vec<String> =
                sorted.iter().map(|(tile, seconds)| format!("{tile} {:.1}", 1e6 * seconds)).collect();
            println!("{name}: {:.1} by the model's; {}", 1e6 * best(1), shown.join(", "));
        }
        let sums: Vec<String> = firsts.iter().zip(sums).map(|(n, sum)| format!("{n}: {sum:.0}")).collect();
        println!("sums, us, by the best of the model's first {}", sums.join(", "));
    }
    Ok(())
}
