//! The arena: intermediate tensors share memory slots, planned once by liveness.
//!
//! A slot is one buffer. Two tensors may share it when one is dead before the other is born. Tensors are placed from
//! the largest to the smallest, each into the smallest free slot that holds it ("greedy by size", Pisarchyk and Lee,
//! 2020). Whole buffers rather than offsets in one buffer keep every binding within WebGPU's limits, let a dispatch
//! read one tensor and write another (WebGPU forbids that within one buffer) and cost a few percent of memory.

use crate::kernels::DType;
use std::collections::BTreeMap;

/// When a tensor is alive: from the dispatch that first writes it to the last one that uses it, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lifetime {
    /// First dispatch.
    pub first: usize,
    /// Last dispatch.
    pub last: usize,
}

/// Lifetimes of which no two overlap, by their first dispatch.
#[derive(Default)]
struct Tenants(BTreeMap<usize, usize>);

impl Tenants {
    /// Whether a lifetime overlaps none of these: the last that begins before its end has ended before its beginning.
    fn leave_room_for(&self, life: Lifetime) -> bool {
        self.0.range(..=life.last).next_back().is_none_or(|(_, &last)| last < life.first)
    }
}

/// A tensor to place.
#[derive(Clone, Copy, Debug)]
pub struct Request {
    /// Elements.
    pub len: usize,
    /// Element type.
    pub dtype: DType,
    /// When it is alive.
    pub life: Lifetime,
}

/// One buffer of the arena.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slot {
    /// Elements.
    pub len: usize,
    /// Element type.
    pub dtype: DType,
}

/// Which slot each tensor got, and the slots.
#[derive(Clone, Debug, Default)]
pub struct Arena {
    /// Slot index of each requested tensor.
    pub slot_of: Vec<usize>,
    /// The buffers to allocate.
    pub slots: Vec<Slot>,
}

impl Arena {
    /// Places every tensor.
    pub fn plan(requests: &[Request]) -> Self {
        let mut order: Vec<usize> = (0..requests.len()).collect();
        order.sort_by_key(|&i| std::cmp::Reverse(requests[i].len));
        let mut slots: Vec<Slot> = Vec::new();
        let mut tenants: Vec<Tenants> = Vec::new();
        let mut slot_of = vec![0; requests.len()];
        for i in order {
            let Request { len, dtype, life } = requests[i];
            let free = (0..slots.len())
                .filter(|&s| slots[s].dtype == dtype && tenants[s].leave_room_for(life))
                .min_by_key(|&s| slots[s].len);
            let slot = free.unwrap_or_else(|| {
                slots.push(Slot { len, dtype });
                tenants.push(Tenants::default());
                slots.len() - 1
            });
            tenants[slot].0.insert(life.first, life.last);
            slot_of[i] = slot;
        }
        Self { slot_of, slots }
    }

    /// Elements of all slots.
    pub fn elements(&self) -> u64 {
        self.slots.iter().map(|slot| slot.len as u64).sum()
    }

    /// Bytes of all slots on a device.
    pub fn device_bytes(&self) -> u64 {
        self.elements() * 4
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn overlap(a: Lifetime, b: Lifetime) -> bool {
        a.first <= b.last && b.first <= a.last
    }

    fn request(len: usize, first: usize, last: usize) -> Request {
        Request { len, dtype: DType::Real, life: Lifetime { first, last } }
    }

    #[test]
    fn tensors_alive_together_never_share() {
        // A small pseudo-random set of lifetimes, checked pair by pair.
        let requests: Vec<Request> = (0..200u64)
            .map(|i| {
                let a = (i.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40) as usize;
                request(1 + a % 97, a / 97 % 50, a / 97 % 50 + a % 13)
            })
            .collect();
        let arena = Arena::plan(&requests);
        for (i, a) in requests.iter().enumerate() {
            assert!(arena.slots[arena.slot_of[i]].len >= a.len);
            for (j, b) in requests.iter().enumerate().skip(i + 1) {
                assert!(arena.slot_of[i] != arena.slot_of[j] || !overlap(a.life, b.life), "{i} and {j} share a slot");
            }
        }
        assert!(arena.device_bytes() < requests.iter().map(|r| r.len as u64 * 4).sum());
    }

    #[test]
    fn a_chain_needs_two_slots() {
        let chain: Vec<Request> = (0..9).map(|i| request(10, i, i + 1)).collect();
        assert_eq!(Arena::plan(&chain).slots.len(), 2);
    }

    #[test]
    fn element_types_do_not_mix() {
        let mut uint = request(10, 2, 3);
        uint.dtype = DType::Uint;
        assert_eq!(Arena::plan(&[request(10, 0, 1), uint]).slots.len(), 2);
    }
}
