//! Which settings a row of a comparison uses: where it does not use one, its values make no rows of their own.
//!
//! What a row computes is known before it trains, as its recorded plans and what may end it early. A setting is used where they follow it.

use crate::augment::{Augmentation, BlurSettings, JitterSettings, SolariseSettings};
use crate::data::Dataset;
use crate::nn::Init;
use crate::setting::Allowed;
use crate::settings::{Config, Recipe, described};
use crate::train::Blueprint;
use toml::Value;

/// Everything that a run with these settings computes on these data, but for the numbers that its seed draws; none where it cannot run.
/// Equal texts stand for equal results.
pub(super) fn computed(config: &Config, data: &Dataset) -> Option<String> {
    let recipe = Recipe::new(&effective(config, data.train.shape.channels)).ok()?;
    recipe.check_images(data.train.seen).ok()?;
    let blueprint = Blueprint::new(&recipe, data, u64::MAX);
    let mut plans = vec![blueprint.encode(&blueprint.test, 1).ok()?.0];
    if recipe.objective.trains() {
        plans.push(blueprint.training_step().ok()?);
    }
    let dispatches = plans.iter().flat_map(|plan| &plan.dispatches);
    let kernels: Vec<String> =
        dispatches.map(|dispatch| format!("{}: {:?}\n", dispatch.label, dispatch.kernel)).collect();
    // Where what is trained begins belongs to the result; what begins at random is the seed's.
    let begins: Vec<&Init> = blueprint.params.specs().iter().map(|spec| &spec.init).collect();
    let Config { stop, checkpoint, judge, .. } = config;
    let ends_early = stop.patience > 0 && recipe.objective.trains();
    let end = if ends_early { format!("{stop:?} {checkpoint:?} {judge:?}") } else { String::new() };
    Some(format!("{} steps {end}\n{begins:?}\n{}", blueprint.total_steps(), kernels.concat()))
}

/// The settings without what nothing comes of, although dispatches are told of it: augmentations of images that stay as they are,
/// colours of grey images, and how effects are that never happen.
fn effective(config: &Config, channels: usize) -> Config {
    let mut config = config.clone();
    let how = &mut config.augment;
    if how.plain {
        *how = Augmentation { plain: true, threshold: how.threshold, ..Augmentation::default() };
    }
    if channels == 1 {
        how.grey = 0.0;
        (how.jitter.saturation, how.jitter.hue) = (0.0, 0.0);
    }
    if how.jitter.probability == 0.0 {
        how.jitter = JitterSettings { probability: 0.0, ..JitterSettings::default() };
    }
    if how.blur.probability == 0.0 {
        how.blur = BlurSettings { probability: 0.0, ..BlurSettings::default() };
    }
    if how.solarise.probability == 0.0 {
        how.solarise = SolariseSettings { probability: 0.0, ..SolariseSettings::default() };
    }
    config
}

