//! Which images of each step the members of a group take: as given, as the run had before, as many each where devices are alike, and by
//! their measured speed where they are not, so that all are done at about the same time.

use super::blueprint::Blueprint;
use super::progress::Progress;
use super::run::RunOptions;
use super::run_error::RunError;
use super::session::Session;
use crate::data::Dataset;
use crate::device::Device;
use crate::device::group::{Collective, Member};
use crate::plan::{Share, deal};
use crate::run_folder::State;
use crate::settings::{Config, ConfigError, Recipe};
use std::time::{Duration, Instant};

/// How long steps are timed, one at least.
const LONG_ENOUGH: Duration = Duration::from_millis(400);
/// Images whose step is timed too, as a part of an equal share: what a step takes whatever it computes shows in the difference.
const PART: usize = 4;
/// A step's seconds that each of its images adds, at least, as a part of their mean: less is a mistake of the clock.
const LEAST_SLOPE: f64 = 1.0 / 8.0;

/// Refuses what so many devices cannot share, and shares that are not those of a step.
pub(super) fn check_shares(recipe: &Recipe, options: &RunOptions, devices: usize) -> Result<(), RunError> {
    let Config { batch, accumulate, .. } = recipe.config;
    let wrong = |key: &str, value: usize, fix: String| {
        Err(RunError::from(ConfigError::Value { key: key.to_owned(), value: value.to_string(), fix }))
    };
    if batch < devices {
        return wrong(
            "batch",
            batch,
            format!("each of {devices} devices computes an image of a step at least: as many"),
        );
    }
    if devices > 1 && accumulate > 0 && batch / accumulate < devices {
        let fix =
            format!("each of {devices} devices computes an image of every part at least: at most {}", batch / devices);
        return wrong("accumulate", accumulate, fix);
    }
    let Some(given) = &options.shares else { return Ok(()) };
    if given.len() == devices && are_of(given, batch) {
        return Ok(());
    }
    let images = if given.len() == devices { given.iter().map(|&n| n.clamp(1, batch)).collect() } else { Vec::new() };
    let fix = listed(&Share { size: devices, images, ..Share::ALONE }.split(batch));
    Err(RunError::Shares { given: listed(given), devices, batch, fix })
}

/// Whether these are shares of a step of so many images.
fn are_of(images: &[usize], batch: usize) -> bool {
    images.iter().all(|&images| (1..=batch).contains(&images)) && images.iter().sum::<usize>() == batch
}

fn listed(images: &[usize]) -> String {
    images.iter().map(usize::to_string).collect::<Vec<_>>().join(",")
}

/// What a member computes of each step, as all members agree: the first one knows it, from the options, from the checkpoint that the run goes on
/// from, or because all devices are alike; or all measure.
pub(super) fn agree(
    recipe: &Recipe,
    data: &Dataset,
    (device, group): (&Device, &Member),
    (options, state): (&RunOptions, Option<&State>),
    progress: &mut dyn Progress,
) -> Result<Share, RunError> {
    let batch = recipe.config.batch;
    let equal = Share::of(group.as_ref(), Vec::new()).split(batch);
    let known = match (&options.shares, state.filter(|state| state.device == device.name())) {
        (Some(given), _) => Some(given),
        // A run of before there were shares had equal ones.
        (None, Some(State { shares, .. })) if shares.len() == equal.len() && are_of(shares, batch) => Some(shares),
        (None, Some(_)) => Some(&equal),
        (None, None) => group.alike().then_some(&equal),
    };
    if let Some(images) = known.filter(|&images| *images != equal) {
        let why = if options.shares.is_some() { "--shares" } else { "as before" };
        progress.note(&format!("images of each step: {} ({why})", listed(images)));
    }
    hear(recipe, data, (device, group), known, progress)
}

/// The same for a member that knows nothing, unless it is the first.
pub(super) fn hear(
    recipe: &Recipe,
    data: &Dataset,
    (device, group): (&Device, &Member),
    known: Option<&Vec<usize>>,
    progress: &mut dyn Progress,
) -> Result<Share, RunError> {
    let mut words: Vec<u32> = match known {
        Some(images) => images.iter().map(|&images| images as u32).collect(),
        None => vec![0; group.size()],
    };
    group.hear(&mut words)?;
    let images = match words.contains(&0) {
        true => measured(recipe, data, (device, group.as_ref()), progress)?,
        false => words.into_iter().map(|images| images as usize).collect(),
    };
    Ok(Share::of(group.as_ref(), images))
}

/// Times steps of an equal share, and of a part of one, on all devices at once.
fn measured(
    recipe: &Recipe,
    data: &Dataset,
    (device, group): (&Device, &dyn Collective),
    progress: &mut dyn Progress,
) -> Result<Vec<usize>, RunError> {
    let Config { batch, accumulate, .. } = recipe.config;
    let many = (batch / accumulate.max(1) / group.size()).max(FEWEST);
    let few = (many / PART).max(FEWEST);
    progress.note("the devices are not alike: a few steps on each say what their shares are ...");
    let with = |images: usize| {
        let config = Config { batch: images, accumulate: accumulate.min(1), ..recipe.config.clone() };
        Recipe::with(&config, recipe.objective.clone(), recipe.backbone.clone())
    };
    let device = Session::tuned(&with(many)?, data, device, Share::ALONE, progress)?;
    let own = [few, many].map(|images| seconds(&with(images)?, data, (&device, group)));
    let [short, long]: [Result<f32, RunError>; 2] = own;
    let all = group.gather(&[short?, long?], &vec![2; group.size()])?;
    let exchange = exchange(recipe, data, group)?;
    let lines = lines([few, many], all.as_chunks().0);
    let images = by_speed(batch, &lines);
    let shares = listed(&images);
    let times: Vec<_> = all.iter().skip(1).step_by(2).map(|seconds| format!("{:.1}", 1e3 * seconds)).collect();
    progress.note(&format!(
        "images of each step: {shares}, by speed: one of {many} took {} ms; --shares {shares} repeats the run",
        times.join(", ")
    ));
    if let Some((member, alone, together)) = faster_alone(&images, &lines, exchange) {
        progress.note(&format!(
            "warning: device {} of {} alone would take {:.1} ms for a step, all together take {:.1} at least: leave the others out",
            member + 1,
            images.len(),
            1e3 * alone,
            1e3 * together
        ));
    }
    Ok(images)
}

