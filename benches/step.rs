//! Time of one training step of the paper's MLP (784-2000-500-500-20 / 10-500-500-2000-784) or of the authors' convolutional networks
//! (32x32x3), with and without its views, and its memory: as planned, as the GPU's driver counts it, and by how much the process grew
//! at its peak (Linux alone; on the CPU the step's own memory and its scratch, on a GPU what the driver keeps of it on the host).
//!
//! `cargo bench --bench step -- [DEVICE] [conv] [memory]`; `benches/pytorch_step.py` is the same step in PyTorch. One JSON line per
//! size. `memory` runs a single step and times nothing, for devices that take long.

use std::time::Instant;
use wgpu_simvae::data;
use wgpu_simvae::device::{DeviceRequest, choose};
use wgpu_simvae::plan::PlanId;
use wgpu_simvae::settings::Sources;
use wgpu_simvae::settings::{Config, Recipe};
use wgpu_simvae::train::Session;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1).filter(|argument| !argument.starts_with("--"));
    let device = arguments.next();
    let words: Vec<String> = arguments.collect();
    let [conv, memory] = ["conv", "memory"].map(|word| words.iter().any(|given| given == word));
    let request: DeviceRequest = device.as_deref().unwrap_or("auto").parse()?;
    let device = choose(&request)?;
    let tuning = device.tuning()?;
    let data = data::load(if conv { "sprites-rgb" } else { "sprites" }, None, &device)?;
    let sizes = if conv { [(64, 20), (320, 5)] } else { [(64, 60), (640, 20)] };
    for (batch, repeats) in sizes {
        let sources = Sources { preset: Some("official-code".to_owned()), ..Sources::default() };
        let sources = sources.with([format!("data.name={}", data.name), format!("batch={batch}")]);
        let networks: &[&str] = if conv { &["model.kind=official-conv", "model.latent=64"] } else { &[] };
        let config = Config::merge(&sources.with(networks))?;
        let before = resident("VmRSS");
        let (mut session, step) = Session::open_to_train(&Recipe::new(&config)?, &data, &device)?;
        let plan = session.executor.plan(step)?;
        let planned = (plan.arena.device_bytes() + session.blueprint.layout.device_bytes()) >> 20;
        let dispatches = &plan.dispatches;
        let count = dispatches.len();
        let after_views = dispatches.iter().position(|d| d.label == "noise").ok_or("the step has no noise")?;
        let times = if memory {
            session.executor.run(step, 1)?;
            session.executor.read(session.blueprint.state.clock)?;
            String::new()
        } else {
            let with_views = median(&mut session, step, 0..count, repeats)?;
            let without_views = median(&mut session, step, after_views..count, repeats)?;
            format!("\"step_ms\": {without_views:.3}, \"step_with_views_ms\": {with_views:.3}, ")
        };
        let allocated = session.executor.allocated_bytes().map(|bytes| bytes >> 20);
        let grown = resident("VmHWM").zip(before).map(|(peak, before)| peak.saturating_sub(before));
        let number = |x: Option<u64>| x.map_or("null".to_owned(), |x| x.to_string());
        let (allocated, grown) = (number(allocated), number(grown));
        let rows = batch * config.views;
        println!(
            "{{\"device\": {:?}, \"tuning\": {:?}, \"networks\": {:?}, \"rows\": {rows}, {times}\"planned_mib\": {planned}, \"allocated_mib\": {allocated}, \"grown_mib\": {grown}}}",
            device.reason, tuning.matmul, config.model.kind
        );
    }
    Ok(())
}

/// An entry of this process's status in MiB, where the system has one.
fn resident(entry: &str) -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(entry)?.strip_prefix(':'))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? >> 10)
}

/// Median time of the dispatches in milliseconds, over groups of steps: a group is queued and then waited for.
fn median(
    session: &mut Session,
    step: PlanId,
    part: std::ops::Range<usize>,
    repeats: usize,
) -> Result<f64, Box<dyn std::error::Error>> {
    const GROUP: usize = 5;
    let mut times = Vec::new();
    for repeat in 0..repeats / GROUP + 2 {
        let start = Instant::now();
        for _ in 0..GROUP {
            session.executor.run_part(step, part.clone())?;
        }
        session.executor.read(session.blueprint.state.clock)?;
        if repeat >= 2 {
            times.push(start.elapsed().as_secs_f64() * 1e3 / GROUP as f64);
        }
    }
    times.sort_by(f64::total_cmp);
    Ok(times[times.len() / 2])
}
