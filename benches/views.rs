//! Time of making the views of a step, 128 of 32 x 32 x 3: crop and flip, then with more and more effects.
//!
//! `cargo bench --bench views -- [DEVICE]`; `benches/pytorch_step.py --views` is the same in torchvision. One JSON line per
//! pipeline, in microseconds per view.

use std::time::Instant;
use wgpu_simvae::augment::{
    Augmentation, BlurSettings, EffectSettings, ImageSource, JitterSettings, SolariseSettings, ViewCount,
};
use wgpu_simvae::data;
use wgpu_simvae::device::{Device, DeviceRequest, Values, choose};
use wgpu_simvae::kernels::common::clock::fresh;
use wgpu_simvae::kernels::{DType, Tuning};
use wgpu_simvae::optim::StepState;
use wgpu_simvae::plan::{Graph, Layout};

const BATCH: usize = 64;
const VIEWS: usize = 2;
/// Steps that are queued and then waited for.
const GROUP: usize = 20;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let wanted = std::env::args().nth(1).filter(|argument| !argument.starts_with("--"));
    let request: DeviceRequest = wanted.as_deref().unwrap_or("auto").parse()?;
    let device = choose(&request)?;
    let none = EffectSettings::default();
    let jitter = JitterSettings { probability: 1.0, brightness: 0.8, contrast: 0.8, saturation: 0.8, hue: 0.2 };
    let official = EffectSettings { jitter, ..none.clone() };
    let everything = EffectSettings {
        grey: 0.2,
        blur: BlurSettings { probability: 0.5, kernel: 3, sigma: [0.1, 2.0] },
        solarise: SolariseSettings { probability: 0.2, threshold: 0.5 },
        ..official.clone()
    };
    for (name, effects) in [("crop, flip", none), ("crop, flip, jitter", official), ("everything", everything)] {
        let time = time(&device, effects)?;
        println!("{{\"device\": {:?}, \"pipeline\": {name:?}, \"us_per_view\": {time:.3}}}", device.reason);
    }
    Ok(())
}

/// Median microseconds per view.
fn time(device: &Device, effects: EffectSettings) -> Result<f64, Box<dyn std::error::Error>> {
    let data = data::load("sprites-rgb", None, device)?.train;
    let mut layout = Layout::default();
    let state = StepState::new(&mut layout);
    let pixels = layout.add("pixels", DType::Uint, [data.pixels.len() / 4]);
    let shape = [data.shape.channels, data.shape.height, data.shape.width];
    let stored = [data.shape.height, data.shape.width];
    let source = ImageSource { pixels, images: data.len(), shape, stored, threshold: false };
    let mut g = Graph::new("views");
    let EffectSettings { jitter, grey, blur, solarise } = effects;
    let how = Augmentation { area: [0.6, 1.0], jitter, grey, blur, solarise, ..Augmentation::default() };
    let x = source.augmented(&mut g, state.clock, BATCH, ViewCount { views: VIEWS, plain: 0 }, &how).x;
    g.keep(x);
    let mut executor = device.tuned(Tuning::default()).open(&layout)?;
    let plan = executor.load(g.finish()?)?;
    executor.write(pixels, &Values::U32(bytemuck::pod_collect_to_vec(&data.pixels)))?;
    executor.write(state.clock, &Values::U32(fresh(0).to_vec()))?;
    let mut times = Vec::new();
    for repeat in 0..25 {
        let start = Instant::now();
        executor.run(plan, GROUP as u32)?;
        executor.read(state.clock)?;
        if repeat >= 5 {
            times.push(start.elapsed().as_secs_f64() * 1e6 / (GROUP * BATCH * VIEWS) as f64);
        }
    }
    times.sort_by(f64::total_cmp);
    Ok(times[times.len() / 2])
}
