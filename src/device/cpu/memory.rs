//! Memory of the CPU executor: regions and arenas, and the views of them that a twin gets.

use super::Element;
use crate::device::{DeviceError, Values};
use crate::kernels::{Access, Arg, Args, DType};
use crate::plan::{Layout, Place, Plan, PlanId, Tensor};
use std::collections::{BTreeMap, TryReserveError};

enum Buffer<T> {
    Real(Vec<T>),
    Uint(Vec<u32>),
}

/// `len` zeros, or none where the system has no memory for them.
fn zeros<E: Copy>(zero: E, len: usize) -> Result<Vec<E>, TryReserveError> {
    let mut numbers = Vec::new();
    numbers.try_reserve_exact(len)?;
    numbers.resize(len, zero);
    Ok(numbers)
}

impl<T: Element> Buffer<T> {
    fn zeros(dtype: DType, len: usize) -> Result<Self, TryReserveError> {
        Ok(match dtype {
            DType::Real => Buffer::Real(zeros(T::ZERO, len)?),
            DType::Uint => Buffer::Uint(zeros(0, len)?),
        })
    }

    fn len(&self) -> usize {
        match self {
            Buffer::Real(x) => x.len(),
            Buffer::Uint(x) => x.len(),
        }
    }
}

/// Where a tensor lies: a buffer and a range of its elements.
#[derive(Clone, Copy, Debug)]
pub struct Span {
    buffer: usize,
    from: usize,
    len: usize,
}

impl Span {
    fn overlaps(&self, other: &Span) -> bool {
        self.buffer == other.buffer && self.from < other.from + other.len && other.from < self.from + self.len
    }
}

/// All buffers of an executor: the regions first, then the slots of each loaded plan.
pub struct Memory<T> {
    buffers: Vec<Buffer<T>>,
    arenas: BTreeMap<PlanId, Vec<usize>>,
}

impl<T: Element> Memory<T> {
    pub fn new(layout: &Layout) -> Result<Self, TryReserveError> {
        let buffers = layout.regions().iter().map(|region| Buffer::zeros(region.dtype, region.len));
        Ok(Self { buffers: buffers.collect::<Result<_, _>>()?, arenas: BTreeMap::new() })
    }

    pub fn add_arena(&mut self, plan: &Plan) -> Result<(), TryReserveError> {
        let slots = plan.arena.slots.iter().map(|slot| Buffer::zeros(slot.dtype, slot.len));
        let slots: Vec<Buffer<T>> = slots.collect::<Result<_, _>>()?;
        let first = self.buffers.len();
        self.buffers.extend(slots);
        self.arenas.insert(plan.id, plan.arena.slot_of.iter().map(|slot| first + slot).collect());
        Ok(())
    }

    /// Frees a plan's slots. Their places in the list stay, empty, so that other spans keep their meaning.
    pub fn remove_arena(&mut self, plan: PlanId) {
        for slot in self.arenas.remove(&plan).unwrap_or_default() {
            self.buffers[slot] = Buffer::Uint(Vec::new());
        }
    }

    pub fn locate(&self, tensor: Tensor) -> Result<Span, DeviceError> {
        let bad = |problem: &str| DeviceError::bad(tensor, problem);
        let (buffer, from) = match tensor.place {
            Place::Region { id, offset } => (id.0, offset),
            Place::Arena { plan, index } => {
                let arena = self.arenas.get(&plan).ok_or_else(|| bad("its plan was not loaded"))?;
                (*arena.get(index).ok_or_else(|| bad("it is not in its plan's arena"))?, 0)
            }
        };
        let span = Span { buffer, from, len: tensor.len() };
        match self.buffers.get(buffer) {
            Some(memory) if from + span.len <= memory.len() => Ok(span),
            _ => Err(bad("it reaches beyond its memory")),
        }
    }

    /// The views of one dispatch. Panics where a written span overlaps another: the graph refuses such dispatches.
    pub fn args(&mut self, spans: &[(Span, Access)]) -> Args<'_, T> {
        for (i, (span, access)) in spans.iter().enumerate() {
            let clash = spans.iter().enumerate().any(|(j, (other, _))| i != j && span.overlaps(other));
            assert!(*access == Access::Read || !clash, "a written tensor overlaps another of its dispatch");
        }
        let base: Vec<Arg<'_, T>> = spans
            .iter()
            .map(|(span, access)| {
                let writes = *access != Access::Read;
                // SAFETY: `locate` checked that the range lies inside the buffer, the loop above that no written range
                // overlaps another, and the exclusive borrow of `self` outlives the views.
                unsafe {
                    match &mut self.buffers[span.buffer] {
                        Buffer::Real(x) => {
                            let start = x.as_mut_ptr().add(span.from);
                            if writes {
                                Arg::RealMut(std::slice::from_raw_parts_mut(start, span.len))
                            } else {
                                Arg::Real(std::slice::from_raw_parts(start, span.len))
                            }
                        }
                        Buffer::Uint(x) => {
                            let start = x.as_mut_ptr().add(span.from);
                            if writes {
                                Arg::UintMut(std::slice::from_raw_parts_mut(start, span.len))
                            } else {
                                Arg::Uint(std::slice::from_raw_parts(start, span.len))
                            }
                        }
                    }
                }
            })
            .collect();
        Args::new(base)
    }

    pub fn read(&self, tensor: Tensor) -> Result<Values, DeviceError> {
        let span = self.locate(tensor)?;
        let range = span.from..span.from + span.len;
        Ok(match &self.buffers[span.buffer] {
            Buffer::Real(x) => T::values(x[range].to_vec()),
            Buffer::Uint(x) => Values::U32(x[range].to_vec()),
        })
    }

    pub fn write(&mut self, tensor: Tensor, values: &Values) -> Result<(), DeviceError> {
        let span = self.locate(tensor)?;
        let range = span.from..span.from + span.len;
        if values.len() != span.len {
            return Err(DeviceError::bad(tensor, format!("{} values were given for it", values.len())));
        }
        match (&mut self.buffers[span.buffer], values) {
            (Buffer::Uint(x), Values::U32(from)) => x[range].copy_from_slice(from),
            (Buffer::Real(x), Values::F32(from)) => {
                x[range].iter_mut().zip(from).for_each(|(x, &v)| *x = T::of(f64::from(v)));
            }
            (Buffer::Real(x), Values::F64(from)) => x[range].iter_mut().zip(from).for_each(|(x, &v)| *x = T::of(v)),
            _ => return Err(DeviceError::bad(tensor, "words were given for reals, or reals for words")),
        }
        Ok(())
    }
}
