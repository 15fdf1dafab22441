//! Where a number began that is not finite: the steps since the newest checkpoint are run again, and the last two dispatch by dispatch, or
//! the step that broke the weights, where no loss showed it.

use super::session::Session;
use crate::data::Dataset;
use crate::device::{Device, DeviceError, Values, reference};
use crate::kernels::{Access, DType};
use crate::plan::{Dispatch, Graph, Layout, PlanId};
use crate::run_folder::Loss;
use crate::run_folder::checkpoint::{self, Checkpoint};
use crate::settings::Recipe;
use std::fmt;
use std::path::Path;

/// Steps that are run again, at most: as many take about as long as they took before.
pub const MOST_STEPS: u64 = 2000;

/// The first number that is not finite.
#[derive(Clone, Debug, PartialEq)]
pub struct Origin {
    /// Step, from 1.
    pub step: u64,
    /// Place of the dispatch in the step, from 0.
    pub index: usize,
    /// What the dispatch is for.
    pub dispatch: String,
    /// The tensor that it wrote.
    pub tensor: String,
    /// The number's place in it.
    pub element: usize,
    /// The number on the device.
    pub value: f64,
    /// The number that the dispatch's twin in double precision makes of the same inputs.
    pub twin: f64,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { step, index, dispatch, tensor, element, value, twin } = self;
        let why = if !twin.is_finite() {
            format!("in double precision it is {twin} too: the mathematics has no finite number there")
        } else if twin.abs() > f64::from(f32::MAX) {
            format!("in double precision it is {twin:.3e}: it outgrew single precision")
        } else {
            format!("in double precision it is {twin:.6e}: the precision or the driver is at fault")
        };
        write!(
            f,
            "It began at step {step} in dispatch {index}, `{dispatch}`: element {element} of `{tensor}` is {value}; {why}"
        )
    }
}

/// Repeats a run from a checkpoint, or from its beginning, and looks for the first number that is not finite up to `step`. None where there
/// is none, or where that would take more than [`MOST_STEPS`].
///
/// # Errors
/// When the device fails.
pub fn first_not_finite(
    recipe: &Recipe,
    data: &Dataset,
    device: &Device,
    checkpoint: Option<&Checkpoint>,
    step: u64,
) -> Result<Option<Origin>, DeviceError> {
    let begin = checkpoint.map_or(0, |checkpoint| checkpoint.state.step);
    if step <= begin || step - begin > MOST_STEPS {
        return Ok(None);
    }
    let replay = Replay { recipe, data, device, checkpoint, begin };
    // A loss may be the first that shows what the update of the step before has done.
    let mut watched = step.saturating_sub(2).max(begin);
    let mut replayed = replay.until(watched)?;
    // Or it hides it: many GPUs take max(NaN, 0) for 0, and no loss sees running statistics.
    if let Some((session, _)) = &mut replayed
        && !session.weights_are_finite()?
    {
        drop(replayed.take());
        watched = replay.last_finite(watched)?;
        replayed = replay.until(watched)?;
    }
    let Some((mut session, plan)) = replayed else { return Ok(None) };
    for done in watched..step {
        if let Some(origin) = watch(&mut session, plan, done)? {
            return Ok(Some(origin));
        }
    }
    Ok(None)
}

/// A run, to be repeated from a checkpoint or from its beginning.
struct Replay<'a> {
    recipe: &'a Recipe,
    data: &'a Dataset,
    device: &'a Device,
    checkpoint: Option<&'a Checkpoint>,
    /// Steps done there.
    begin: u64,
}

impl Replay<'_> {
    /// A session in which so many steps are done; none where the checkpoint does not fit.
    fn until(&self, done: u64) -> Result<Option<(Session, PlanId)>, DeviceError> {
        let (mut session, plan) = Session::open_to_train(self.recipe, self.data, self.device)?;
        if self.checkpoint.is_some_and(|checkpoint| session.restore(checkpoint).is_err()) {
            return Ok(None);
        }
        session.train(plan, self.begin, done - self.begin)?;
        Ok(Some((session, plan)))
    }

    /// The number of steps before the one that breaks the weights, at most so many.
    fn last_finite(&self, most: u64) -> Result<u64, DeviceError> {
        let Some((mut session, plan)) = self.until(self.begin)? else { return Ok(most) };
        for done in self.begin..most {
            session.train(plan, done, 1)?;
            if !session.weights_are_finite()? {
                return Ok(done);
            }
        }
        Ok(most)
    }
}

