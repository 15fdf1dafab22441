//! How large a step may be on a device, and in how many parts a larger one fits.

use super::blueprint::Blueprint;
use super::planned::blueprint;
use crate::data::Dataset;
use crate::device::group::Member;
use crate::device::{Device, DeviceError};
use crate::plan::{Layout, Plan, PlanError, Share};
use crate::settings::{Config, Recipe};

/// The most images that a step of a recipe, computed at once, can have where its regions and its plan fit; none where not even one does. No
/// more than there are images.
///
/// # Errors
/// As [`Blueprint::training_step`].
pub fn largest_batch(
    recipe: &Recipe,
    data: &Dataset,
    fits: &dyn Fn(&Layout, &Plan) -> bool,
) -> Result<Option<usize>, PlanError> {
    let holds = |batch: usize| -> Result<bool, PlanError> {
        let Some(recipe) = with(recipe, Config { batch, accumulate: 1, ..recipe.config.clone() }) else {
            return Ok(false);
        };
        let blueprint = blueprint(&recipe, data);
        Ok(fits(&blueprint.layout, &blueprint.training_step()?))
    };
    // A method may want two images, so that the search begins where the settings stand.
    let most = data.train.len();
    let mut good = [recipe.config.batch, 2, 1].into_iter().filter(|&batch| batch <= most);
    let good = loop {
        match good.next() {
            Some(batch) if holds(batch)? => break batch,
            Some(_) => {}
            None => return Ok(None),
        }
    };
    let (mut good, mut bad) = (good, good.saturating_mul(2));
    while bad <= most && holds(bad)? {
        (good, bad) = (bad, bad.saturating_mul(2));
    }
    bad = bad.min(most + 1);
    while bad - good > 1 {
        let middle = good + (bad - good) / 2;
        if holds(middle)? { good = middle } else { bad = middle }
    }
    Ok(Some(good))
}

/// The blueprint of a recipe for a device.
pub(super) fn blueprint_for(
    recipe: &Recipe,
    data: &Dataset,
    device: &Device,
    share: &Share,
) -> Result<Blueprint, DeviceError> {
    data.check().map_err(|error| DeviceError::Data(error.to_string()))?;
    let room = room_for_images(&recipe.config, device);
    Ok(Blueprint::of_share(recipe, data, room, share.clone()).on(device.machine()))
}

/// The memory and a step that both fit the device, in as few parts as do where the settings leave that open.
pub(super) fn step_that_fits(
    recipe: &Recipe,
    data: &Dataset,
    device: &Device,
    share: &Share,
) -> Result<(Blueprint, Plan), DeviceError> {
    let attempt = |accumulate: usize| {
        let mut recipe = recipe.clone();
        recipe.config.accumulate = accumulate;
        let blueprint = blueprint_for(&recipe, data, device, share)?;
        let step = blueprint.training_step()?;
        device.check_room(&blueprint.layout, Some(&step), copies(&blueprint))?;
        Ok((blueprint, step))
    };
    let images = (recipe.config.batch, share.size);
    match recipe.config.accumulate {
        0 => in_fewest_parts(images, &attempt).map(|(_, fitting)| fitting),
        1 => attempt(1).map_err(|error| advised(error, images, &attempt)),
        count => attempt(count),
    }
}

/// The recipe of a run whose parts were chosen by room, with as many as its steps were computed in before: others would round otherwise. None
/// where the settings say how many, it is not known, or they do not fit any more.
pub(super) fn in_parts_as_before(
    recipe: &Recipe,
    data: &Dataset,
    device: &Device,
    share: &Share,
    parts: usize,
) -> Option<Recipe> {
    if recipe.config.accumulate > 0 || parts == 0 {
        return None;
    }
    let recipe = with(recipe, Config { accumulate: parts, ..recipe.config.clone() })?;
    step_that_fits(&recipe, data, device, share).ok().map(|_| recipe)
}

/// [`step_that_fits`] for a member of a group, if there is one. Members meet in every part, so that all take as many as the one with the
/// least room.
pub(super) fn step_of_member(
    recipe: &Recipe,
    data: &Dataset,
    device: &Device,
    (share, group): (&Share, Option<&Member>),
) -> Result<(Blueprint, Plan), DeviceError> {
    let fitting = step_that_fits(recipe, data, device, share)?;
    let own = fitting.0.config.accumulate;
    let wanted = group.map_or(Ok(Vec::new()), |group| group.gather(&[own as f32], &vec![1; share.size]))?;
    match wanted.into_iter().map(|parts| parts as usize).max() {
        Some(most) if most > own => {
            let mut recipe = recipe.clone();
            recipe.config.accumulate = most;
            step_that_fits(&recipe, data, device, share)
        }
        _ => Ok(fitting),
    }
}

/// Numbers on the host while a checkpoint is read: weights and two moments, as the files have them and as they go to the device.
pub(super) fn copies(blueprint: &Blueprint) -> u64 {
    6 * blueprint.params.flat_len() as u64
}

