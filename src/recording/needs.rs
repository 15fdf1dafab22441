//! What a recording needs of a device, before anything runs.

use super::file::Recording;
use std::collections::BTreeMap;

/// The largest buffer that WebGPU's default limits let a shader bind: 128 MiB.
pub const WEBGPU_LARGEST_BUFFER: u64 = 128 << 20;

/// Bytes and work of a recording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Needs {
    /// Bytes of each region, by its name.
    pub regions: Vec<(String, u64)>,
    /// Plans: name, bytes of each slot, and work by the family of kernels.
    pub plans: Vec<(String, Vec<u64>, BTreeMap<String, Family>)>,
}

/// The work of a plan's kernels of one shader file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Family {
    /// Dispatches.
    pub dispatches: usize,
    /// Multiply-adds.
    pub multiply_adds: u64,
    /// Bytes read and written.
    pub bytes: u64,
}

/// Bytes of a buffer of so many elements; none is empty.
fn bytes(len: usize) -> u64 {
    (len as u64).max(1).saturating_mul(4)
}

impl Needs {
    /// Of a recording.
    pub fn of(recording: &Recording) -> Self {
        let plans = recording.plans.iter().map(|plan| {
            let mut families: BTreeMap<String, Family> = BTreeMap::new();
            for dispatch in &plan.dispatches {
                let shader = dispatch.launches.first().map_or("", |start| &recording.shaders[start.shader].name);
                // A label is the file's name, then the constants behind dots.
                let family = families.entry(shader.split('.').next().unwrap_or_default().to_owned()).or_default();
                family.dispatches += 1;
                family.multiply_adds = family.multiply_adds.saturating_add(dispatch.multiply_adds);
                family.bytes = family.bytes.saturating_add(dispatch.bytes);
            }
            (plan.name.clone(), plan.slots.iter().map(|slot| bytes(slot.len)).collect(), families)
        });
        let regions = recording.regions.iter().map(|region| (region.name.clone(), bytes(region.len)));
        Self { regions: regions.collect(), plans: plans.collect() }
    }

    /// The largest buffer, in words and bytes.
    pub fn largest(&self) -> (String, u64) {
        let slots = self.plans.iter().flat_map(|(name, slots, _)| {
            slots.iter().enumerate().map(move |(slot, &bytes)| (format!("slot {slot} of {name}"), bytes))
        });
        let largest = self.regions.iter().cloned().chain(slots).max_by_key(|(_, bytes)| *bytes);
        largest.unwrap_or_default()
    }

    /// Bytes of all buffers.
    pub fn total(&self) -> u64 {
        let slots = self.plans.iter().flat_map(|(_, slots, _)| slots);
        self.regions.iter().map(|(_, bytes)| bytes).chain(slots).fold(0, |sum, bytes| sum.saturating_add(*bytes))
    }
}
