//! What the dispatches of a graph do to memory, in their order: how long tensors live, and which values nobody would see.

use super::arena::Lifetime;
use super::{Exchange, Meeting, Place, RegionId, Tensor};
use crate::kernels::{Access, Binding};
use std::collections::HashMap;
use std::ops::Range;

/// Why a dispatch cannot do what it would.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// It reads what nothing has written.
    Unwritten,
    /// It overwrites what nothing has read.
    Lost,
}

/// An intermediate tensor after the dispatches so far.
#[derive(Clone, Debug, Default)]
struct State {
    life: Option<Lifetime>,
    /// Elements that hold a value: all before this one.
    written: usize,
    /// Whether a dispatch wrote a value that none has read.
    unread: bool,
}

/// Memory after the dispatches so far.
#[derive(Debug)]
pub(super) struct Flow {
    intermediates: Vec<State>,
    /// Elements of each region that hold a value of this replay which no dispatch has read.
    regions: HashMap<RegionId, Vec<Range<usize>>>,
}

impl Flow {
    /// Before the first dispatch. `written` has, for each intermediate tensor, the elements that the host writes.
    pub fn new(written: impl Iterator<Item = usize>) -> Self {
        let intermediates = written.map(|written| State { written, ..State::default() }).collect();
        Self { intermediates, regions: HashMap::new() }
    }

    /// The dispatch at `position` does with a tensor what its binding says.
    pub fn touch(&mut self, position: usize, tensor: &Tensor, binding: &Binding) -> Result<(), Fault> {
        match tensor.place {
            Place::Arena { index, .. } => self.intermediates[index].touch(position, binding),
            Place::Region { id, offset } => {
                touch_region(self.regions.entry(id).or_default(), offset..offset + binding.len, binding.access)
            }
        }
    }

    /// Executors exchange a tensor between two dispatches, for which it lives until the second: what is gathered at the same place must not
    /// lie where another exchange has yet to read.
    pub fn exchange(&mut self, Meeting { after, tensor, what }: &Meeting) -> Result<(), Fault> {
        let bound = |tensor: &Tensor, access| Binding::real("exchanged", access, tensor.len());
        match what {
            Exchange::Gather { all, .. } => {
                self.touch(*after, tensor, &bound(tensor, Access::Read))?;
                self.touch(*after, all, &bound(all, Access::Write))
            }
            Exchange::Sum | Exchange::First | Exchange::Row { .. } => {
                self.touch(*after, tensor, &bound(tensor, Access::Update))
            }
        }
    }

    /// When each intermediate tensor is alive; none where no dispatch uses it.
    pub fn lives(self) -> impl Iterator<Item = Option<Lifetime>> {
        self.intermediates.into_iter().map(|state| state.life)
    }
}

impl State {
    fn touch(&mut self, position: usize, binding: &Binding) -> Result<(), Fault> {
        // Whatever is bound needs its memory, even where the kernel looks at none of its elements.
        let first = self.life.map_or(position, |life| life.first);
        self.life = Some(Lifetime { first, last: position });
        match binding.access {
            _ if binding.len == 0 => return Ok(()),
            Access::Read | Access::Update if binding.len > self.written => return Err(Fault::Unwritten),
            Access::Write if self.unread => return Err(Fault::Lost),
            Access::Read | Access::Update => {}
            Access::Write => self.written = self.written.max(binding.len),
        }
        self.unread = binding.access != Access::Read;
        Ok(())
    }
}

/// Regions begin with what the host or an earlier replay left, so that reading is always right.
fn touch_region(unread: &mut Vec<Range<usize>>, range: Range<usize>, access: Access) -> Result<(), Fault> {
    if range.is_empty() {
        return Ok(());
    }
    let overlaps = |other: &Range<usize>| range.start < other.end && other.start < range.end;
    match access {
        Access::Write if unread.iter().any(overlaps) => return Err(Fault::Lost),
        Access::Write => unread.push(range),
        Access::Read => unread.retain(|other| !overlaps(other)),
        Access::Update => {
            unread.retain(|other| !overlaps(other));
            unread.push(range);
        }
    }
    Ok(())
}
