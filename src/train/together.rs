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
use super::shares::{check_shares, hear};
use crate::data::{Dataset, Identity};
use crate::device::group::{Collective, Member, Table};
use crate::device::{Device, DeviceError, Values};
use crate::kernels::common::clock::STEP;
use crate::settings::Recipe;
use std::fmt::Display;
use std::mem;
use std::rc::Rc;
use std::sync::atomic::AtomicBool;
use std::thread;

/// [`run`] on several devices of this machine, which compute each step together: the same losses and weights as on one of them, but for
/// rounding.
///
/// # Errors
/// As [`run`]; when the devices cannot share a step of these settings, or not as the options say; when any of them fails.
pub fn run_on(
    recipe: &Recipe,
    data: &Dataset,
    devices: &[Device],
    options: &RunOptions,
    progress: &mut dyn Progress,
    stop: &AtomicBool,
) -> Result<Report, RunError> {
    let [first, others @ ..] = devices else { return Err(DeviceError::Data("no device is given".to_owned()).into()) };
    check_shares(recipe, options, devices.len())?;
    if others.is_empty() {
        return run(recipe, data, first, options, progress, stop);
    }
    let mut seats = Table::seats(devices.len(), devices.iter().all(|device| device.name() == first.name())).into_iter();
    let Some(leader) = seats.next() else { return Err(DeviceError::Data("no device is given".to_owned()).into()) };
    let leader: Member = Rc::new(leader);
    progress.note(&format!("{} devices share each step: {}", devices.len(), names(devices)));
    let first = first.beside(others.iter().map(Device::name).collect());
    thread::scope(|scope| {
        let followers: Vec<_> = others
            .iter()
            .zip(seats)
            .map(|(device, seat)| {
                scope.spawn(move || {
                    let seat: Member = Rc::new(seat);
                    member(device, &seat, || follow(recipe, data, device, &seat))
                })
            })
            .collect();
        let report = lead(recipe, data, (&first, &leader), options, progress, stop);
        for follower in followers {
            if follower.join().is_err() {
                return Err(DeviceError::Group { message: "its thread gave up".to_owned() }.into());
            }
        }
        report
    })
}

/// [`run`] as a process of a group that computes each step together: the report is the first one's, and the others have none. Only the
/// first writes.
///
/// # Errors
/// As [`run_on`]; when the processes have other settings, data or versions of this program. Where members are processes, most failures end
/// them all at once instead, with a message.
pub fn run_in_group(
    recipe: &Recipe,
    data: &Dataset,
    (device, group): (&Device, &Member),
    options: &RunOptions,
    progress: &mut dyn Progress,
    stop: &AtomicBool,
) -> Result<Option<Report>, RunError> {
    let checked = check_alike(recipe, data, options, group.as_ref());
    let checked = checked.and_then(|()| check_shares(recipe, options, group.size()));
    if let Err(error) = checked {
        // All have found the same, and one tells it.
        return if group.rank() == 0 { Err(error) } else { Ok(None) };
    }
    let mut names = group.texts(&device.name())?;
    if group.rank() > 0 {
        return member(device, group, || follow(recipe, data, device, group).map(|()| None));
    }
    progress.note(&format!("{} processes share each step", group.size()));
    let device = if group.alike() { device.clone() } else { device.beside(names.split_off(1)) };
    lead(recipe, data, (&device, group), options, progress, stop).map(Some)
}

/// The first member's run, and word to the others that there are no more steps.
fn lead(
    recipe: &Recipe,
    data: &Dataset,
    (device, group): (&Device, &Member),
    options: &RunOptions,
    progress: &mut dyn Progress,
    stop: &AtomicBool,
) -> Result<Report, RunError> {
    member(device, group, || {
        let report = run_member(recipe, data, (device, Some(group)), options, progress, stop)?;
        group.hear(&mut [0])?;
        Ok(report)
    })
}

/// What a member does, whose failure everyone is told.
fn member<T, E: Display>(device: &Device, group: &Member, work: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
    let panicked = Panicked(group);
    let outcome = work();
    mem::forget(panicked);
    if let Err(error) = &outcome {
        group.fail(&format!("{}: {error}", device.name()));
    }
    outcome
}

/// Tells the others while a panic unwinds.
struct Panicked<'a>(&'a Member);

impl Drop for Panicked<'_> {
    fn drop(&mut self) {
        self.0.fail("it gave up");
    }
}

/// Refuses members that would not train the same.
fn check_alike(recipe: &Recipe, data: &Dataset, options: &RunOptions, group: &dyn Collective) -> Result<(), RunError> {
    let (version, settings, identity) = (env!("CARGO_PKG_VERSION"), recipe.config.to_toml()?, Identity::of(data));
    let (identity, shares) = (format!("{identity:?}"), format!("{:?}", options.shares));
    for (what, text) in
        [("version of this program", version), ("settings", &settings), ("data", &identity), ("--shares", &shares)]
    {
        let others = group.differing(text)?;
        if others > 0 {
            let message = format!("{others} of {} have other {what} than the first", group.size());
            return Err(DeviceError::Group { message }.into());
        }
    }
    Ok(())
}

fn names(devices: &[Device]) -> String {
    devices.iter().map(Device::short_name).collect::<Vec<_>>().join(", ")
}

/// Computes one's share of every step that the first member announces.
fn follow(recipe: &Recipe, data: &Dataset, device: &Device, group: &Member) -> Result<(), RunError> {
    let share = hear(recipe, data, (device, group), None, &mut Silent)?;
    let device = Session::tuned(recipe, data, device, share.clone(), &mut Silent)?;
    let (mut session, plan) = Session::open_member(recipe, data, &device, (&share, Some(group)))?;
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

/// Gives all members the first one's weights, moments, statistics and clock.
pub(super) fn begin_alike(session: &mut Session, group: &dyn Collective) -> Result<(), DeviceError> {
    let Session { blueprint, executor, .. } = session;
    let memory = blueprint.memory;
    for tensor in [memory.weights, memory.first, memory.second, memory.buffers, blueprint.state.clock] {
        let mut values = executor.read(tensor)?;
        group.hear(match &mut values {
            Values::U32(words) => words,
            Values::F32(numbers) => bytemuck::cast_slice_mut(numbers),
            Values::F64(numbers) => bytemuck::cast_slice_mut(numbers),
        })?;
        executor.write(tensor, &values)?;
    }
    Ok(())
}
