//! `wgpu-simvae gradcheck`

use crate::Failure;
use clap::Args;
use std::path::PathBuf;
use wgpu_simvae::check::{Table, Target, central_differences, full_width, golden, lockstep};
use wgpu_simvae::console::{print, tell};
use wgpu_simvae::device::{Device, DeviceRequest, choose};

#[derive(Debug, Args)]
pub struct GradcheckArguments {
    /// Device to check beside the f64 twins and the CPU: auto, gpu, cpu, a number or part of a name. By default the first
    /// adapter there is.
    #[arg(long)]
    device: Option<DeviceRequest>,
    /// Folder of golden cases from PyTorch.
    #[arg(long)]
    golden: Option<PathBuf>,
    /// Also check the authors' convolutional networks at their full width.
    #[arg(long)]
    full: bool,
}

pub fn main(arguments: &GradcheckArguments) -> Result<(), Failure> {
    let mut targets = vec![Target::Reference, Target::Device(Device::cpu())];
    match arguments.device.as_ref().map_or_else(|| choose(&DeviceRequest::Gpu), choose) {
        Ok(device) if device.name() != Device::cpu().name() => {
            tell(format_args!("device: {}", device.reason));
            targets.push(Target::Device(device));
        }
        Ok(_) => {}
        Err(error) if arguments.device.is_some() => return Err(error.into()),
        Err(_) => tell("no graphics adapter: only the CPU is checked"),
    }
    let mut table = Table::default();
    table.rows.extend(central_differences()?);
    for target in &targets[1..] {
        table.rows.extend(lockstep(target)?);
        if arguments.full {
            table.rows.extend(full_width(target)?);
        }
    }
    if let Some(folder) = &arguments.golden {
        table.rows.extend(golden(folder, &targets)?);
    }
    print(&table);
    match table.failures() {
        0 => Ok(()),
        failures => Err(anyhow::anyhow!("{failures} cases exceed their tolerance").into()),
    }
}
