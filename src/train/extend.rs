//! A run that goes on longer than it was to, or with other settings that change no result.

use super::run::RunOptions;
use super::run_error::RunError;
use crate::optim::Schedule;
use crate::run_folder::{Earlier, Saved, checksum, settings_file};
use crate::settings::{Config, DataConfig};

/// The settings with which a run goes on.
pub(super) struct Extension {
    /// Their text.
    pub settings: String,
    /// Those of before.
    pub earlier: Vec<Earlier>,
    /// What its user should know.
    pub notes: Vec<String>,
}

impl Extension {
    /// What becomes of a run's settings that goes on from a step with `config`, on so many images: they stay, unless the options ask for
    /// others.
    ///
    /// # Errors
    /// When those would change what the run computes, or end it before that step.
    pub fn of(
        saved: &Saved,
        config: &Config,
        options: &RunOptions,
        (step, images): (u64, usize),
    ) -> Result<Self, RunError> {
        let Saved { config: then, text, record } = saved;
        let sum = checksum(text.as_bytes());
        // Those that were never written, because of a crash between record and settings, have no checkpoint.
        let known = record.iter().flat_map(|record| &record.earlier).filter(|earlier| earlier.settings != sum);
        let mut earlier: Vec<Earlier> = known.cloned().collect();
        let mut notes = Vec::new();
        // Where the data lie stands in the record.
        let data = DataConfig { dir: then.data.dir.clone(), ..config.data.clone() };
        let now = Config { data, ..config.clone() };
        if !options.extend || now == *then {
            return Ok(Self { settings: text.clone(), earlier, notes });
        }
        let path = settings_file(&options.out);
        let difference = then.differences(&Config { epochs: then.epochs, steps: then.steps, ..now.clone() });
        if !difference.is_empty() {
            return Err(RunError::ChangesResult { path, run: options.out.clone(), difference: difference.join("; ") });
        }
        let [before, end] = [then, &now].map(|config| config.total_steps(images));
        if end != before {
            if end < step {
                return Err(RunError::EndsBefore { path: options.out.clone(), done: step, end });
            }
            notes.push(format!("the run ends at step {end} now, where it was to end at step {before}"));
            if now.optim.schedule == Schedule::Cosine {
                notes.push(format!(
                    "optim.schedule = cosine: from step {step} on the learning rate follows the curve that ends at step {end}; what \
                     was trained before followed the other one, so this is not the run that {end} steps from the beginning would be"
                ));
            }
        }
        earlier.push(Earlier { settings: sum, until: step, changed: then.changes(&now) });
        Ok(Self { settings: now.to_toml()?, earlier, notes })
    }
}
