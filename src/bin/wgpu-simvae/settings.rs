//! The settings that a command line gives: a preset, a file, and single values.

use crate::{Failure, usage};
use anyhow::anyhow;
use clap::Args;
use std::path::{Path, PathBuf};
use wgpu_simvae::files::FileError;
use wgpu_simvae::settings::Config;
use wgpu_simvae::settings::Sources;

#[derive(Debug, Args)]
pub struct SettingsArguments {
    /// Data set, see `wgpu-simvae data list`.
    #[arg(long, visible_alias = "dataset")]
    pub data: Option<String>,
    /// Folder of the data set's files.
    #[arg(long)]
    pub data_dir: Option<PathBuf>,
    /// Settings to start from: paper, paper-rows, official-code or quick.
    #[arg(long)]
    pub preset: Option<String>,
    /// TOML file of settings, laid over the preset.
    #[arg(long)]
    pub config: Option<PathBuf>,
    /// One setting, laid over everything else, such as `optim.lr=1e-3`; may be given often.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// Times that every training image is visited; short for `--set epochs=N --set steps=0`.
    #[arg(long, conflicts_with = "steps")]
    pub epochs: Option<u32>,
    /// Steps of the run; short for `--set steps=N`.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    pub steps: Option<u32>,
}

impl SettingsArguments {
    /// Whether any setting is given beside the folder of the data.
    pub fn any(&self) -> bool {
        let Self { data, preset, config, set, epochs, steps, .. } = self;
        let one = epochs.is_some() || steps.is_some();
        data.is_some() || preset.is_some() || config.is_some() || !set.is_empty() || one
    }

    /// The sources to merge.
    pub fn sources(&self) -> Result<Sources, Failure> {
        let mut set = self.set.clone();
        if let Some(epochs) = self.epochs {
            set.extend([format!("epochs={epochs}"), "steps=0".to_owned()]);
        }
        set.extend(self.steps.map(|steps| format!("steps={steps}")));
        if let Some(folder) = &self.data_dir {
            let refused = || usage(anyhow!("--data-dir {}: its name has bytes that are no text", folder.display()));
            set.push(format!("data.dir={}", toml::Value::String(folder.to_str().ok_or_else(refused)?.to_owned())));
        }
        let file = match &self.config {
            Some(path) => Some((path.display().to_string(), read(path)?)),
            None => None,
        };
        Ok(Sources { preset: self.preset.clone(), data: self.data.clone(), file, set })
    }

    /// The merged settings.
    pub fn merged(&self) -> Result<Config, Failure> {
        Ok(Config::merge(&self.sources()?)?)
    }
}

/// Reads a settings file.
fn read(path: &Path) -> Result<String, Failure> {
    let unread = |error| FileError::reading(path)(error).advise("--config wants a TOML file");
    std::fs::read_to_string(path).map_err(|error| usage(unread(error)))
}
