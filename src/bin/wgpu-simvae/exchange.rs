//! `wgpu-simvae import` and `export`

use crate::Failure;
use crate::settings::SettingsArguments;
use crate::terminal::Terminal;
use clap::Args;
use std::path::PathBuf;
use wgpu_simvae::console::{print, tell};
use wgpu_simvae::device::{DeviceRequest, choose};
use wgpu_simvae::run_folder::Which;
use wgpu_simvae::settings::Recipe;
use wgpu_simvae::train::{export as export_weights, import as import_weights, load_data};

#[derive(Debug, Args)]
pub struct ExportArguments {
    /// Folder of the run.
    run: PathBuf,
    /// File for the weights.
    #[arg(long)]
    out: PathBuf,
    /// Which checkpoint: the newest whole one, the best that checkpoint.best kept, or the one of a step.
    #[arg(long, value_name = "newest|best|STEP", default_value_t)]
    checkpoint: Which,
}

#[derive(Debug, Args)]
pub struct ImportArguments {
    /// safetensors file with a state dict.
    file: PathBuf,
    #[command(flatten)]
    settings: SettingsArguments,
    /// Run folder to make.
    #[arg(long)]
    out: PathBuf,
    /// auto, gpu, cpu, a number of `wgpu-simvae devices` or part of an adapter's name.
    #[arg(long, default_value = "auto")]
    device: DeviceRequest,
}

pub fn export(arguments: &ExportArguments) -> Result<(), Failure> {
    for problem in export_weights(&arguments.run, arguments.checkpoint, &arguments.out)? {
        tell(format_args!("passed over: {problem}"));
    }
    // Where the weights go to the standard output, nothing else does.
    tell(arguments.out.display());
    Ok(())
}

pub fn import(arguments: &ImportArguments) -> Result<(), Failure> {
    let config = arguments.settings.merged()?;
    let recipe = Recipe::new(&config)?;
    let device = choose(&arguments.device)?;
    let data = load_data(&config, None, &device, &mut Terminal::default())?;
    let prefix = import_weights(&arguments.file, &recipe, &data, &device, &arguments.out)?;
    if !prefix.is_empty() {
        tell(format_args!("all names begin with `{prefix}`, which was taken off"));
    }
    print(arguments.out.display());
    Ok(())
}
