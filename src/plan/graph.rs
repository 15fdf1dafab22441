//! The builder of a plan: layers and losses emit their forward dispatches, and remember their backward ones.

use super::arena::{Lifetime, Request};
use super::flow::{Fault, Flow};
use super::{Arena, Dispatch, Meeting, Place, Plan, PlanId, Precision, Shape, Share, Tensor, meeting};
use crate::kernels::cost::Machine;
use crate::kernels::{Access, AnyKernel, DType};
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

/// A plan that cannot run: always a mistake of the code that built it.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// The number of tensors differs from the kernel's bindings.
    #[error("{label}: the kernel has {expected} bindings, {found} tensors were given")]
    Count {
        /// The dispatch.
        label: String,
        /// Bindings of the kernel.
        expected: usize,
        /// Tensors given.
        found: usize,
    },
    /// A tensor does not fit its binding.
    #[error(
        "{label}: tensor {tensor} {shape:?} ({dtype:?}) does not fit binding `{binding}`, which wants {len} elements of {wanted:?}"
    )]
    Binding {
        /// The dispatch.
        label: String,
        /// The tensor's name.
        tensor: String,
        /// The tensor's shape.
        shape: Shape,
        /// The tensor's element type.
        dtype: DType,
        /// The binding's name.
        binding: &'static str,
        /// Elements wanted.
        len: usize,
        /// Element type wanted.
        wanted: DType,
    },
    /// A tensor is read before anything wrote it.
    #[error(
        "{label}: tensor {tensor} is read before any dispatch writes it; declare it with `Graph::input` if the host writes it"
    )]
    Unwritten {
        /// The dispatch.
        label: String,
        /// The tensor's name.
        tensor: String,
    },
    /// A tensor of another plan or layout: its place means nothing here.
    #[error(
        "{label}: tensor {shape:?} belongs to another plan or layout; what plans share lies in a region of their layout"
    )]
    Foreign {
        /// The dispatch, or what was asked for.
        label: String,
        /// The tensor's shape.
        shape: Shape,
    },
    /// A handle that claims more than its tensor is.
    #[error("{label}: tensor {tensor} is used as {shape:?} ({dtype:?}), and was made with {len} elements of {made:?}")]
    View {
        /// The dispatch.
        label: String,
        /// The tensor's name.
        tensor: String,
        /// The handle's shape.
        shape: Shape,
        /// The handle's element type.
        dtype: DType,
        /// The tensor's elements.
        len: usize,
        /// The tensor's own element type.
        made: DType,
    },
    /// A value is overwritten before anything read it.
    #[error(
        "{label}: tensor {tensor} is overwritten before anything reads it; a second contribution to a gradient accumulates \
         (`Graph::grad_target`), and layers with parameters are passed once in a step"
    )]
    Lost {
        /// The dispatch.
        label: String,
        /// The tensor's name.
        tensor: String,
    },
    /// A dispatch writes memory that another of its bindings uses.
    #[error("{label}: binding `{binding}` overlaps another binding of the same dispatch")]
    Overlap {
        /// The dispatch.
        label: String,
        /// The writing binding.
        binding: &'static str,
    },
}

struct Intermediate {
    name: String,
    shape: Shape,
    dtype: DType,
    /// The host reads or writes it between replays, so nothing else may use its memory.
    pinned: bool,
    /// The host writes it.
    input: bool,
}

type Backward = Box<dyn FnOnce(&mut Graph)>;

/// Records a step while layers and losses are called in forward order; [`Graph::backward`] then emits the backward
/// dispatches, last layer first.
pub struct Graph {
    id: PlanId,
    name: String,
    machine: Machine,
    pub(super) precision: Precision,
    pub(super) share: Share,
    /// Images of what is recorded now that each member computes; as many by each where it is empty.
    pub(super) images: Vec<usize>,
    pub(super) dispatches: Vec<Dispatch>,
    pub(super) meetings: Vec<Meeting>,
    intermediates: Vec<Intermediate>,
    tape: Vec<Backward>,
    /// By the place of what they belong to, so that a tensor and its reshaped views share one.
    grads: HashMap<Place, Tensor>,
    /// The gradients that losses have written since the last backward pass, in order.
    pub(super) loss_gradients: Vec<Tensor>,
    /// What gradients are multiplied by in products of half precision, and one over it.
    pub(super) loss_scale: Option<Tensor>,
    /// The first tensor of another plan that was to be kept.
    foreign: Option<PlanError>,
}

impl fmt::Debug for Graph {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Graph({}, {} dispatches)", self.name, self.dispatches.len())
    }
}

impl Graph {
    /// An empty graph.
    pub fn new(name: &str) -> Self {
        Self {
            id: PlanId::unique(),
            name: name.to_owned(),
            machine: Machine::default(),
            precision: Precision::default(),
            share: Share::ALONE,
            images: Vec::new(),
            dispatches: Vec::new(),
            meetings: Vec::new(),
            intermediates: Vec::new(),
            tape: Vec::new(),
            grads: HashMap::new(),
            loss_gradients: Vec::new(),
            loss_scale: None,
            foreign: None,
        }
    }

