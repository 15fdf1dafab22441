//! `wgpu-simvae plan`

use crate::run_folder::read_run;
use crate::settings::SettingsArguments;
use crate::terminal::Terminal;
use crate::{Failure, usage};
use anyhow::anyhow;
use clap::Args;
use std::path::{Path, PathBuf};
use wgpu_simvae::console::print;
use wgpu_simvae::data::Dataset;
use wgpu_simvae::device::gpu::adapters;
use wgpu_simvae::device::{Device, DeviceRequest, choose};
use wgpu_simvae::plan::{Layout, Plan};
use wgpu_simvae::recording::{Needs, PLAN, Recording, WEBGPU_LARGEST_BUFFER};
use wgpu_simvae::run_folder::Which;
use wgpu_simvae::settings::{Config, Recipe};
use wgpu_simvae::train::{Planned, largest_batch, load_data};

#[derive(Debug, Args)]
pub struct PlanArguments {
    /// Folder of a run, whose weights go into the plan, or of a plan that was written; without it, the settings make the plan.
    folder: Option<PathBuf>,
    #[command(flatten)]
    settings: SettingsArguments,
    /// Which checkpoint of the run: the newest whole one, the best that checkpoint.best kept, or the one of a step [default: newest].
    #[arg(long, value_name = "newest|best|STEP", requires = "folder")]
    checkpoint: Option<Which>,
    /// Pictures that are drawn at a time.
    #[arg(long, default_value_t = 32, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pictures: u16,
    /// Folder for the plan and its files; without it, only what the plan needs is printed.
    #[arg(long)]
    out: Option<PathBuf>,
}

/// Prints what a plan needs, or writes it.
pub fn main(arguments: &PlanArguments) -> Result<(), Failure> {
    let folder = arguments.folder.as_deref();
    if let Some(folder) = folder.filter(|folder| folder.join(PLAN).exists()) {
        return read(arguments, folder);
    }
    if folder.is_some() && arguments.settings.any() {
        return Err(usage(anyhow!("a run has its settings: give a folder, or settings")));
    }
    let (settings, which) = (&arguments.settings, arguments.checkpoint.unwrap_or_default());
    let data_dir = settings.data_dir.as_deref();
    let (config, checkpoint, data) = match folder {
        Some(run) => {
            let (config, checkpoint, data) = read_run(run, which, data_dir)?;
            (config, Some(checkpoint), data)
        }
        None => {
            let config = settings.merged()?;
            let data = load_data(&config, data_dir, &Device::cpu(), &mut Terminal::default())?;
            (config, None, data)
        }
    };
    let recipe = Recipe::new(&config)?;
    recipe.check_images(data.train.seen)?;
    let step = checkpoint.as_ref().map_or(0, |checkpoint| checkpoint.state.step);
    let planned = Planned::new(&recipe, &data, arguments.pictures.into(), step)?;
    match &arguments.out {
        Some(out) => {
            let beside = planned.write(&data, checkpoint.as_ref(), out)?;
            print(out.join(PLAN).display());
            beside.iter().for_each(|path| print(path.display()));
        }
        None => {
            needs(&planned.recording);
            fits(&planned, &recipe, &data)?;
        }
    }
    Ok(())
}

/// Reads a plan that was written, with its files, and prints what it needs.
fn read(arguments: &PlanArguments, folder: &Path) -> Result<(), Failure> {
    let PlanArguments { settings, checkpoint, out, .. } = arguments;
    if out.is_some() || checkpoint.is_some() || settings.any() || settings.data_dir.is_some() {
        return Err(usage(anyhow!("{}: this is a plan already; it is only read", folder.display())));
    }
    let recording = Recording::read(folder)?;
    recording.contents(folder)?;
    needs(&recording);
    Ok(())
}

fn mib(bytes: u64) -> String {
    format!("{:10.3} MiB", bytes as f64 / f64::from(1 << 20))
}

fn needs(recording: &Recording) {
    if let Some(model) = &recording.model {
        print(format_args!(
            "{} with {} on {}: {} images, steps of {} x {} views",
            model.method, model.networks, model.data, model.images, model.batch, model.views
        ));
    }
    let needs = Needs::of(recording);
    print("\nregions, which all plans share");
    for (name, bytes) in &needs.regions {
        print(format_args!("  {name:24}{}", mib(*bytes)));
    }
    for (plan, slots, families) in &needs.plans {
        let dispatches: usize = families.values().map(|family| family.dispatches).sum();
        print(format_args!("\nplan `{plan}`: {dispatches} dispatches, {} slots", slots.len()));
        for (slot, bytes) in slots.iter().enumerate() {
            print(format_args!("  {:24}{}", format!("slot {slot}"), mib(*bytes)));
        }
        print(format_args!("  {:24}{:>10}{:>20}{:>20}", "kernels", "dispatches", "multiply-adds", "bytes moved"));
        for (name, family) in families {
            let (count, work, bytes) = (family.dispatches, family.multiply_adds, family.bytes);
            print(format_args!("  {name:24}{count:>10}{work:>20}{bytes:>20}"));
        }
    }
    let (name, largest) = needs.largest();
    print(format_args!("\nin all {}; the largest buffer, {name}, {}", mib(needs.total()).trim(), mib(largest).trim()));
}

/// What this machine's devices, and WebGPU where it offers no more than it must, make of the step.
fn fits(planned: &Planned, recipe: &Recipe, data: &Dataset) -> Result<(), Failure> {
    let largest = |layout: &Layout, plan: &Plan| {
        let slots = plan.arena.slots.iter().map(|slot| slot.len);
        layout.regions().iter().map(|region| region.len).chain(slots).max().unwrap_or(0) as u64 * 4
    };
    let (layout, step) = planned.asked()?;
    let say = |device: &str, holds: &dyn Fn(&Layout, &Plan) -> bool| -> Result<(), Failure> {
        let Some(step) = &step else {
            print(format_args!("  {device}: there is no step to train"));
            return Ok(());
        };
        let now = if holds(layout, step) { "it fits" } else { "it does not fit" };
        let Config { batch, .. } = recipe.config;
        let most = match largest_batch(recipe, data, holds)? {
            Some(most) if most == data.train.len() => format!("batch {batch}, and all {most} images at once"),
            Some(most) => format!("batch {batch}; the largest that fits is {most}"),
            None => "no batch does".to_owned(),
        };
        print(format_args!("  {device}: {now}; {most}"));
        Ok(())
    };
    print("\nthe training step");
    say("WebGPU's default limits", &|layout, plan| largest(layout, plan) <= WEBGPU_LARGEST_BUFFER)?;
    let cards = (0..adapters().len()).map(|index| (index.to_string(), DeviceRequest::Index(index)));
    for (name, request) in cards.chain([("cpu".to_owned(), DeviceRequest::Cpu)]) {
        let device = choose(&request)?;
        let holds = |layout: &Layout, plan: &Plan| device.check_room(layout, Some(plan), 0).is_ok();
        say(&format!("{name}: {}", device.name()), &holds)?;
    }
    Ok(())
}
