//! Measuring a step: whole steps first, then its dispatches, then what the device can do at most.

use super::ceilings::ceilings;
use super::report::{Measured, Report, Speed, Tested, median};
use crate::data::Dataset;
use crate::device::{Device, DeviceError};
use crate::kernels::Tuning;
use crate::kernels::cost::Machine;
use crate::plan::{PlanId, Share};
use crate::settings::Recipe;
use crate::train::{Blueprint, Progress, Session};
use std::time::Instant;

/// How long to measure.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// Seconds of a round of steps, of the timed dispatches, and of each ceiling, roughly.
    pub seconds: f64,
    /// Rounds of whole steps.
    pub rounds: usize,
}

/// Steps before anything is timed.
const WARM_UP: u64 = 2;
/// Steps of a round, at most.
const MOST_STEPS: f64 = 2_000.0;
/// Steps whose dispatches are timed, at most: an odd number has a middle.
const MOST_TIMED: u64 = 15;

/// Records the training step and models it; nothing runs on a device.
///
/// # Errors
/// Never for a valid recipe; see [`Blueprint::training_step`].
pub fn model(recipe: &Recipe, data: &Dataset) -> Result<Report, DeviceError> {
    let plan = Blueprint::new(recipe, data, u64::MAX).on(Machine::Gpu).training_step()?;
    Ok(Report::new(&recipe.config, &plan, &Tuning::default()))
}

/// Runs the training step on a device and measures it.
///
/// # Errors
/// When the device fails, or step or ceilings do not fit it.
pub fn measure(
    recipe: &Recipe,
    data: &Dataset,
    device: &Device,
    effort: &Effort,
    progress: &mut dyn Progress,
) -> Result<Report, DeviceError> {
    let device = &Session::tuned(recipe, data, device, Share::ALONE, progress)?;
    let tuning = device.tuning()?;
    let mut session = Session::open(recipe, data, device)?;
    let step = session.blueprint.training_step()?;
    let start = Instant::now();
    let step = session.executor.load(step)?;
    let loading_seconds = start.elapsed().as_secs_f64();
    let mut report = Report::new(&recipe.config, session.executor.plan(step)?, &tuning);

    progress.note("whole steps ...");
    let (steps_of_a_round, rounds) = Stepper::new(&mut session, step).rounds(effort)?;

    progress.note("its dispatches ...");
    let timed_steps = steps_of_a_round.min(MOST_TIMED) as usize;
    let mut times = vec![Vec::with_capacity(timed_steps); report.dispatches.len()];
    let mut timeline = session.executor.timeline(step)?;
    for _ in 0..timed_steps {
        timeline = session.executor.timeline(step)?;
        times.iter_mut().zip(timeline.seconds()).for_each(|(times, seconds)| times.push(seconds));
    }
    for (dispatch, times) in report.dispatches.iter_mut().zip(&mut times) {
        dispatch.seconds = Some(median(times));
    }
    // The memory of the step is free again for what follows.
    drop(session);

    progress.note("what the device can do at most ...");
    report.measured = Some(Measured {
        device: Tested::new(device, &tuning),
        loading_seconds,
        speed: Speed::new(steps_of_a_round, rounds, recipe.config.batch),
        stopwatch: timeline.stopwatch,
        timed_steps,
        timeline: timeline.spans,
        ceilings: ceilings(device, effort.seconds)?,
    });
    Ok(report)
}

/// Runs steps as training does.
pub(super) struct Stepper<'a> {
    session: &'a mut Session,
    step: PlanId,
    done: u64,
}

impl<'a> Stepper<'a> {
    pub(super) fn new(session: &'a mut Session, step: PlanId) -> Self {
        Self { session, step, done: 0 }
    }

    /// Steps of a round, and how many a second were done in each round.
    pub(super) fn rounds(&mut self, effort: &Effort) -> Result<(u64, Vec<f64>), DeviceError> {
        self.seconds(WARM_UP)?;
        let steps = (effort.seconds / self.seconds(1)?).clamp(1.0, MOST_STEPS) as u64;
        let rounds: Result<_, DeviceError> =
            (0..effort.rounds).map(|_| Ok(steps as f64 / self.seconds(steps)?)).collect();
        Ok((steps, rounds?))
    }

    /// Seconds from queueing so many steps until all are done.
    fn seconds(&mut self, steps: u64) -> Result<f64, DeviceError> {
        let start = Instant::now();
        self.session.train(self.step, self.done, steps)?;
        self.session.executor.read(self.session.blueprint.state.clock)?;
        self.done += steps;
        Ok(start.elapsed().as_secs_f64())
    }
}