    /// The same graph, where an operation that has several forms takes the one that suits this.
    pub fn on(self, machine: Machine) -> Self {
        Self { machine, ..self }
    }

    /// The same graph, of what a member of a group computes of a step.
    pub fn shared(self, share: Share) -> Self {
        Self { share, ..self }
    }

    /// What it is recorded for.
    pub fn machine(&self) -> Machine {
        self.machine
    }

    fn intermediate(&mut self, name: &str, shape: Shape, dtype: DType, input: bool) -> Tensor {
        self.intermediates.push(Intermediate { name: name.to_owned(), shape, dtype, pinned: input, input });
        Tensor { shape, dtype, place: Place::Arena { plan: self.id, index: self.intermediates.len() - 1 } }
    }

    /// A tensor of reals that some dispatch writes.
    pub fn tensor(&mut self, name: &str, shape: impl Into<Shape>) -> Tensor {
        self.intermediate(name, shape.into(), DType::Real, false)
    }

    /// A tensor of words that some dispatch writes.
    pub fn uints(&mut self, name: &str, shape: impl Into<Shape>) -> Tensor {
        self.intermediate(name, shape.into(), DType::Uint, false)
    }

    /// A tensor of reals that the host writes before a replay.
    pub fn input(&mut self, name: &str, shape: impl Into<Shape>) -> Tensor {
        self.intermediate(name, shape.into(), DType::Real, true)
    }

    /// A tensor of words that the host writes before a replay.
    pub fn input_uints(&mut self, name: &str, shape: impl Into<Shape>) -> Tensor {
        self.intermediate(name, shape.into(), DType::Uint, true)
    }

    /// Keeps a tensor's memory to itself, so that the host can read it after a replay.
    pub fn keep(&mut self, tensor: Tensor) {
        if let Place::Arena { plan, index } = tensor.place {
            match self.intermediates.get_mut(index).filter(|_| plan == self.id) {
                Some(intermediate) => intermediate.pinned = true,
                None => {
                    let error = PlanError::Foreign { label: "kept".to_owned(), shape: tensor.shape };
                    self.foreign.get_or_insert(error);
                }
            }
        }
    }

    /// Appends a dispatch. `tensors` follow the order of the kernel's bindings.
    pub fn push(&mut self, label: &str, kernel: impl AnyKernel + 'static, tensors: &[Tensor]) {
        self.push_shared(label, Arc::new(kernel), tensors);
    }

    /// [`Graph::push`] of a kernel that somebody else holds too.
    pub fn push_shared(&mut self, label: &str, kernel: Arc<dyn AnyKernel>, tensors: &[Tensor]) {
        self.dispatches.push(Dispatch { label: label.to_owned(), kernel, tensors: tensors.to_vec() });
    }

    /// Remembers what to emit when the backward pass comes back to this point.
    pub fn on_backward(&mut self, emit: impl FnOnce(&mut Graph) + 'static) {
        self.tape.push(Box::new(emit));
    }

    /// Emits the backward dispatches of everything recorded so far, last first.
    pub fn backward(&mut self) {
        self.scale_loss();
        while let Some(emit) = self.tape.pop() {
            emit(self);
        }
        self.loss_gradients.clear();
    }

    /// The gradient of the loss with respect to `tensor`, if anything that came after it in the forward pass used it.
    pub fn grad(&self, tensor: Tensor) -> Option<Tensor> {
        self.grads.get(&tensor.place).map(|grad| grad.reshape(tensor.shape))
    }

    /// Says what the gradient of `tensor` is, where no dispatch computes it: an input.
    pub fn set_grad(&mut self, tensor: Tensor, grad: Tensor) {
        self.grads.insert(tensor.place, grad);
        self.loss_gradients.push(grad);
    }

    /// Where to write a contribution to the gradient of `tensor`, and whether to add to what is there: the first
    /// contribution overwrites, later ones accumulate.
    pub fn grad_target(&mut self, tensor: Tensor) -> (Tensor, bool) {
        if let Some(grad) = self.grad(tensor) {
            return (grad, true);
        }
        let name = match tensor.place {
            Place::Arena { .. } => format!("d {}", self.name_of(&tensor)),
            Place::Region { .. } => "d parameter".to_owned(),
        };
        let grad = self.tensor(&name, tensor.shape);
        self.set_grad(tensor, grad);
        (grad, false)
    }

    /// Where to write the gradient of `tensor` for a dispatch that can only overwrite. Where something has contributed before,
    /// [`Graph::finish`] refuses the plan.
    pub fn grad_first(&mut self, tensor: Tensor) -> Tensor {
        self.grad_target(tensor).0
    }

