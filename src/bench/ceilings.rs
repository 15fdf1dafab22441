//! What a device can do at most, by kernels that do nothing else.

use crate::device::{Device, DeviceError};
use crate::kernels::ceiling::copy::Copy;
use crate::kernels::ceiling::fma::Fma;
use crate::kernels::linear::matmul::{Epilogue, Form, Matmul};
use crate::kernels::{AnyKernel, Tuning};
use crate::plan::{Graph, Layout, Tensor};
use serde::Serialize;
use std::time::Instant;

/// The most that a device was seen to do.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Ceilings {
    /// Bytes read and written a second, by a large copy.
    pub copy_bytes_per_second: f64,
    /// Multiply-adds a second, in registers.
    pub multiply_adds_per_second: f64,
    /// Multiply-adds a second of the product of two square matrices.
    pub product_multiply_adds_per_second: f64,
    /// Rows and columns of those.
    pub product_side: usize,
}

/// Seconds that tell the clock's grain and the start of a dispatch from its work.
const LONG: f64 = 0.05;
/// Runs of a kernel, at least.
const RUNS: usize = 3;
/// Numbers that are copied: twice 128 MiB, more than any cache holds.
const COPIED: usize = 1 << 25;
/// Invocations of the loop in registers: what the largest card holds at a time.
const INVOCATIONS: usize = 1 << 18;

/// Measures a device, for about `seconds` a ceiling; where those are few, with less work.
///
/// # Errors
/// When the device fails, or lacks the memory.
pub fn ceilings(device: &Device, seconds: f64) -> Result<Ceilings, DeviceError> {
    let quads = ((COPIED as f64 * seconds.min(1.0)) as usize / 4).max(1);
    let copied = best(device, &Copy { quads }, seconds)?;
    let fma = |rounds| Fma { count: INVOCATIONS, rounds };
    let (rounds, looped) = grown(device, [64, 256, 1024, 4096], fma, seconds)?;
    let square = |side| Matmul { form: Form::Nt, m: side, n: side, k: side, epilogue: Epilogue::None };
    let (side, multiplied) = grown(device, [512, 1024, 2048, 4096], square, seconds)?;
    Ok(Ceilings {
        copy_bytes_per_second: (32 * quads) as f64 / copied,
        multiply_adds_per_second: multiply_adds(&fma(rounds)) / looped,
        product_multiply_adds_per_second: multiply_adds(&square(side)) / multiplied,
        product_side: side,
    })
}

fn multiply_adds(kernel: &dyn AnyKernel) -> f64 {
    kernel.work(&Tuning::default()).multiply_adds as f64
}

/// The least of the sizes that takes long enough, or the largest, and its best time.
fn grown<K: AnyKernel + Clone + 'static>(
    device: &Device,
    sizes: [usize; 4],
    kernel: impl Fn(usize) -> K,
    seconds: f64,
) -> Result<(usize, f64), DeviceError> {
    let mut found = (0, 0.0);
    for size in sizes {
        found = (size, best(device, &kernel(size), 0.0)?);
        if found.1 >= LONG.min(seconds) {
            break;
        }
    }
    let again = best(device, &kernel(found.0), seconds)?;
    Ok((found.0, found.1.min(again)))
}

/// The shortest time of a kernel on zeros, of all its runs in so many seconds.
fn best<K: AnyKernel + Clone + 'static>(device: &Device, kernel: &K, seconds: f64) -> Result<f64, DeviceError> {
    let mut layout = Layout::default();
    let bindings = kernel.bindings();
    let tensors: Vec<Tensor> =
        bindings.iter().map(|binding| layout.add(binding.name, binding.dtype, [binding.len.max(1)])).collect();
    let mut graph = Graph::new("ceiling");
    graph.push("ceiling", kernel.clone(), &tensors);
    let mut executor = device.open(&layout)?;
    let plan = executor.load(graph.finish()?)?;
    let start = Instant::now();
    let mut best = f64::INFINITY;
    let mut runs = 0;
    while runs < RUNS || start.elapsed().as_secs_f64() < seconds {
        best = executor.timeline(plan)?.seconds().fold(best, f64::min);
        runs += 1;
    }
    Ok(best)
}