/// Some values that a setting could have, to see whether anything follows it.
pub(super) fn probes(key: &str) -> Vec<Value> {
    let Some((_, setting)) = described().find(|(known, _)| known == key) else { return Vec::new() };
    let widths = |widths: &[i64]| Value::from(widths.to_vec());
    match setting.allowed {
        Allowed::Real { low, high, .. } => vec![low.into(), high.into()],
        Allowed::Part(high) => vec![0.0.into(), high.into()],
        Allowed::Span { low, high } => [low, high].map(|end| Value::from(vec![end; 2])).into(),
        // Far apart they would make plans too large to record.
        Allowed::Whole { low, .. } => [low, low.saturating_add(2)].map(|number| Value::from(number as i64)).into(),
        Allowed::Widths(_) => vec![widths(&[1]), widths(&[1, 1])],
        Allowed::Words(words) => words().into_iter().map(Value::from).collect(),
        Allowed::Switch => vec![false.into(), true.into()],
        Allowed::Text | Allowed::Table => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::matched::{Match, Matching, tests::pictures};
    use crate::settings::Sources;

    /// Of these keys, those that a row with these settings uses, each by its default alone.
    fn used(name: &str, channels: usize, set: &[&str], keys: &[&str]) -> Vec<bool> {
        let set = set.iter().map(|&set| set.to_owned()).collect();
        let sources = Sources { set, ..Sources::default() };
        let matching = Matching::new(&sources, Match::Steps).expect("settings");
        let defaults = described_defaults(&sources);
        let data = pictures(channels);
        let of = |key: &&str| {
            let vary = [format!("{key}={}", defaults(key)).parse().expect("a setting")];
            let points = matching.points(name, &vary, &data).expect("points");
            assert_eq!(points.len(), 1, "{name} {key}");
            points[0].contains_key(*key)
        };
        keys.iter().map(of).collect()
    }

    fn described_defaults(sources: &Sources) -> impl Fn(&str) -> String {
        let config = crate::compare::shared(sources).expect("settings");
        let table = crate::settings::to_table(&config).expect("a table");
        move |key| crate::setting::at(&table, key).expect(key).to_string()
    }

    #[test]
    fn methods_use_their_own_settings_and_those_of_what_they_are_made_of() {
        let keys = ["views", "augment.area", "likelihood.variance", "projector.widths", "vae.divergence", "optim.lr"];
        assert_eq!(used("vae", 3, &[], &keys), [true, true, true, false, true, true]);
        assert_eq!(used("vae-plain", 3, &[], &keys), [false, false, true, false, true, true]);
        assert_eq!(used("cr-vae", 3, &[], &keys), [false, true, true, false, false, true]);
        assert_eq!(used("simclr", 3, &[], &keys), [true, true, false, true, false, true]);
        assert_eq!(used("supervised", 3, &[], &keys), [true, true, false, false, false, true]);
        assert_eq!(used("random", 3, &[], &keys), [false; 6]);
        let sizes = ["model.kind", "model.latent", "model.hidden", "model.width"];
        assert_eq!(used("random", 3, &[], &sizes), [true, true, true, false]);
        assert_eq!(used("vae", 3, &["model.kind=official-conv"], &sizes), [true, true, false, true]);
    }

    #[test]
    fn what_ends_a_run_early_is_used_where_it_may_end() {
        let keys = ["stop.patience", "judge.every", "checkpoint.best"];
        let judged = ["judge.every=1", "judge.share=0.1", "checkpoint.best=knn"];
        assert_eq!(used("vae", 1, &judged, &keys), [true, false, false]);
        let ends = [&judged[..], &["stop.patience=3"]].concat();
        assert_eq!(used("vae", 1, &ends, &keys), [true; 3]);
    }

    #[test]
    fn a_learned_variance_begins_somewhere() {
        let keys = ["likelihood.variance", "likelihood.learn_variance", "simvae.variance_z", "simvae.learn_variance_z"];
        let learning = ["likelihood.learn_variance=true", "simvae.prior=gaussian", "simvae.learn_variance_z=true"];
        assert_eq!(used("simvae", 1, &learning, &keys), [true; 4]);
        assert_eq!(used("vae", 1, &learning, &keys), [true, true, false, false]);
        assert_eq!(used("simclr", 1, &learning, &keys), [false; 4]);
    }

    #[test]
    fn what_other_settings_turn_off_is_not_used() {
        let own = ["vae.divergence", "vae.entropy_scale", "beta_vae.beta"];
        assert_eq!(used("vae", 1, &["vae.divergence=exact"], &own), [true, false, false]);
        assert_eq!(used("vae", 1, &["vae.divergence=sampled"], &own), [true, true, false]);
        assert_eq!(used("beta-vae", 1, &[], &own), [false, false, true]);

        let effects = [
            "augment.jitter.probability",
            "augment.jitter.contrast",
            "augment.jitter.hue",
            "augment.grey",
            "augment.blur.kernel",
            "augment.solarise.threshold",
            "augment.threshold",
        ];
        let off = ["augment.jitter.probability=0", "augment.blur.probability=0", "augment.solarise.probability=0"];
        let on = ["augment.jitter.probability=1", "augment.blur.probability=1", "augment.solarise.probability=1"];
        assert_eq!(used("vae", 3, &off, &effects), [true, false, false, true, false, false, true]);
        assert_eq!(used("vae", 3, &on, &effects), [true; 7]);
        assert_eq!(used("vae", 1, &on, &effects), [true, true, false, false, true, true, true]);
        // Black and white images are what a row without views sees, and what the judges show an encoder that is not trained.
        for row in ["vae-plain", "random"] {
            assert_eq!(used(row, 3, &on, &effects), [false, false, false, false, false, false, true], "{row}");
        }
    }
}