/// Bytes of a device that images may take as a whole.
pub(crate) fn room_for_images(config: &Config, device: &Device) -> u64 {
    let wanted = match config.data.device_bytes {
        0 => u64::MAX,
        bytes => bytes,
    };
    wanted.min(device.room())
}

/// What an attempt makes of `images` images in as few equal parts as fit, each with an image for every member at least, and how many these
/// are; its last refusal where not even the smallest parts fit.
fn in_fewest_parts<T>(
    (images, members): (usize, usize),
    attempt: &dyn Fn(usize) -> Result<T, DeviceError>,
) -> Result<(usize, T), DeviceError> {
    let more = (2..=images / members).filter(|&count| images.is_multiple_of(count));
    let (mut count, mut outcome) = (1, attempt(1));
    for next in more {
        if !matches!(outcome, Err(DeviceError::TooLarge { .. })) {
            break;
        }
        (count, outcome) = (next, attempt(next));
    }
    Ok((count, outcome?))
}

/// An error over a step of `images` images that `members` share which is too large, with what would fit.
fn advised<T>(
    error: DeviceError,
    (images, members): (usize, usize),
    attempt: &dyn Fn(usize) -> Result<T, DeviceError>,
) -> DeviceError {
    if !matches!(error, DeviceError::TooLarge { .. }) {
        return error;
    }
    match in_fewest_parts((images, members), attempt) {
        Ok((count, _)) => {
            let advice = format!(
                "batch = {} fits, and so does accumulate = {count}, which computes the step in parts",
                images / count
            );
            DeviceError::StepTooLarge { refused: Box::new(error), advice }
        }
        Err(_) => error,
    }
}

/// The recipe with other settings, where they are right.
fn with(recipe: &Recipe, config: Config) -> Option<Recipe> {
    Recipe::with(&config, recipe.objective.clone(), recipe.backbone.clone()).ok()
}

#[cfg(test)]
mod tests {
    use super::{Blueprint, DeviceError, advised, in_fewest_parts, in_parts_as_before};
    use crate::data::{Dataset, FileOptions, load_with};
    use crate::device::Device;
    use crate::plan::Share;
    use crate::settings::{Config, Recipe};

    fn data() -> Dataset {
        load_with("sprites", None, &Device::cpu(), &FileOptions { limit: 16, ..FileOptions::default() })
            .expect("sprites")
    }

    /// A step of twelve images, of which pictures are the largest tensors, in so many parts; refused where a slot holds more than `most`
    /// images.
    fn attempt(data: &Dataset, most: usize) -> impl Fn(usize) -> Result<(), DeviceError> {
        let available = most * 2 * data.train.shape.bytes();
        move |accumulate| {
            let mut config = Config { batch: 12, views: 2, accumulate, ..Config::default() };
            config.model.hidden = vec![4];
            let blueprint = Blueprint::new(&Recipe::new(&config).expect("a recipe"), data, u64::MAX);
            let slots = blueprint.training_step()?.arena.slots;
            match slots.iter().map(|slot| slot.len).max().unwrap_or(0) {
                needed if needed > available => Err(DeviceError::TooLarge {
                    what: "the step".to_owned(),
                    device: "a small one".to_owned(),
                    needed: needed as u64,
                    available: available as u64,
                }),
                _ => Ok(()),
            }
        }
    }

    #[test]
    fn a_step_has_as_few_parts_as_fit() {
        let data = data();
        let parts = |most: usize| in_fewest_parts((12, 1), &attempt(&data, most)).map(|(count, ())| count);
        assert_eq!([12, 11, 6, 5, 4, 3, 1].map(|most| parts(most).expect("a part fits")), [1, 2, 2, 3, 3, 4, 12]);
        assert!(matches!(parts(0), Err(DeviceError::TooLarge { .. })));
    }

    #[test]
    fn a_run_whose_parts_were_chosen_keeps_them() {
        let data = data();
        let kept = |accumulate, parts| {
            let config = Config { batch: 12, views: 2, accumulate, ..Config::default() };
            let recipe = Recipe::new(&config).expect("a recipe");
            let kept = in_parts_as_before(&recipe, &data, &Device::cpu(), &Share::ALONE, parts);
            kept.map(|recipe| recipe.config.accumulate)
        };
        assert_eq!([kept(0, 1), kept(0, 3)], [Some(1), Some(3)]);
        assert_eq!([kept(0, 0), kept(1, 3), kept(4, 3), kept(0, 5)], [None; 4]);
    }

    #[test]
    fn an_error_says_what_would_fit() {
        let data = data();
        let told = |most: usize| {
            let attempt = attempt(&data, most);
            advised(attempt(1).expect_err("it is too large"), (12, 1), &attempt).to_string()
        };
        assert!(told(5).contains("batch = 4 fits, and so does accumulate = 3"), "{}", told(5));
        assert!(!told(0).contains("accumulate"), "{}", told(0));
    }
}
