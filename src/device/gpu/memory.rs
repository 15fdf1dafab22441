//! Device memory: one buffer per persistent region and per arena slot.

use super::adapter::largest_buffer;
use crate::device::DeviceError;
use crate::plan::{Layout, Place, Plan, PlanId, Tensor};
use std::collections::BTreeMap;
use wgpu::{Buffer, BufferDescriptor, BufferUsages, Device, Limits};

/// Bytes of an element on a device.
pub const ELEMENT: u64 = 4;

/// A tensor's buffer and its place in it, in bytes.
#[derive(Debug)]
pub struct Located<'a> {
    pub buffer: &'a Buffer,
    pub offset: u64,
    pub size: u64,
}

pub struct Memory {
    device_name: String,
    limits: Limits,
    regions: Vec<Buffer>,
    arenas: BTreeMap<PlanId, Vec<Buffer>>,
    slot_of: BTreeMap<PlanId, Vec<usize>>,
}

impl Memory {
    pub fn new(device: &Device, device_name: &str, layout: &Layout) -> Result<Self, DeviceError> {
        let mut memory = Self {
            device_name: device_name.to_owned(),
            limits: device.limits(),
            regions: Vec::new(),
            arenas: BTreeMap::new(),
            slot_of: BTreeMap::new(),
        };
        for region in layout.regions() {
            let buffer = memory.allocate(device, &region.name, region.len)?;
            memory.regions.push(buffer);
        }
        Ok(memory)
    }

    pub fn add_arena(&mut self, device: &Device, plan: &Plan) -> Result<(), DeviceError> {
        let mut slots = Vec::with_capacity(plan.arena.slots.len());
        for (index, slot) in plan.arena.slots.iter().enumerate() {
            slots.push(self.allocate(device, &format!("{} slot {index}", plan.name), slot.len)?);
        }
        self.arenas.insert(plan.id, slots);
        self.slot_of.insert(plan.id, plan.arena.slot_of.clone());
        Ok(())
    }

    /// Frees a plan's slots.
    pub fn remove_arena(&mut self, plan: PlanId) {
        self.arenas.remove(&plan);
        self.slot_of.remove(&plan);
    }

    fn allocate(&self, device: &Device, label: &str, len: usize) -> Result<Buffer, DeviceError> {
        let size = (len.max(1) as u64) * ELEMENT;
        let available = largest_buffer(&self.limits);
        if size > available {
            return Err(DeviceError::TooLarge {
                what: format!("buffer `{label}`"),
                device: self.device_name.clone(),
                needed: size,
                available,
            });
        }
        Ok(device.create_buffer(&BufferDescriptor {
            label: Some(label),
            size,
            usage: BufferUsages::STORAGE | BufferUsages::COPY_SRC | BufferUsages::COPY_DST,
            mapped_at_creation: false,
        }))
    }

    pub fn locate(&self, tensor: Tensor) -> Result<Located<'_>, DeviceError> {
        let bad = |problem: &str| DeviceError::bad(tensor, problem);
        let (buffer, from) = match tensor.place {
            Place::Region { id, offset } => (self.regions.get(id.0), offset),
            Place::Arena { plan, index } => {
                let slots = self.arenas.get(&plan).ok_or_else(|| bad("its plan was not loaded"))?;
                let slot = self.slot_of.get(&plan).and_then(|slot_of| slot_of.get(index));
                (slot.and_then(|&slot| slots.get(slot)), 0)
            }
        };
        let buffer = buffer.ok_or_else(|| bad("it has no memory on this device"))?;
        let (offset, size) = (from as u64 * ELEMENT, tensor.len() as u64 * ELEMENT);
        if offset + size > buffer.size() {
            return Err(bad("it reaches beyond its memory"));
        }
        Ok(Located { buffer, offset, size })
    }
}
