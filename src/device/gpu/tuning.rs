//! Which matrix-product shader suits an adapter: a short timed trial, its outcome cached per adapter and driver.

use super::{AdapterEntry, GpuExecutor, GpuOptions, Guarded};
use crate::device::{DeviceError, Executor};
use crate::kernels::linear::matmul::{Epilogue, Form, Matmul};
use crate::kernels::product::Variant;
use crate::kernels::{DType, Tuning};
use crate::plan::{Graph, Layout};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// The trial's product: large enough to tell the kernels apart, small enough for a software adapter.
const SIZE: usize = 256;
const REPEATS: usize = 3;

/// Where the outcomes are kept: `wgpu-simvae/tuning.json` in the user's cache folder.
fn cache_file() -> Option<PathBuf> {
    dirs::cache_dir().map(|folder| folder.join("wgpu-simvae").join("tuning.json"))
}

/// The tuning of an adapter, from the cache or by a trial. A cache that cannot be read or written only costs the trial.
///
/// # Errors
/// When the adapter fails during the trial.
pub fn cached(adapter: &AdapterEntry) -> Result<Tuning, DeviceError> {
    let file = cache_file();
    let mut known: BTreeMap<String, Tuning> = file
        .as_ref()
        .and_then(|file| std::fs::read(file).ok())
        .and_then(|bytes| serde_json::from_slice(&bytes).ok())
        .unwrap_or_default();
    if let Some(tuning) = known.get(&adapter.describe()) {
        return Ok(*tuning);
    }
    let tuning = trial(adapter)?;
    known.insert(adapter.describe(), tuning);
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
    for matmul in [Variant::Tile, Variant::Strip] {
        let tuning = Tuning { matmul };
        let time = time(adapter, tuning)?;
        if time < best.0 {
            best = (time, tuning);
        }
    }
    Ok(best.1)
}

fn time(adapter: &AdapterEntry, tuning: Tuning) -> Result<Duration, DeviceError> {
    let mut layout = Layout::default();
    let [a, b, c] = ["a", "b", "c"].map(|name| layout.add(name, DType::Real, [SIZE, SIZE]));
    let options = GpuOptions { tuning, bounds_checks: false };
    let mut executor = Guarded::open(&adapter.describe(), || GpuExecutor::new(adapter, &layout, options))?;
    let mut graph = Graph::new("trial");
    for form in [Form::Nt, Form::Nn, Form::Tn] {
        graph.push("product", Matmul { form, m: SIZE, n: SIZE, k: SIZE, epilogue: Epilogue::None }, &[a, b, a, c]);
    }
    let plan = executor.load(graph.finish()?)?;
    let mut best = Duration::MAX;
    for _ in 0..=REPEATS {
        let start = Instant::now();
        executor.run(plan, 1)?;
        executor.read(c)?;
        best = best.min(start.elapsed());
    }
    Ok(best)
}
