//! What if a tensor were kept in half precision: the gradient with each tensor of a training step rounded to it, one at a time, beside that
//! of the f64 twins.

mod report;
mod subject;

pub use report::{Fate, Half, Range, WhatIf};

use super::relative_error;
use crate::data::Dataset;
use crate::device::{DeviceError, Executor, Values};
use crate::plan::{PlanId, Tensor};
use crate::settings::Recipe;
use crate::train::{Progress, Session};
use half::f16;
use subject::{Subject, subjects};

/// Room between the largest gradient and the largest half number that a loss scale leaves, as powers of two: gradients grow.
const HEADROOM: i32 = 3;

/// Trains for a few steps in double precision, then asks about each tensor of the next one. The step must fit the machine in double precision.
///
/// # Errors
/// When data are not consistent or memory does not suffice.
pub fn what_if_f16(
    recipe: &Recipe,
    data: &Dataset,
    steps: u64,
    progress: &mut dyn Progress,
) -> Result<WhatIf, DeviceError> {
    let mut step = Step::open(recipe, data, steps)?;
    let (exact, ranges) = step.exact()?;
    let another = relative_error(&step.of_another_batch()?, &exact);
    let backward = || step.subjects.iter().zip(&ranges).filter(|(subject, _)| subject.backward);
    let largest = backward().map(|(_, range)| range.largest).fold(0.0, f64::max);
    let scale = loss_scale(largest);

    let mut tensors = Vec::new();
    for (index, range) in ranges.into_iter().enumerate() {
        progress.note(&format!("{} of {}: {}", index + 1, step.subjects.len(), step.subjects[index].name));
        let alone = |of: usize| (of == index).then_some(0);
        let error = relative_error(&step.gradients(&alone)?, &exact);
        let scaled_error = match step.subjects[index].backward {
            true => Some(relative_error(&step.gradients(&|of| (of == index).then_some(scale))?, &exact)),
            false => None,
        };
        let Subject { name, backward, tensor } = &step.subjects[index];
        let (name, elements, backward) = (name.clone(), tensor.len(), *backward);
        tensors.push(Half { name, elements, backward, range, error, scaled_error });
    }
    let chosen = |of: usize| match (tensors[of].fate(another), tensors[of].backward) {
        (Fate::Single, _) => None,
        (_, backward) => Some(if backward { scale } else { 0 }),
    };
    let together = relative_error(&step.gradients(&chosen)?, &exact);
    Ok(WhatIf {
        method: recipe.config.method.clone(),
        networks: recipe.config.model.kind.clone(),
        rows: recipe.config.batch * step.session.blueprint.view_count().views,
        steps,
        scale,
        another_batch: another,
        together,
        tensors,
    })
}

/// The power of two that brings the largest gradient as near to the largest half number as leaves some headroom.
fn loss_scale(largest: f64) -> i32 {
    if largest > 0.0 { (f64::from(f16::MAX) / largest).log2().floor() as i32 - HEADROOM } else { 0 }
}

/// A number in half precision, after it was multiplied by two to the power of `scale`.
fn rounded(x: f64, scale: i32) -> f64 {
    let scale = f64::from(scale).exp2();
    f16::from_f64(x * scale).to_f64() / scale
}

/// Which tensors are rounded, and by which loss scale; none are kept as they are.
type Chosen<'a> = dyn Fn(usize) -> Option<i32> + 'a;

/// What is done with a tensor, by its number among the subjects.
type Visit<'a> = dyn FnMut(usize, Tensor, &mut dyn Executor) -> Result<(), DeviceError> + 'a;

/// A training step on the f64 twins, from always the same state.
struct Step {
    session: Session,
    plan: PlanId,
    subjects: Vec<Subject>,
    /// For each dispatch before the first weight is changed, the tensors that it writes.
    written: Vec<Vec<usize>>,
    weights: Vec<f64>,
    buffers: Vec<f32>,
    clock: Values,
}

