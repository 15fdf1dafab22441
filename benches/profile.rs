//! Where a training step's time goes: the median time of each dispatch, largest first, and each kind's share.
//!
//! `cargo bench --bench profile -- [DEVICE] [ROWS] [conv]`. On a GPU each dispatch is submitted and waited for by itself, which
//! adds the same overhead to all; the shares of large dispatches are what to read.

use std::time::Instant;
use wgpu_simvae::data;
use wgpu_simvae::device::{DeviceRequest, choose};
use wgpu_simvae::settings::Sources;
use wgpu_simvae::settings::{Config, Recipe};
use wgpu_simvae::train::Session;

const REPEATS: usize = 9;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1).filter(|argument| !argument.starts_with("--"));
    let request: DeviceRequest = arguments.next().as_deref().unwrap_or("auto").parse()?;
    let rows: usize = arguments.next().as_deref().unwrap_or("1280").parse()?;
    let conv = arguments.next().is_some_and(|networks| networks == "conv");
    let device = choose(&request)?;
    let data = data::load(if conv { "sprites-rgb" } else { "sprites" }, None, &device)?;
    let mut set = vec![format!("data.name={}", data.name), format!("batch={}", rows / 2)];
    if conv {
        set.extend(["model.kind=official-conv", "model.latent=64"].map(str::to_owned));
    }
    let sources = Sources { preset: Some("official-code".to_owned()), set, ..Sources::default() };
    let config = Config::merge(&sources)?;
    let (mut session, step) = Session::open_to_train(&Recipe::new(&config)?, &data, &device)?;
    let dispatches = session.executor.plan(step)?.dispatches.clone();
    let clock = session.blueprint.state.clock;
    session.executor.run(step, 2)?;
    let mut times = vec![Vec::new(); dispatches.len()];
    for _ in 0..REPEATS {
        for (index, times) in times.iter_mut().enumerate() {
            session.executor.read(clock)?;
            let start = Instant::now();
            session.executor.run_part(step, index..index + 1)?;
            session.executor.read(clock)?;
            times.push(start.elapsed().as_secs_f64() * 1e3);
        }
    }
    let mut medians: Vec<(f64, usize)> = times
        .into_iter()
        .map(|mut times| {
            times.sort_by(f64::total_cmp);
            times[REPEATS / 2]
        })
        .zip(0..)
        .collect();
    medians.sort_by(|a, b| b.0.total_cmp(&a.0));
    let total: f64 = medians.iter().map(|(time, _)| time).sum();
    println!("{}, {rows} rows: {total:.2} ms", device.reason);
    for (time, index) in medians {
        println!("{time:9.3} ms {:5.1} %  {}", 100.0 * time / total, dispatches[index].label);
    }
    Ok(())
}
