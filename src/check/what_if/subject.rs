//! The tensors of a training step that could be kept in half precision: what networks and losses pass on, weights, and gradients.

use crate::kernels::{Access, DType};
use crate::plan::{Place, Plan, Tensor};
use crate::train::Blueprint;
use std::collections::{HashMap, HashSet};

/// A tensor that is asked about.
pub(super) struct Subject {
    pub name: String,
    pub tensor: Tensor,
    /// Whether a loss scale multiplies it: it is a gradient, or was computed from one.
    pub backward: bool,
}

impl Subject {
    /// Whether it is a parameter: master weights stay in single precision, but networks may read half ones.
    pub fn is_weight(&self, blueprint: &Blueprint) -> bool {
        self.tensor.place_in(blueprint.memory.weights).is_some()
    }
}

/// Finds them, parameters first, then in the order in which they are written; and which of them each dispatch before the first change of a
/// weight writes.
pub(super) fn subjects(plan: &Plan, blueprint: &Blueprint) -> (Vec<Subject>, Vec<Vec<usize>>) {
    let memory = &blueprint.memory;
    let specs = || blueprint.params.specs().iter();
    let mut subjects: Vec<Subject> = specs()
        .map(|spec| Subject { name: spec.name.clone(), tensor: memory.weight(spec.param), backward: false })
        .collect();
    let mut known: HashMap<Place, usize> = HashMap::new();
    let mut scaled: HashSet<Place> = HashSet::new();
    let mut written = Vec::new();
    for dispatch in &plan.dispatches {
        let bindings = dispatch.kernel.bindings();
        let tensors = || bindings.iter().zip(&dispatch.tensors);
        let writes = || tensors().filter(|(binding, _)| binding.access != Access::Read).map(|(_, tensor)| *tensor);
        if writes().any(|tensor| tensor.place_in(memory.weights).is_some()) {
            break;
        }
        let follows =
            tensors().any(|(binding, tensor)| binding.access != Access::Write && scaled.contains(&tensor.place));
        let mut own = Vec::new();
        for tensor in writes().filter(|tensor| tensor.dtype == DType::Real) {
            let name = match (tensor.place, tensor.place_in(memory.gradients)) {
                (Place::Arena { index, .. }, _) => plan.names[index].clone(),
                (_, Some(offset)) => match specs().find(|spec| spec.param.offset == offset) {
                    Some(spec) => format!("d {}", spec.name),
                    None => continue,
                },
                // Logs, clocks, running statistics: they are few, and what is summed over a run.
                _ => continue,
            };
            let backward = follows || name.starts_with("d ");
            if backward {
                scaled.insert(tensor.place);
            }
            let index = *known.entry(tensor.place).or_insert(subjects.len());
            if index == subjects.len() {
                subjects.push(Subject { name, tensor, backward });
            }
            own.push(index);
        }
        written.push(own);
    }
    (subjects, written)
}
