//! `wgpu-simvae gradcheck`

use crate::settings::SettingsArguments;
use crate::terminal::{Terminal, bar, show};
use crate::web::listen;
use crate::{Failure, usage};
use anyhow::anyhow;
use clap::{Args, ValueEnum};
use std::path::PathBuf;
use std::time::Duration;
use wgpu_simvae::check::{
    BrowserCheck, Progress, Table, Target, central_differences, full_width, golden, lockstep, what_if_f16,
};
use wgpu_simvae::console::{name, print, tell};
use wgpu_simvae::device::{Device, DeviceRequest, choose};
use wgpu_simvae::files::write_atomically;
use wgpu_simvae::kernels::registry::examples;
use wgpu_simvae::low_level::plan;
use wgpu_simvae::settings::Recipe;
use wgpu_simvae::train::load_data;

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
    /// Check every kernel in a browser of this machine, on its own WebGPU, and no gradients: prints the address to open in it, and waits
    /// until it was.
    #[arg(long, conflicts_with_all = ["device", "golden", "full", "what_if"])]
    browser: bool,
    /// Open the address of --browser in the browser that the desktop has for it.
    #[arg(long, requires = "browser")]
    open: bool,
    /// Check no gradients, but ask what they would be if each tensor of a training step were kept in this precision. The settings below say of
    /// which step; it follows on 20 others, or `--after`.
    #[arg(long, value_enum, conflicts_with_all = ["device", "golden", "full"])]
    what_if: Option<Precision>,
    /// Steps that are trained before, in double precision.
    #[arg(long, default_value_t = 20, requires = "what_if")]
    after: u64,
    /// Write what came of it to this file, too.
    #[arg(long, value_name = "FILE", requires = "what_if")]
    json: Option<PathBuf>,
    #[command(flatten)]
    settings: SettingsArguments,
}

/// A precision below the single one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Precision {
    /// Half precision: 5 bits of exponent and 10 of mantissa.
    F16,
}

/// The gradient of a step with each of its tensors in half precision.
fn what_if(arguments: &GradcheckArguments) -> Result<(), Failure> {
    let config = arguments.settings.merged()?;
    let recipe = Recipe::new(&config)?;
    let mut progress = Terminal::default();
    let data = load_data(&config, None, &Device::cpu(), &mut progress)?;
    recipe.check_images(data.train.seen)?;
    if !recipe.objective.trains() {
        return Err(usage(anyhow!("--what-if: the method {} trains nothing", config.method)));
    }
    let found = what_if_f16(&recipe, &data, arguments.after, &mut progress)?;
    print(&found);
    if let Some(path) = &arguments.json {
        write_atomically(path, serde_json::to_string_pretty(&found)?.as_bytes())?;
        tell(format_args!("written: {}", path.display()));
    }
    Ok(())
}

/// How often the line that waits for a browser moves.
const TICK: Duration = Duration::from_millis(250);
/// Where the line is not seen, every so many shader files are told.
const TOLD: usize = 10;

/// Every kernel in the user's browser.
fn in_browser(open: bool) -> Result<Table, Failure> {
    let listener = listen(0)?;
    let line = bar("{spinner} {msg}  {elapsed}");
    let shown = line.clone();
    let heard = move |progress: &Progress| {
        let Progress { done, of, now } = progress;
        let line = format!("{done} of {of} shader files, {}", name(now));
        if shown.is_hidden() && done.is_multiple_of(TOLD) {
            tell(&line);
        }
        shown.set_message(line);
    };
    let check = BrowserCheck::new(examples(), heard)?;
    let address = format!("http://{}/{}", listener.local_addr()?, check.path());
    print(&address);
    tell("open it in the browser that is to be checked, on this machine; Ctrl-C ends the wait");
    if open && let Err(error) = show(&address) {
        tell(format_args!("warning: no browser could be opened: {error}"));
    }
    line.set_message("waits for the page");
    line.enable_steady_tick(TICK);
    let rows = check.wait(&listener);
    line.finish_and_clear();
    Ok(Table { rows: rows? })
}

pub fn main(arguments: &GradcheckArguments) -> Result<(), Failure> {
    if arguments.what_if.is_some() {
        return what_if(arguments);
    }
    if arguments.settings.any() {
        return Err(usage(anyhow!("settings are for --what-if: the gradient checks have small models of their own")));
    }
    let table = if arguments.browser { in_browser(arguments.open)? } else { on_devices(arguments)? };
    print(&table);
    match table.failures() {
        0 => Ok(()),
        failures => Err(anyhow::anyhow!("{failures} cases exceed their tolerance").into()),
    }
}

/// Gradients on this machine's devices.
fn on_devices(arguments: &GradcheckArguments) -> Result<Table, Failure> {
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
    // First what reads files: one that is not there is told at once.
    let precisions = [plan::Precision::Single, plan::Precision::Mixed];
    let golden = arguments.golden.as_ref().map(|folder| golden(folder, &targets, &precisions)).transpose()?;
    let mut table = Table::default();
    table.rows.extend(central_differences()?);
    for target in &targets[1..] {
        for precision in precisions {
            table.rows.extend(lockstep(target, precision)?);
            if arguments.full {
                table.rows.extend(full_width(target, precision)?);
            }
        }
    }
    table.rows.extend(golden.unwrap_or_default());
    Ok(table)
}