    pub(super) fn name_of(&self, tensor: &Tensor) -> String {
        match tensor.place {
            Place::Arena { plan, index } => {
                let known = self.intermediates.get(index).filter(|_| plan == self.id);
                known.map_or_else(|| "of another plan".to_owned(), |tensor| tensor.name.clone())
            }
            Place::Region { id, offset } => format!("region {} at {offset}", id.0),
        }
    }

    /// Checks every dispatch and plans the memory.
    pub fn finish(self) -> Result<Plan, PlanError> {
        if let Some(error) = self.foreign {
            return Err(error);
        }
        let by_host = |tensor: &Intermediate| if tensor.input { tensor.shape.len() } else { 0 };
        let mut flow = Flow::new(self.intermediates.iter().map(by_host));
        let told = |fault: Fault, label: &str, tensor: &Tensor| {
            let (label, tensor) = (label.to_owned(), self.name_of(tensor));
            match fault {
                Fault::Unwritten => PlanError::Unwritten { label, tensor },
                Fault::Lost => PlanError::Lost { label, tensor },
            }
        };
        let mut meetings = self.meetings.iter().peekable();
        let mut exchange = |flow: &mut Flow, position: usize| {
            while let Some(meeting) = meetings.next_if(|meeting| meeting.after == position) {
                meeting.tensors().try_for_each(|tensor| self.check_view(meeting::LABEL, &tensor))?;
                flow.exchange(meeting).map_err(|fault| told(fault, meeting::LABEL, &meeting.tensor))?;
            }
            Ok(())
        };
        for (position, dispatch) in self.dispatches.iter().enumerate() {
            exchange(&mut flow, position)?;
            self.check(dispatch)?;
            for (binding, tensor) in dispatch.kernel.bindings().iter().zip(&dispatch.tensors) {
                flow.touch(position, tensor, binding).map_err(|fault| told(fault, &dispatch.label, tensor))?;
            }
        }
        exchange(&mut flow, self.dispatches.len())?;
        let always = Lifetime { first: 0, last: self.dispatches.len() };
        let requests: Vec<Request> = self
            .intermediates
            .iter()
            .zip(flow.lives())
            .map(|(tensor, life)| Request {
                len: tensor.shape.len(),
                dtype: tensor.dtype,
                // A tensor that nothing uses still gets a place, so that a handle to it stays valid.
                life: if tensor.pinned { always } else { life.unwrap_or(always) },
            })
            .collect();
        Ok(Plan {
            id: self.id,
            name: self.name,
            dispatches: self.dispatches,
            meetings: self.meetings,
            arena: Arena::plan(&requests),
            names: self.intermediates.into_iter().map(|tensor| tensor.name).collect(),
        })
    }

    /// A handle of an intermediate tensor is of this plan, and claims no more than the tensor is.
    fn check_view(&self, label: &str, tensor: &Tensor) -> Result<(), PlanError> {
        let Place::Arena { plan, index } = tensor.place else { return Ok(()) };
        let label = label.to_owned();
        let Some(made) = self.intermediates.get(index).filter(|_| plan == self.id) else {
            return Err(PlanError::Foreign { label, shape: tensor.shape });
        };
        // Memory that is shared may be larger than the tensor: reading on would go unnoticed.
        if tensor.len() > made.shape.len() || tensor.dtype != made.dtype {
            let (name, len) = (made.name.clone(), made.shape.len());
            let Tensor { shape, dtype, .. } = *tensor;
            return Err(PlanError::View { label, tensor: name, shape, dtype, len, made: made.dtype });
        }
        Ok(())
    }

    fn check(&self, dispatch: &Dispatch) -> Result<(), PlanError> {
        let bindings = dispatch.kernel.bindings();
        let label = || dispatch.label.clone();
        if bindings.len() != dispatch.tensors.len() {
            return Err(PlanError::Count { label: label(), expected: bindings.len(), found: dispatch.tensors.len() });
        }
        for (i, (binding, tensor)) in bindings.iter().zip(&dispatch.tensors).enumerate() {
            self.check_view(&dispatch.label, tensor)?;
            if binding.dtype != tensor.dtype || binding.len > tensor.len() {
                return Err(PlanError::Binding {
                    label: label(),
                    tensor: self.name_of(tensor),
                    shape: tensor.shape,
                    dtype: tensor.dtype,
                    binding: binding.name,
                    len: binding.len,
                    wanted: binding.dtype,
                });
            }
            let clash = dispatch.tensors.iter().enumerate().any(|(j, other)| i != j && overlap(tensor, other));
            if binding.access != Access::Read && clash {
                return Err(PlanError::Overlap { label: label(), binding: binding.name });
            }
        }
        Ok(())
    }
}

fn overlap(a: &Tensor, b: &Tensor) -> bool {
    match (a.place, b.place) {
        (Place::Arena { index: i, .. }, Place::Arena { index: j, .. }) => i == j,
        (Place::Region { id: i, offset: from }, Place::Region { id: j, offset: other }) => {
            i == j && from < other + b.len() && other < from + a.len()
        }
        _ => false,
    }
}
