//! Which loop of matrix products suits a real GPU: a short timed trial of tiles, of any size or of light ones alone. Strips are no candidate:
//! they take several times as long on every card, and once a trial beside another program's work chose them for good.

use super::{AWAKE, WARM_UP};
use crate::device::gpu::{AdapterEntry, GpuExecutor, GpuOptions, Guarded};
use crate::device::{DeviceError, Executor};
use crate::kernels::linear::matmul::{Epilogue, Form, Matmul};
use crate::kernels::product::Variant;
use crate::kernels::{DType, Tuning};
use crate::plan::{Graph, Layout};
use std::time::{Duration, Instant};

/// Rows and columns of the trial's products, and their depth: enough tiles for the largest to be worth while, and little work for a
/// software adapter.
const SIDE: usize = 1024;
const DEPTH: usize = 64;
/// What is timed lasts at least so long, which drowns what starting and waiting cost, or takes this many steps.
const LONG_ENOUGH: Duration = Duration::from_millis(20);
const MOST_STEPS: u32 = 256;
const REPEATS: usize = 3;

/// Times both on the adapter and returns the faster one.
///
/// # Errors
/// When the adapter fails.
pub fn trial(adapter: &AdapterEntry) -> Result<Tuning, DeviceError> {
    let mut best = (Duration::MAX, Tuning::default());
    for (variant, warm_up) in [(Variant::Tile, WARM_UP), (Variant::Light, AWAKE)] {
        let tuning = Tuning::of(variant);
        let time = time(adapter, &tuning, warm_up)?;
        if time < best.0 {
            best = (time, tuning);
        }
    }
    Ok(best.1)
}

/// Time of a step of three products, after so many seconds of work.
fn time(adapter: &AdapterEntry, tuning: &Tuning, warm_up: f64) -> Result<Duration, DeviceError> {
    let mut layout = Layout::default();
    let [a, b] = ["a", "b"].map(|name| layout.add(name, DType::Real, [SIDE, DEPTH]));
    let results = ["nt", "nn", "tn"].map(|name| layout.add(name, DType::Real, [SIDE, SIDE]));
    let options = GpuOptions { tuning: tuning.clone(), ..GpuOptions::default() };
    let mut executor = Guarded::open(&adapter.describe(), || GpuExecutor::new(adapter, &layout, options))?;
    let mut graph = Graph::new("trial");
    for (form, c) in [Form::Nt, Form::Nn, Form::Tn].into_iter().zip(results) {
        graph.push("product", Matmul { form, m: SIDE, n: SIDE, k: DEPTH, epilogue: Epilogue::None }, &[a, b, a, c]);
    }
    let plan = executor.load(graph.finish()?)?;
    let mut timed = |steps: u32| -> Result<Duration, DeviceError> {
        let start = Instant::now();
        executor.run(plan, steps)?;
        executor.read(results[2].slice(0, [1]))?;
        Ok(start.elapsed())
    };
    let mut steps = 1;
    while timed(steps)? < LONG_ENOUGH && steps < MOST_STEPS {
        steps *= 4;
    }
    let start = Instant::now();
    while start.elapsed().as_secs_f64() < warm_up {
        timed(steps)?;
    }
    let mut best = Duration::MAX;
    for _ in 0..REPEATS {
        best = best.min(timed(steps)?);
    }
    Ok(best / steps)
}