/// Images of a step, at least: a method may compare them.
const FEWEST: usize = 2;

/// Seconds of adding up the gradients of all members.
fn exchange(recipe: &Recipe, data: &Dataset, group: &dyn Collective) -> Result<f64, RunError> {
    let mut gradients = vec![0.0; Blueprint::new(recipe, data, u64::MAX).memory.gradients.len()];
    // The first time waits for the slowest.
    group.sum(&mut gradients)?;
    let began = Instant::now();
    group.sum(&mut gradients)?;
    Ok(began.elapsed().as_secs_f64())
}

/// Seconds of a step of a recipe on a device, while the others of its group are at the same.
fn seconds(recipe: &Recipe, data: &Dataset, (device, group): (&Device, &dyn Collective)) -> Result<f32, RunError> {
    let (mut session, plan) = Session::open_to_train(recipe, data, device)?;
    let clock = session.blueprint.state.clock;
    let mut step = |done: u64| {
        session.train(plan, done, 1)?;
        // Whoever reads waits for the step, as those do who share one.
        session.executor.read(clock)
    };
    step(0)?;
    group.sum(&mut [0.0])?;
    let began = Instant::now();
    let mut done = 1;
    while done == 1 || began.elapsed() < LONG_ENOUGH {
        step(done)?;
        done += 1;
    }
    Ok(began.elapsed().as_secs_f32() / (done - 1) as f32)
}

/// What a member takes for a step, which grows along a line: seconds for no image, and for each one.
type Line = (f64, f64);

fn cost(&(fixed, slope): &Line, images: usize) -> f64 {
    fixed + slope * images as f64
}

/// Those of the members that took so many seconds for `few` and for `many` images.
fn lines([few, many]: [usize; 2], seconds: &[[f32; 2]]) -> Vec<Line> {
    let line = |&[short, long]: &[f32; 2]| {
        let (short, long) = (f64::from(short), f64::from(long));
        let mean = long / many as f64;
        let slope = if few < many { (long - short) / (many - few) as f64 } else { mean };
        let slope = slope.max(LEAST_SLOPE * mean).min(mean);
        (long - slope * many as f64, slope)
    };
    seconds.iter().map(line).collect()
}

/// Shares of a step of `batch` images with which all members are done at about the same time.
fn by_speed(batch: usize, lines: &[Line]) -> Vec<usize> {
    deal(batch, lines.len(), |member, images| cost(&lines[member], images))
}

/// The member that would be done sooner alone than all with these shares, who exchange gradients besides: which, in how many seconds, and
/// in how many they.
fn faster_alone(images: &[usize], lines: &[Line], exchange: f64) -> Option<(usize, f64, f64)> {
    let together = images.iter().zip(lines).map(|(&images, line)| cost(line, images)).fold(0.0, f64::max) + exchange;
    let batch = images.iter().sum();
    let alone = lines.iter().map(|line| cost(line, batch)).enumerate();
    let (member, alone) = alone.min_by(|(_, a), (_, b)| a.total_cmp(b))?;
    (alone < together).then_some((member, alone, together))
}

#[cfg(test)]
mod tests {
    use super::{by_speed, faster_alone, lines};

    #[test]
    fn shares_follow_times() {
        let by_speed = |batch, sizes, seconds: &[[f32; 2]]| by_speed(batch, &lines(sizes, seconds));
        assert_eq!(by_speed(12, [2, 6], &[[0.2, 0.6], [1.0, 3.0]]), [10, 2], "five times as fast");
        assert_eq!(by_speed(12, [6, 6], &[[0.6, 0.6], [3.0, 3.0]]), [10, 2], "of one size alone");
        assert_eq!(by_speed(64, [8, 32], &[[9.0, 21.0], [1.8, 4.2]]), [4, 60], "of which 5 and 1 are for no image");
        assert_eq!(by_speed(64, [8, 32], &[[1.0, 1.0], [1.0, 1.0]]), [32, 32], "as long for many as for few");
        assert_eq!(by_speed(64, [8, 32], &[[2.0, 1.0], [1.0, 100.0]]), [63, 1], "each has an image");
        assert_eq!(by_speed(7, [2, 2], &[[0.0, 0.0], [0.0, 0.0]]).iter().sum::<usize>(), 7, "a clock that stood still");
    }

    #[test]
    fn a_device_that_is_better_off_alone_is_named() {
        let fast_and_slow = [(0.1, 0.01), (2.0, 0.1)];
        assert_eq!(faster_alone(&[63, 1], &fast_and_slow, 0.0).map(|(member, ..)| member), Some(0));
        let alike = [(0.0, 0.01), (0.0, 0.01)];
        assert_eq!(faster_alone(&[32, 32], &alike, 0.1), None, "0.42 seconds instead of 0.64");
        assert_eq!(faster_alone(&[32, 32], &alike, 0.4).map(|(member, ..)| member), Some(0), "the link is too slow");
    }
}
