//! Tensor handles: a shape, an element type and a place. Handles are small and `Copy`; they own no memory.

use crate::kernels::DType;
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Up to four dimensions, outermost first; images are `[rows, channels, height, width]`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Shape {
    dims: [usize; 4],
    rank: usize,
}

impl Shape {
    /// The dimensions, outermost first.
    pub fn dims(&self) -> &[usize] {
        &self.dims[..self.rank]
    }

    /// Number of elements.
    pub fn len(&self) -> usize {
        self.dims().iter().product()
    }

    /// Whether there is no element.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The outermost dimension and the product of the others: a tensor seen as a matrix, one row per image view.
    pub fn as_matrix(&self) -> (usize, usize) {
        match self.dims() {
            [] => (1, 1),
            [rows, rest @ ..] => (*rows, rest.iter().product()),
        }
    }
}

impl<const R: usize> From<[usize; R]> for Shape {
    fn from(from: [usize; R]) -> Self {
        const { assert!(R <= 4, "a shape has at most four dimensions") }
        let mut dims = [1; 4];
        dims[..R].copy_from_slice(&from);
        Self { dims, rank: R }
    }
}

impl fmt::Debug for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.dims())
    }
}

/// A persistent stretch of memory that plans share: parameters, gradients, Adam moments, the data set, the clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RegionId(pub(crate) usize);

impl RegionId {
    /// Its place among the regions of its layout.
    pub fn index(self) -> usize {
        self.0
    }
}

/// Names a plan, and the graph that it was built from; unique within the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PlanId(pub(crate) usize);

impl PlanId {
    pub(crate) fn unique() -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

/// Where a tensor lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// In a persistent region, from this element on.
    Region {
        /// Which region.
        id: RegionId,
        /// First element.
        offset: usize,
    },
    /// In a plan's arena, where the liveness planner puts it.
    Arena {
        /// Whose arena.
        plan: PlanId,
        /// Which of its tensors.
        index: usize,
    },
}

/// A handle to a tensor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Tensor {
    /// Dimensions.
    pub shape: Shape,
    /// Element type.
    pub dtype: DType,
    /// Where it lives.
    pub place: Place,
}

impl Tensor {
    /// The same memory seen with another shape of the same size, or fewer elements.
    pub fn reshape(self, shape: impl Into<Shape>) -> Self {
        let shape = shape.into();
        debug_assert!(shape.len() <= self.shape.len(), "{shape:?} does not fit into {:?}", self.shape);
        Self { shape, ..self }
    }

    /// A part of a tensor that lies in a region, from element `from` on.
    ///
    /// On a GPU a binding begins at a multiple of 256 bytes, so `from` is a multiple of 64 elements.
    pub fn slice(self, from: usize, shape: impl Into<Shape>) -> Self {
        let shape = shape.into();
        debug_assert!(from + shape.len() <= self.len(), "{shape:?} at {from} is not inside {:?}", self.shape);
        match self.place {
            Place::Region { id, offset } => Self { shape, place: Place::Region { id, offset: offset + from }, ..self },
            Place::Arena { .. } => unreachable!("only tensors in regions have parts"),
        }
    }

    /// The element of `whole`, in a region, that this tensor begins at; none where it lies elsewhere.
    pub fn place_in(self, whole: Self) -> Option<usize> {
        match (self.place, whole.place) {
            (Place::Region { id, offset }, Place::Region { id: of, offset: from }) if id == of => {
                offset.checked_sub(from).filter(|&at| at < whole.len())
            }
            _ => None,
        }
    }

    /// Number of elements.
    pub fn len(&self) -> usize {
        self.shape.len()
    }

    /// Whether there is no element.
    pub fn is_empty(&self) -> bool {
        self.shape.is_empty()
    }
}

/// The persistent regions that an executor allocates once, before any plan is loaded.
#[derive(Clone, Debug, Default)]
pub struct Layout {
    regions: Vec<Region>,
}

/// One persistent region.
#[derive(Clone, Debug)]
pub struct Region {
    /// Name, for messages.
    pub name: String,
    /// Element type.
    pub dtype: DType,
    /// Elements.
    pub len: usize,
}

impl Layout {
    /// Adds a region and returns the tensor that covers it.
    pub fn add(&mut self, name: &str, dtype: DType, shape: impl Into<Shape>) -> Tensor {
        let shape = shape.into();
        self.regions.push(Region { name: name.to_owned(), dtype, len: shape.len() });
        Tensor { shape, dtype, place: Place::Region { id: RegionId(self.regions.len() - 1), offset: 0 } }
    }

    /// All regions, in order of their ids.
    pub fn regions(&self) -> &[Region] {
        &self.regions
    }

    /// Elements of all regions.
    pub fn elements(&self) -> u64 {
        self.regions.iter().map(|region| region.len as u64).sum()
    }

    /// Bytes on a device (both element types take four bytes there).
    pub fn device_bytes(&self) -> u64 {
        self.elements() * 4
    }
}
