//! Which matrix-product shader suits an adapter: a short timed trial, its outcome cached per adapter and driver. Software adapters need none:
//! their workgroup memory is plain memory, and tiles only copy.

use super::{AdapterEntry, GpuExecutor, GpuOptions, Guarded};
use crate::device::{DeviceError, Executor};
use crate::kernels::linear::matmul::{Epilogue, Form, Matmul};
use crate::kernels::product::Variant;
use crate::kernels::{DType, Tuning};
use crate::plan::{Graph, Layout};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Rows and columns of the trial's products, and their depth: enough tiles for the largest to be worth while, and little work for a
/// software adapter.
const SIDE: usize = 1024;
const DEPTH: usize = 64;
/// What is timed lasts at least so long, which drowns what starting and waiting cost, or takes this many steps.
const LONG_ENOUGH: Duration = Duration::from_millis(20);
const MOST_STEPS: u32 = 256;
const REPEATS: usize = 3;
/// Part of a cached outcome's key: raise it when the loops change.
const LOOPS: u32 = 2;

/// Where the outcomes are kept, in the user's cache folder.
const FILE: &str = "tuning.json";

/// The tuning of an adapter: strips for a software adapter, else from the cache or by a trial. A cache that cannot be read or written only
/// costs the trial.
///
/// # Errors
/// When the adapter fails during the trial.
pub fn cached(adapter: &AdapterEntry) -> Result<Tuning, DeviceError> {
    if adapter.is_software() {
        return Ok(Tuning::of(Variant::Strip));
    }
    let file = crate::files::cached(FILE);
    let mut known: BTreeMap<String, Tuning> = file
        .as_ref()
        .and_then(|file| std::fs::read(file).ok())
        .and_then(|bytes| serde_json::from_slice(&bytes).ok())
        .unwrap_or_default();
    let key = format!("{}, loops {LOOPS}", adapter.describe());
    if let Some(tuning) = known.get(&key) {
        return Ok(*tuning);
    }
    let tuning = trial(adapter)?;
    known.insert(key, tuning);
    if let (Some(file), Ok(json)) = (file, serde_json::to_vec_pretty(&known)) {
        let _best_effort = crate::files::write_atomically(&file, &json);
    }
    Ok(tuning)
}

/// Times every variant on the adapter and returns the fastest.
///
/// # Errors
/// When the adapter fails.
pub fn trial(adapter: &AdapterEntry) -> Result<Tuning, DeviceError> {
    let mut best = (Duration::MAX, Tuning::default());
    for tuning in Tuning::ALL {
        let time = time(adapter, tuning)?;
        if time < best.0 {
            best = (time, tuning);
        }
    }
    Ok(best.1)
}

/// Time of a step of three products.
fn time(adapter: &AdapterEntry, tuning: Tuning) -> Result<Duration, DeviceError> {
    let mut layout = Layout::default();
    let [a, b] = ["a", "b"].map(|name| layout.add(name, DType::Real, [SIDE, DEPTH]));
    let results = ["nt", "nn", "tn"].map(|name| layout.add(name, DType::Real, [SIDE, SIDE]));
    let options = GpuOptions { tuning, ..GpuOptions::default() };
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
    let mut best = Duration::MAX;
    for _ in 0..REPEATS {
        best = best.min(timed(steps)?);
    }
    Ok(best / steps)
}