impl Step {
    fn open(recipe: &Recipe, data: &Dataset, steps: u64) -> Result<Self, DeviceError> {
        let mut session = Session::reference(recipe, data)?;
        let plan = session.executor.load(session.blueprint.training_step()?)?;
        session.train(plan, 0, steps)?;
        let (memory, clock) = (session.blueprint.memory, session.blueprint.state.clock);
        let (subjects, written) = subjects(session.executor.plan(plan)?, &session.blueprint);
        let weights = session.executor.read(memory.weights)?.to_f64();
        let buffers = memory.read_buffers(session.executor.as_mut())?;
        let clock = session.executor.read(clock)?;
        Ok(Self { session, plan, subjects, written, weights, buffers, clock })
    }

    fn rewind(&mut self, clock: &Values) -> Result<(), DeviceError> {
        let Session { blueprint, executor, .. } = &mut self.session;
        executor.write(blueprint.memory.weights, &Values::F64(self.weights.clone()))?;
        blueprint.memory.write_buffers(executor.as_mut(), self.buffers.clone())?;
        executor.write(blueprint.state.clock, clock)
    }

    /// The gradient of all parameters. `visit` comes by each tensor as soon as it holds its numbers: parameters at the beginning, the others
    /// whenever a dispatch has written them.
    fn walk(&mut self, visit: &mut Visit<'_>) -> Result<Vec<f64>, DeviceError> {
        self.rewind(&self.clock.clone())?;
        let Self { session: Session { blueprint, executor, .. }, subjects, written, .. } = self;
        for (index, subject) in subjects.iter().enumerate().filter(|(_, subject)| subject.is_weight(blueprint)) {
            visit(index, subject.tensor, executor.as_mut())?;
        }
        for (dispatch, written) in written.iter().enumerate() {
            executor.run_part(self.plan, dispatch..dispatch + 1)?;
            for &index in written {
                visit(index, subjects[index].tensor, executor.as_mut())?;
            }
        }
        self.read_gradients()
    }

    /// The gradient with the chosen tensors rounded.
    fn gradients(&mut self, chosen: &Chosen<'_>) -> Result<Vec<f64>, DeviceError> {
        self.walk(&mut |index, tensor, executor| {
            let Some(scale) = chosen(index) else { return Ok(()) };
            let values = executor.read(tensor)?.to_f64().into_iter().map(|x| rounded(x, scale)).collect();
            executor.write(tensor, &Values::F64(values))
        })
    }

    /// The gradient without rounding, and the numbers that each tensor held.
    fn exact(&mut self) -> Result<(Vec<f64>, Vec<Range>), DeviceError> {
        let mut ranges = vec![Range::default(); self.subjects.len()];
        let gradients = self.walk(&mut |index, tensor, executor| {
            ranges[index].see(&executor.read(tensor)?.to_f64());
            Ok(())
        })?;
        Ok((gradients, ranges))
    }

    /// The gradient of the batch after this one, by the same weights.
    fn of_another_batch(&mut self) -> Result<Vec<f64>, DeviceError> {
        self.walk(&mut |_, _, _| Ok(()))?;
        let next = self.session.executor.read(self.session.blueprint.state.clock)?;
        self.rewind(&next)?;
        self.session.executor.run_part(self.plan, 0..self.written.len())?;
        self.read_gradients()
    }

    fn read_gradients(&mut self) -> Result<Vec<f64>, DeviceError> {
        Ok(self.session.executor.read(self.session.blueprint.memory.gradients)?.to_f64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loss_scale_uses_the_range_of_half_numbers() {
        assert_eq!(loss_scale(1.0), 12, "2^15 is the greatest power of two");
        assert_eq!(loss_scale(65504.0), -3);
        assert_eq!(loss_scale(0.0), 0);
        assert_eq!(rounded(1e-8, 0), 0.0);
        assert!((rounded(1e-8, 12) / 1e-8 - 1.0).abs() < 1e-2);
        assert_eq!(rounded(1e5, 0), f64::INFINITY);
    }
}
