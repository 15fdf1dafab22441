//! `wgpu-simvae import` and `export`

use super::settings::SettingsArguments;
use super::{Failure, usage};
use crate::console::{print, tell};
use crate::device::{DeviceRequest, choose};
use crate::run_folder::LockError;
use crate::train::{ExchangeError, export as export_weights, import as import_weights, load_data};
use clap::Args;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(super) struct ExportArguments {
    /// Folder of the run.
    run: PathBuf,
    /// File for the weights.
    #[arg(long)]
    out: PathBuf,
    /// Step of the checkpoint [default: the newest one that is whole]
    #[arg(long, value_name = "STEP")]
    checkpoint: Option<u64>,
}

#[derive(Debug, Args)]
pub(super) struct ImportArguments {
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

pub(super) fn export(arguments: &ExportArguments) -> Result<(), Failure> {
    for problem in export_weights(&arguments.run, arguments.checkpoint, &arguments.out)? {
        tell(format_args!("passed over: {problem}"));
    }
    // Where the weights go to the standard output, nothing else does.
    tell(arguments.out.display());
    Ok(())
}

pub(super) fn import(arguments: &ImportArguments) -> Result<(), Failure> {
    let config = arguments.settings.merged()?;
    let choice = choose(&arguments.device)?;
    let data = load_data(&config, None, &choice)?;
    let imported = import_weights(&arguments.file, &config, &data, &choice, &arguments.out);
    let prefix = imported.map_err(|error| match error {
        ExchangeError::Config(_) | ExchangeError::Occupied { .. } | ExchangeError::OtherNetworks { .. } => usage(error),
        ExchangeError::Lock(LockError::Busy { .. }) => usage(error),
        error => error.into(),
    })?;
    if !prefix.is_empty() {
        tell(format_args!("all names begin with `{prefix}`, which was taken off"));
    }
    print(arguments.out.display());
    Ok(())
}
