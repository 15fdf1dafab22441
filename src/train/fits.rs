//! How large a step may be on a device, and in how many parts a larger one fits.

use super::blueprint::Blueprint;
use super::planned::blueprint;
use crate::data::Dataset;
use crate::device::group::Share;
use crate::device::{Device, DeviceError};
use crate::plan::{Layout, Plan, PlanError};
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
    share: Share,
) -> Result<Blueprint, DeviceError> {
    data.check().map_err(|error| DeviceError::Data(error.to_string()))?;
    let lay_out = |recipe: &Recipe| lay_out(recipe, data, device, share);
    match recipe.config.accumulate {
        0 => in_fewest_parts(recipe, share, &lay_out, &|blueprint| check_step(blueprint, device).map(drop)),
        _ => Ok(lay_out(recipe)),
    }
}

/// The memory and a step that both fit the device.
pub(super) fn step_that_fits(
    recipe: &Recipe,
    data: &Dataset,
    device: &Device,
    share: Share,
) -> Result<(Blueprint, Plan), DeviceError> {
    let blueprint = blueprint_for(recipe, data, device, share)?;
    let check = |blueprint: &Blueprint| check_step(blueprint, device).map(drop);
    match check_step(&blueprint, device) {
        Ok(step) => Ok((blueprint, step)),
        Err(error) => Err(advised(error, recipe, share, &|recipe| lay_out(recipe, data, device, share), &check)),
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

fn lay_out(recipe: &Recipe, data: &Dataset, device: &Device, share: Share) -> Blueprint {
    Blueprint::of_share(recipe, data, room_for_images(&recipe.config, device), share)
}

/// The training step, where it fits the device beside model and data.
fn check_step(blueprint: &Blueprint, device: &Device) -> Result<Plan, DeviceError> {
    let step = blueprint.training_step()?;
    device.check_room(&blueprint.layout, Some(&step), copies(blueprint))?;
    Ok(step)
}

/// The blueprint of a recipe whose step has as few parts as fit; where none do, the one of a part for each image. `lay_out` makes a
/// blueprint, and `check` refuses what does not fit.
fn in_fewest_parts(
    recipe: &Recipe,
    share: Share,
    lay_out: &dyn Fn(&Recipe) -> Blueprint,
    check: &dyn Fn(&Blueprint) -> Result<(), DeviceError>,
) -> Result<Blueprint, DeviceError> {
    let batch = recipe.config.batch / share.size;
    let counts = (1..=batch).filter(|&count| batch.is_multiple_of(count));
    for accumulate in counts {
        let Some(recipe) = with(recipe, Config { accumulate, ..recipe.config.clone() }) else { continue };
        let blueprint = lay_out(&recipe);
        match check(&blueprint) {
            Err(DeviceError::TooLarge { .. }) if accumulate < batch => {}
            Err(DeviceError::TooLarge { .. }) | Ok(()) => return Ok(blueprint),
            Err(error) => return Err(error),
        }
    }
    Ok(lay_out(recipe))
}

/// An error over a step that is too large, with what would fit.
fn advised(
    error: DeviceError,
    recipe: &Recipe,
    share: Share,
    lay_out: &dyn Fn(&Recipe) -> Blueprint,
    check: &dyn Fn(&Blueprint) -> Result<(), DeviceError>,
) -> DeviceError {
    let Config { batch, accumulate, .. } = recipe.config;
    if !matches!(error, DeviceError::TooLarge { .. }) || accumulate != 1 {
        return error;
    }
    let Ok(blueprint) = in_fewest_parts(recipe, share, lay_out, check) else { return error };
    match blueprint.config.accumulate {
        count if count > 1 && check(&blueprint).is_ok() => {
            let advice = format!(
                "batch = {} fits, and so does accumulate = {count}, which computes the step in parts",
                batch / count
            );
            DeviceError::StepTooLarge { refused: Box::new(error), advice }
        }
        _ => error,
    }
}

/// The recipe with other settings, where they are right.
fn with(recipe: &Recipe, config: Config) -> Option<Recipe> {
    Recipe::with(&config, recipe.objective.clone(), recipe.backbone.clone()).ok()
}

#[cfg(test)]
mod tests {
    use super::{Blueprint, DeviceError, Share, advised, in_fewest_parts};
    use crate::data::{Dataset, FileOptions, load_with};
    use crate::device::Device;
    use crate::settings::{Config, Recipe};

    fn data() -> Dataset {
        load_with("sprites", None, &Device::cpu(), &FileOptions { limit: 16, ..FileOptions::default() })
            .expect("sprites")
    }

    /// Of which pictures are the largest tensors.
    fn recipe() -> Recipe {
        let mut config = Config { batch: 12, views: 2, ..Config::default() };
        config.model.hidden = vec![4];
        Recipe::new(&config).expect("a recipe")
    }

    /// Refuses a step whose largest slot has more than `most` numbers.
    fn check(most: usize) -> impl Fn(&Blueprint) -> Result<(), DeviceError> {
        move |blueprint| {
            let slots = blueprint.training_step()?.arena.slots;
            match slots.iter().map(|slot| slot.len).max().unwrap_or(0) {
                needed if needed > most => Err(DeviceError::TooLarge {
                    what: "the step".to_owned(),
                    device: "a small one".to_owned(),
                    needed: needed as u64,
                    available: most as u64,
                }),
                _ => Ok(()),
            }
        }
    }

    #[test]
    fn a_step_has_as_few_parts_as_fit() {
        let data = data();
        let recipe = recipe();
        let lay_out = |recipe: &Recipe| Blueprint::new(recipe, &data, u64::MAX);
        let pixels = data.train.shape.bytes();
        let parts = |images: usize| {
            let found =
                in_fewest_parts(&recipe, Share::ALONE, &lay_out, &check(images * 2 * pixels)).expect("a blueprint");
            found.config.accumulate
        };
        assert_eq!([12, 11, 6, 5, 4, 3, 1, 0].map(parts), [1, 2, 2, 3, 3, 4, 12, 12]);
    }

    #[test]
    fn an_error_says_what_would_fit() {
        let data = data();
        let recipe = recipe();
        let lay_out = |recipe: &Recipe| Blueprint::new(recipe, &data, u64::MAX);
        let told = |images: usize| {
            let check = check(images * 2 * data.train.shape.bytes());
            let error = check(&lay_out(&recipe)).expect_err("it is too large");
            advised(error, &recipe, Share::ALONE, &lay_out, &check).to_string()
        };
        assert!(told(5).contains("batch = 4 fits, and so does accumulate = 3"), "{}", told(5));
        assert!(!told(0).contains("accumulate"), "{}", told(0));
    }
}
