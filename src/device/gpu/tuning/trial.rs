//! Products on memory of their own, timed by the device.

use super::products::Wanted;
use super::{AWAKE, WARM_UP};
use crate::device::gpu::{AdapterEntry, GpuExecutor, GpuOptions, Guarded};
use crate::device::{DeviceError, Executor};
use crate::kernels::{Binding, DType, Tuning};
use crate::plan::{Graph, Layout, PlanId, Tensor};

/// Seconds that the repeats of a measurement take together, about, and how many there are at most.
const LONG_ENOUGH: f64 = 1e-3;
const MOST_REPEATS: u32 = 100;
/// Seconds that a submission takes at the least, whatever the device's own clock says of it.
const SUBMISSION: f64 = 1e-4;
/// Measurements of each tile, of which the shortest counts; the tiles take turns, so that none has the device at its warmest.
const ROUNDS: usize = 3;

/// An open device with room for the operands of each product, which all take the same.
pub struct Trial {
    executor: Guarded<GpuExecutor>,
    operands: Vec<Tensor>,
    tuning: Tuning,
    /// Seconds of work before the next product is timed.
    warm_up: f64,
}

impl Trial {
    /// For these products, computed by the loop of this tuning.
    pub fn open(adapter: &AdapterEntry, tuning: &Tuning, wanted: &[Wanted]) -> Result<Self, DeviceError> {
        let mut lengths: Vec<usize> = Vec::new();
        for bindings in wanted.iter().map(|wanted| wanted.kernel.bindings()) {
            lengths.resize(lengths.len().max(bindings.len()), 1);
            lengths.iter_mut().zip(&bindings).for_each(|(most, Binding { len, .. })| *most = (*most).max(*len));
        }
        let mut layout = Layout::default();
        let operands = lengths.into_iter().map(|len| layout.add("operand", DType::Real, [len])).collect();
        let tuning = Tuning { cooperative: tuning.cooperative, ..Tuning::of(tuning.matmul) };
        let options = GpuOptions { tuning: tuning.clone(), ..GpuOptions::default() };
        let executor = Guarded::open(&adapter.describe(), || GpuExecutor::new(adapter, &layout, options))?;
        Ok(Self { executor, operands, tuning, warm_up: WARM_UP })
    }

    /// Seconds of each product by each of its tiles; none where the device has no clock. All are compiled side by side before the first is
    /// timed: a driver takes longer for a shader than the device for its trial.
    pub fn seconds(&mut self, all: &[Wanted]) -> Result<Option<Vec<Vec<f64>>>, DeviceError> {
        let kernels = all.iter().flat_map(|wanted| self.tunings(wanted).map(move |tuning| (wanted, tuning)));
        let kernels: Vec<_> = kernels.map(|(wanted, tuning)| (wanted.kernel.as_ref(), tuning)).collect();
        self.executor.guard(|inner| inner.prepare(&kernels))?;
        let seconds = all.iter().map(|wanted| self.seconds_of(wanted)).collect();
        self.warm_up = AWAKE;
        seconds
    }

    /// The tunings that compute a product by each of its tiles.
    fn tunings<'a>(&'a self, wanted: &'a Wanted) -> impl Iterator<Item = Tuning> + use<'a> {
        wanted.tiles.iter().map(|tile| Tuning { tile: Some(*tile), ..self.tuning.clone() })
    }

    fn seconds_of(&mut self, wanted: &Wanted) -> Result<Option<Vec<f64>>, DeviceError> {
        let tunings: Vec<Tuning> = self.tunings(wanted).collect();
        let Self { executor, operands, warm_up, .. } = self;
        let tensors = &operands[..wanted.kernel.bindings().len()];
        let mut plans: Vec<Option<(PlanId, u32)>> = Vec::with_capacity(tunings.len());
        for tuning in tunings {
            let mut graph = Graph::new("trial");
            graph.push_shared(&wanted.name, wanted.kernel.clone(), tensors);
            let plan = graph.finish()?;
            executor.guard(|inner| {
                inner.retune(tuning);
                Ok(())
            })?;
            let loaded = match executor.load(plan) {
                // The model holds this tile for so slow that the driver may take the card away.
                Err(DeviceError::TooLong { .. }) => None,
                loaded => Some(loaded?),
            };
            plans.push(loaded.map(|id| (id, 1)));
        }
        if let Some((id, _)) = plans.iter().flatten().next() {
            let mut repeats = 1;
            while *warm_up > 0.0 {
                let Some(all) = executor.guard(|inner| inner.replayed(*id, repeats))? else { return Ok(None) };
                *warm_up -= all.max(SUBMISSION);
                repeats = (2 * repeats).min(MOST_REPEATS);
            }
        }
        let mut least = vec![f64::INFINITY; plans.len()];
        // The first two rounds warm up, and say how often to repeat.
        for round in 0..2 + ROUNDS {
            for (plan, least) in plans.iter_mut().zip(&mut least) {
                let Some((id, repeats)) = plan else { continue };
                let Some(all) = executor.guard(|inner| inner.replayed(*id, *repeats))? else { return Ok(None) };
                let one = all / f64::from(*repeats);
                match round {
                    0 => {}
                    1 => *repeats = (LONG_ENOUGH / one.max(1e-9)).clamp(1.0, f64::from(MOST_REPEATS)) as u32,
                    _ => *least = least.min(one),
                }
            }
        }
        plans.into_iter().flatten().for_each(|(id, _)| executor.unload(id));
        Ok(Some(least))
    }
}
