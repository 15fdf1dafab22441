//! One run on several devices: each computes its share of every step, and the gradients are added up.
//!
//! The first device's thread is the run as it would be alone, on an executor whose step stops for the others ([`Shared`]). The others
//! follow: they begin with its weights, and replay as many steps as it announces.
//!
//! [`Shared`]: crate::device::group::Shared

use super::progress::{Progress, Silent};
use super::run::{Report, RunOptions, run, run_member};
use super::run_error::RunError;
use super::session::Session;
use crate::data::Dataset;
use crate::device::group::{Collective, Member, Share, Table};
use crate::device::{Device, DeviceError, Values};
use crate::kernels::DType;
use crate::kernels::common::clock::STEP;
use crate::settings::{Config, ConfigError, Recipe};
use std::rc::Rc;
use std::sync::atomic::AtomicBool;
use std::thread;

/// [`run`] on several devices of this machine, which compute each step together: the same losses and weights as on one of them, but for
/// rounding.
///
/// # Errors
/// As [`run`]; when the devices cannot share a step of these settings equally; when any of them fails.
pub fn run_on(
    recipe: &Recipe,
    data: &Dataset,
    devices: &[Device],
    options: &RunOptions,
    progress: &mut dyn Progress,
    stop: &AtomicBool,
) -> Result<Report, RunError> {
    let [first, others @ ..] = devices else { return Err(DeviceError::Data("no device is given".to_owned()).into()) };
    if others.is_empty() {
        return run(recipe, data, first, options, progress, stop);
    }
    let mut seats = Table::seats(devices.len(), devices.iter().all(|device| device.name() == first.name())).into_iter();
    let Some(leader) = seats.next() else { return Err(DeviceError::Data("no device is given".to_owned()).into()) };
    let leader: Member = Rc::new(leader);
    check_shares(recipe, data, Share::of(Some(leader.as_ref())))?;
    progress.note(&format!("{} devices share each step: {}", devices.len(), names(devices)));
    thread::scope(|scope| {
        let followers: Vec<_> = others
            .iter()
            .zip(seats)
            .map(|(device, seat)| {
                scope.spawn(move || {
                    let seat: Member = Rc::new(seat);
                    let gone = Gone(seat.clone());
                    let outcome = follow(recipe, data, device, &seat);
                    if let Err(error) = &outcome {
                        seat.fail(&format!("{}: {error}", device.name()));
                    }
                    drop(gone);
                    outcome
                })
            })
            .collect();
        let gone = Gone(leader.clone());
        let device = first.beside(others);
        let report = run_member(recipe, data, (&device, Some(&leader)), options, progress, stop);
        match &report {
            // No more steps.
            Ok(_) => leader.hear(&mut [0])?,
            Err(error) => leader.fail(&format!("{}: {error}", first.name())),
        }
        drop(gone);
        for follower in followers {
            if follower.join().is_err() {
                return Err(DeviceError::Group { message: "its thread gave up".to_owned() }.into());
            }
        }
        report
    })
}

/// Tells the others, on whatever way out, that nobody sits here any more.
struct Gone(Member);

impl Drop for Gone {
    fn drop(&mut self) {
        self.0.fail("the run has ended there");
    }
}

fn names(devices: &[Device]) -> String {
    devices.iter().map(Device::short_name).collect::<Vec<_>>().join(", ")
}

/// Refuses what a group cannot share equally.
pub(super) fn check_shares(recipe: &Recipe, data: &Dataset, share: Share) -> Result<(), RunError> {
    let Config { batch, accumulate, .. } = recipe.config;
    let wrong = |key: &str, value: usize, fix: String| {
        Err(RunError::from(ConfigError::Value { key: key.to_owned(), value: value.to_string(), fix }))
    };
    if !batch.is_multiple_of(share.size) {
        return wrong("batch", batch, format!("{} devices share a step equally: a multiple of that", share.size));
    }
    if accumulate > 0 && !(batch / share.size).is_multiple_of(accumulate) {
        let fix =
            format!("each of {} devices has {} images of a step: a divisor of that", share.size, batch / share.size);
        return wrong("accumulate", accumulate, fix);
    }
    let blueprint = super::Blueprint::new(recipe, data, u64::MAX);
    if !blueprint.params.buffers().is_empty() {
        let fix = "networks without batch normalisation: devices that share a step do not share its statistics yet";
        let (key, value) = ("model.kind".to_owned(), recipe.config.model.kind.clone());
        return Err(ConfigError::Value { key, value, fix: fix.to_owned() }.into());
    }
    Ok(())
}

/// Computes one's share of every step that the first member announces.
pub(super) fn follow(recipe: &Recipe, data: &Dataset, device: &Device, group: &Member) -> Result<(), DeviceError> {
    let device = Session::tuned(recipe, data, device, Share::of(Some(group.as_ref())), &mut Silent)?;
    let (mut session, plan) = Session::open_member(recipe, data, &device, Some(group))?;
    begin_alike(&mut session, group.as_ref())?;
    let clock = session.blueprint.state.clock;
    let mut done = u64::from(session.executor.read(clock)?.words()[STEP]);
    loop {
        let mut times = [0];
        group.hear(&mut times)?;
        let [times] = times.map(u64::from);
        if times == 0 {
            return Ok(());
        }
        session.train(plan, done, times)?;
        done += times;
    }
}

/// Makes sure that all members train the same, and gives them the first one's weights, moments, statistics and clock.
pub(super) fn begin_alike(session: &mut Session, group: &dyn Collective) -> Result<(), DeviceError> {
    let Session { blueprint, executor, .. } = session;
    let memory = blueprint.memory;
    for tensor in [memory.weights, memory.first, memory.second, memory.buffers, blueprint.state.clock] {
        let mut words: Vec<u32> = match executor.read(tensor)? {
            Values::U32(words) => words,
            reals => reals.to_f32().into_iter().map(f32::to_bits).collect(),
        };
        group.hear(&mut words)?;
        let values = match tensor.dtype {
            DType::Uint => Values::U32(words),
            DType::Real => Values::F32(words.into_iter().map(f32::from_bits).collect()),
        };
        executor.write(tensor, &values)?;
    }
    Ok(())
}
