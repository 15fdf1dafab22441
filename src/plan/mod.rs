//! The recorded step: tensors in an arena and a flat list of dispatches, built once and replayed.
//!
//! Layers and losses write into a [`Graph`] while it is built; [`Graph::finish`] checks every dispatch, plans the memory
//! and yields a [`Plan`]. Executors know nothing of models: they run the list.

mod arena;
mod flow;
mod graph;
mod meeting;
mod precision;
mod share;
mod tensor;

pub use arena::{Arena, Slot};
pub use graph::{Graph, PlanError};
pub use meeting::{Exchange, Meeting};
pub use precision::Precision;
pub use share::{Share, deal};
pub use tensor::{Layout, Place, PlanId, Region, RegionId, Shape, Tensor};

use crate::kernels::AnyKernel;
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
        let known = |tensor: &Tensor| match tensor.place {
            Place::Arena { plan, index } => plan == self.id && index < self.arena.slot_of.len(),
            Place::Region { id, offset } => regions.get(id.0).is_some_and(|region| {
                let end = offset.checked_add(tensor.len());
                region.dtype == tensor.dtype && end.is_some_and(|end| end <= region.len)
            }),
        };
        let of_dispatches = self
            .dispatches
            .iter()
            .flat_map(|dispatch| dispatch.tensors.iter().map(move |at| (&dispatch.label[..], *at)));
        let exchanged = self.meetings.iter().flat_map(|meeting| meeting.tensors().map(|at| (meeting::LABEL, at)));
        match of_dispatches.chain(exchanged).find(|(_, tensor)| !known(tensor)) {
            Some((label, tensor)) => Err(PlanError::Foreign { label: label.to_owned(), shape: tensor.shape }),
            None => Ok(()),
        }
    }

    /// The name of a tensor of this plan.
    pub fn name_of<'a>(&'a self, layout: &'a Layout, tensor: &Tensor) -> &'a str {
        match tensor.place {
            Place::Arena { index, .. } => &self.names[index],
            Place::Region { id, .. } => &layout.regions()[id.0].name,
        }
    }
}
