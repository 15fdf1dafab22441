//! The checks of the settings against their descriptions, and against each other.

use super::describe::described;
use super::merge::{check_keys, to_table};
use super::{Best, Config, ConfigError};
use crate::data::too_small;
use crate::kernels::loss::likelihood::LikelihoodKind;
use crate::methods::registry;
use crate::optim::OptimConfig;
use crate::setting::at;

/// Keys whose words a library's user may add to.
const NAMES: [&str; 2] = ["method", "model.kind"];

impl Config {
    /// Checks every setting but the names of the method and of the networks, which [`Recipe::new`](super::Recipe::new) looks up.
    ///
    /// # Errors
    /// On the first value outside its range.
    pub fn validate(&self) -> Result<(), ConfigError> {
        let wrong = |key: &str, value: String, fix: String| Err(ConfigError::Value { key: key.to_owned(), value, fix });
        if i64::try_from(self.seed).is_err() {
            return wrong("seed", self.seed.to_string(), "below 2^63, which settings files can hold".to_owned());
        }
        let table = to_table(self)?;
        check_keys("settings", &table, &to_table(&Self::default())?, "")?;
        for (key, setting) in described().filter(|(key, _)| !NAMES.contains(&key.as_str())) {
            let Some(value) = at(&table, &key) else {
                return Err(ConfigError::Incomplete { origin: "settings".to_owned(), key });
            };
            if !setting.allowed.contains(value) {
                return wrong(&key, short(value), setting.allowed.about());
            }
        }
        let (store, size) = (self.data.store, self.data.size);
        if store > 0 && store < size {
            return wrong("data.store", store.to_string(), too_small(size));
        }
        let rows = self.batch.saturating_mul(self.views);
        if rows >= 1 << 24 {
            return wrong("batch * views", rows.to_string(), "fewer rows than 2^24".to_owned());
        }
        if self.likelihood.learn_variance && self.likelihood.kind == LikelihoodKind::Bernoulli {
            let fix = "a bernoulli has no variance, and a cross-entropy over one no normaliser: set likelihood.kind = \"gaussian\"";
            return wrong("likelihood.learn_variance", "true".to_owned(), fix.to_owned());
        }
        if self.accumulate > 0 && !self.batch.is_multiple_of(self.accumulate) {
            let fix = format!("the parts of a step are equal: a divisor of batch = {}", self.batch);
            return wrong("accumulate", self.accumulate.to_string(), fix);
        }
        self.check_judging()?;
        let needs = registry::find(&self.method).map(|entry| entry.needs);
        if self.augment.plain && needs.is_some_and(|needs| needs.fewest_views > 1) {
            return wrong("augment.plain", "true".to_owned(), "this method compares the views of an image".to_owned());
        }
        match needs.and_then(|needs| needs.problem(self.views, self.batch)) {
            Some((key, fix)) => wrong(key, at(&table, key).map(short).unwrap_or_default(), fix),
            None => Ok(()),
        }
    }

    /// Checks that whoever wants a judgement gets one.
    fn check_judging(&self) -> Result<(), ConfigError> {
        let Self { judge, checkpoint, stop, .. } = self;
        let wrong = |key: &str, value: &dyn ToString, fix: &str| {
            Err(ConfigError::Value { key: key.to_owned(), value: value.to_string(), fix: fix.to_owned() })
        };
        if judge.every > 0 && judge.share == 0.0 {
            return wrong(
                "judge.every",
                &judge.every,
                "judges need images that no step sees: set judge.share, such as 0.05",
            );
        }
        if checkpoint.best != Best::Off && judge.every == 0 {
            return wrong("checkpoint.best", &checkpoint.best, "nothing is judged: set judge.every, such as 1");
        }
        if stop.patience > 0 && checkpoint.best == Best::Off {
            return wrong(
                "stop.patience",
                &stop.patience,
                "set checkpoint.best, which says what a better judgement is",
            );
        }
        Ok(())
    }

    /// Checks that the steps of a run on so many images can be counted: the device counts them in words.
    ///
    /// # Errors
    /// When there are 2^32 and more.
    pub fn check_steps(&self, images: usize) -> Result<(), ConfigError> {
        let OptimConfig { warmup_epochs, warmup_steps, .. } = self.optim;
        let counted = [("epochs", self.epochs, self.steps), ("optim.warmup_epochs", warmup_epochs, warmup_steps)];
        for (key, epochs, _) in counted.into_iter().filter(|(.., steps)| *steps == 0) {
            let steps = (u128::from(epochs) * images as u128).div_ceil(self.batch.max(1) as u128);
            if steps > u128::from(u32::MAX) {
                let fix = format!(
                    "with {images} images in batches of {} that is {steps} steps; at most 2^32 - 1",
                    self.batch
                );
                return Err(ConfigError::Value { key: key.to_owned(), value: epochs.to_string(), fix });
            }
        }
        Ok(())
    }
}

/// A value in words; of a long list the first few.
fn short(value: &toml::Value) -> String {
    match value.as_array().map(Vec::as_slice) {
        Some([first @ .., _]) if first.len() >= 8 => {
            let shown: Vec<String> = first[..8].iter().map(ToString::to_string).collect();
            format!("[{}] and {} more", shown.join(", "), first.len() - 7)
        }
        _ => value.as_str().map_or_else(|| value.to_string(), str::to_owned),
    }
}
