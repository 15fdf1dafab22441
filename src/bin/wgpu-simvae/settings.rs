//! The settings that a command line gives: a preset, a file, and single values.

use crate::{Failure, usage};
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
    /// Settings to start from: paper, official-code or quick.
    #[arg(long)]
    pub preset: Option<String>,
    /// TOML file of settings, laid over the preset.
    #[arg(long)]
    pub config: Option<PathBuf>,
    /// One setting, laid over everything else, such as `optim.lr=1e-3`; may be given often.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// Times that every training image is visited; short for `--set epochs=N`.
    #[arg(long)]
    pub epochs: Option<u32>,
}

impl SettingsArguments {
    /// Whether any setting is given beside the folder of the data.
    pub fn any(&self) -> bool {
        let Self { data, preset, config, set, epochs, .. } = self;
        data.is_some() || preset.is_some() || config.is_some() || !set.is_empty() || epochs.is_some()
    }

    /// The sources to merge.
    pub fn sources(&self) -> Result<Sources, Failure> {
        let mut set = self.set.clone();
        set.extend(self.epochs.map(|epochs| format!("epochs={epochs}")));
        if let Some(folder) = &self.data_dir {
            set.push(format!("data.dir={}", toml::Value::String(folder.to_string_lossy().into_owned())));
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
