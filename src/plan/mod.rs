//! The recorded step: tensors in an arena and a flat list of dispatches, built once and replayed.
//!
//! Layers and losses write into a [`Graph`] while it is built; [`Graph::finish`] checks every dispatch, plans the memory
//! and yields a [`Plan`]. Executors know nothing of models: they run the list.

mod arena;
mod flow;
mod graph;
mod tensor;

pub use arena::{Arena, Slot};
pub use graph::{Graph, PlanError};
pub use tensor::{Layout, Place, PlanId, Region, RegionId, Shape, Tensor};

use crate::kernels::AnyKernel;
use std::ops::Range;
use std::sync::Arc;

/// One kernel on its tensors.
#[derive(Clone, Debug)]
pub struct Dispatch {
    /// What this dispatch is for, such as `enc.0 forward`.
    pub label: String,
    /// The kernel with its parameters.
    pub kernel: Arc<dyn AnyKernel>,
    /// The tensors, in the order of the kernel's bindings.
    pub tensors: Vec<Tensor>,
}

/// A point of a plan where executors that compute a step together exchange what each of them has computed.
#[derive(Clone, Debug)]
pub struct Meeting {
    /// Dispatches before it.
    pub after: usize,
    /// What is exchanged: a tensor in a region.
    pub tensor: Tensor,
    /// How.
    pub what: Exchange,
}

/// What becomes of a tensor when executors exchange it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Exchange {
    /// Everyone gets the sum.
    Sum,
    /// Each has computed a stretch, this executor the one here; everyone gets all of them.
    Gather(Range<usize>),
    /// Everyone gets what the first executor has.
    First,
    /// As [`Exchange::Sum`] of one of so many rows: that of the step that a clock is in, `step % rows`.
    Row {
        /// The clock.
        clock: Tensor,
        /// Rows of the tensor.
        rows: usize,
    },
}

/// A list of dispatches with its memory planned.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The plan's handle.
    pub id: PlanId,
    /// What the plan is for.
    pub name: String,
    /// The dispatches, in order.
    pub dispatches: Vec<Dispatch>,
    /// Where it stops for what other executors have computed; nowhere, but in a step that several share.
    pub meetings: Vec<Meeting>,
    /// The slots of the intermediate tensors.
    pub arena: Arena,
    /// Names of the intermediate tensors, by arena index.
    pub names: Vec<String>,
}

impl Plan {
    /// Checks that every tensor has its place: intermediate ones among this plan's own, as memory of another may be gone when this one
    /// runs, and the others inside a region of `layout` that holds what they are.
    ///
    /// # Errors
    /// At the first that has none.
    pub fn check_places(&self, layout: &Layout) -> Result<(), PlanError> {
        let regions = layout.regions();
        for dispatch in &self.dispatches {
            for tensor in &dispatch.tensors {
                let known = match tensor.place {
                    Place::Arena { plan, index } => plan == self.id && index < self.arena.slot_of.len(),
                    Place::Region { id, offset } => regions.get(id.0).is_some_and(|region| {
                        let end = offset.checked_add(tensor.len());
                        region.dtype == tensor.dtype && end.is_some_and(|end| end <= region.len)
                    }),
                };
                if !known {
                    return Err(PlanError::Foreign { label: dispatch.label.clone(), shape: tensor.shape });
                }
            }
        }
        Ok(())
    }

    /// The name of a tensor of this plan.
    pub fn name_of<'a>(&'a self, layout: &'a Layout, tensor: &Tensor) -> &'a str {
        match tensor.place {
            Place::Arena { index, .. } => &self.names[index],
            Place::Region { id, .. } => &layout.regions()[id.0].name,
        }
    }
}