/// Which checkpoint of a run is worth going on from, in words. A loss that explodes may have done so before the newest one.
pub fn last_good(run: &Path) -> String {
    let all = checkpoint::list(run).unwrap_or_default();
    if all.is_empty() {
        return "No checkpoint was written yet".to_owned();
    }
    let whole = all.iter().rev().filter_map(|(_, folder)| Checkpoint::open(folder).ok());
    for Checkpoint { folder, state, .. } in whole {
        let folder = folder.display();
        match state.loss {
            Some(loss) if loss.is_good() => {
                let Loss { first, last } = loss;
                return format!(
                    "The last good checkpoint is {folder} (its loss was {last:.4}, that of the first step {first:.4})"
                );
            }
            Some(_) => {}
            None => return format!("The last checkpoint is {folder}; it does not know its loss"),
        }
    }
    "No checkpoint is good: the loss had grown far above that of the first step in each".to_owned()
}

/// Runs one step dispatch by dispatch.
fn watch(session: &mut Session, plan: PlanId, done: u64) -> Result<Option<Origin>, DeviceError> {
    session.stream_step(done)?;
    let dispatches = session.executor.plan(plan)?.dispatches.clone();
    for (index, dispatch) in dispatches.iter().enumerate() {
        let bindings = dispatch.kernel.bindings();
        // What is only read is the same afterwards.
        let mut before = Vec::new();
        for (binding, tensor) in bindings.iter().zip(&dispatch.tensors) {
            let updated = binding.access == Access::Update;
            before.push(if updated { Some(session.executor.read(*tensor)?) } else { None });
        }
        session.executor.run_part(plan, index..index + 1)?;
        for (at, (binding, tensor)) in bindings.iter().zip(&dispatch.tensors).enumerate() {
            if binding.access == Access::Read || binding.dtype != DType::Real {
                continue;
            }
            let after = session.executor.read(*tensor)?.to_f64();
            // What was not finite before this dispatch began elsewhere.
            let was = before[at].as_ref().map(Values::to_f64);
            let fresh = |i: usize| was.as_ref().is_none_or(|was| was[i].is_finite());
            let Some(element) = (0..after.len()).find(|&i| !after[i].is_finite() && fresh(i)) else { continue };
            for ((binding, tensor), before) in bindings.iter().zip(&dispatch.tensors).zip(&mut before) {
                if binding.access == Access::Read {
                    *before = Some(session.executor.read(*tensor)?);
                }
            }
            let tensor = session.executor.plan(plan)?.name_of(session.executor.layout(), tensor).to_owned();
            let twin = twin(dispatch, &before)?[at][element];
            let (dispatch, value) = (dispatch.label.clone(), after[element]);
            return Ok(Some(Origin { step: done + 1, index, dispatch, tensor, element, value, twin }));
        }
    }
    Ok(None)
}

/// What a dispatch's twin in double precision makes of its inputs; those that it only writes have none.
fn twin(dispatch: &Dispatch, before: &[Option<Values>]) -> Result<Vec<Vec<f64>>, DeviceError> {
    let mut graph = Graph::new("twin");
    let inputs = dispatch.tensors.iter().map(|tensor| match tensor.dtype {
        DType::Real => graph.input("real", tensor.shape),
        DType::Uint => graph.input_uints("words", tensor.shape),
    });
    let inputs: Vec<_> = inputs.collect();
    graph.push_shared(&dispatch.label, dispatch.kernel.clone(), &inputs);
    let mut executor = reference(&Layout::default())?;
    let plan = executor.load(graph.finish()?)?;
    for (tensor, values) in inputs.iter().zip(before) {
        if let Some(values) = values {
            executor.write(*tensor, values)?;
        }
    }
    executor.run(plan, 1)?;
    inputs.iter().map(|tensor| Ok(executor.read(*tensor)?.to_f64())).collect()
}
