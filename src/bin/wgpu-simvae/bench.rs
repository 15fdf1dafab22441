//! `wgpu-simvae bench`

use crate::settings::SettingsArguments;
use crate::spread::{join, place};
use crate::terminal::Terminal;
use crate::{Failure, usage};
use anyhow::anyhow;
use clap::Args;
use serde::Serialize;
use serde_json::Value;
use std::path::{Path, PathBuf};
use wgpu_simvae::bench::{Effort, Link, measure, model, scaling, trace};
use wgpu_simvae::console::{print, tell};
use wgpu_simvae::data::Dataset;
use wgpu_simvae::device::{Device, DeviceRequest, choose};
use wgpu_simvae::files::write_atomically;
use wgpu_simvae::run_folder::from_the_root;
use wgpu_simvae::settings::{Config, Recipe};
use wgpu_simvae::train::{Blueprint, Progress, Silent, load_data};

#[derive(Debug, Args)]
pub struct BenchArguments {
    #[command(flatten)]
    settings: SettingsArguments,
    /// The authors' convolutional networks on coloured sprites instead of their multilayer perceptrons on grey ones.
    #[arg(long, conflicts_with_all = ["data", "preset", "config"])]
    conv: bool,
    /// Rows of a step, a multiple of the views of an image: short for `--set batch=ROWS/VIEWS`.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    rows: Option<u32>,
    /// auto, gpu, cpu, a number of `wgpu-simvae devices` or part of an adapter's name.
    #[arg(long, default_value = "auto")]
    device: DeviceRequest,
    /// Time no kernels on the device first: matrix products are computed as the cost model suggests.
    #[arg(long)]
    no_tune: bool,
    /// Rounds of whole steps.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=1000))]
    rounds: u32,
    /// Seconds of a round and of each other measurement, roughly.
    #[arg(long, default_value_t = 1.0, value_parser = seconds)]
    seconds: f64,
    /// Run nothing: what the step does, and its time on three cards by the cost model.
    #[arg(long, conflicts_with_all = ["device", "no_tune", "rounds", "seconds", "trace"])]
    model: bool,
    /// How the step grows when several devices like this one share it, so many each time [without numbers: 1,2,4,8,16,32,64]: their
    /// shares are measured, what lies between them is modelled. In processes that mpirun has started, their link is measured.
    #[arg(
        long,
        value_name = "N",
        value_delimiter = ',',
        num_args = 0..=1,
        default_missing_values = ["1", "2", "4", "8", "16", "32", "64"],
        value_parser = clap::value_parser!(u32).range(1..=65_536),
        conflicts_with_all = ["model", "trace"]
    )]
    members: Option<Vec<u32>>,
    /// What joins them: ethernet (10 Gbit/s), infiniband (100 Gbit/s), or microseconds of a message and GB/s.
    #[arg(long, default_value = "ethernet", requires = "members")]
    link: Link,
    /// Write everything to this file.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Write a step as a trace that ui.perfetto.dev opens.
    #[arg(long, value_name = "FILE")]
    trace: Option<PathBuf>,
}

fn seconds(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(seconds) if (0.001..=600.0).contains(&seconds) => Ok(seconds),
        _ => Err("seconds are between 0.001 and 600".to_owned()),
    }
}

pub fn main(arguments: &BenchArguments) -> Result<(), Failure> {
    if let (Some(json), Some(trace)) = (&arguments.json, &arguments.trace)
        && from_the_root(json) == from_the_root(trace)
    {
        return Err(usage(anyhow!("--trace {}: --json is written there", trace.display())));
    }
    let config = config(arguments)?;
    let recipe = Recipe::new(&config)?;
    let mut progress = Terminal::default();
    if let Some(members) = &arguments.members {
        return share(arguments, &recipe, members, &mut progress);
    }
    let report = if arguments.model {
        model(&recipe, &data_for(&recipe, &Device::cpu(), &mut progress)?)?
    } else {
        let (device, data) = device_and_data(arguments, &recipe, &mut progress)?;
        measure(&recipe, &data, &device, &effort(arguments), &mut progress)?
    };
    print(&report);
    write(arguments, &report)?;
    if let (Some(path), Some(trace)) = (&arguments.trace, trace(&report)) {
        written(path, &trace)?;
    }
    Ok(())
}

fn effort(arguments: &BenchArguments) -> Effort {
    Effort { seconds: arguments.seconds, rounds: arguments.rounds as usize }
}

fn device_and_data(
    arguments: &BenchArguments,
    recipe: &Recipe,
    progress: &mut Terminal,
) -> Result<(Device, Dataset), Failure> {
    let device = choose(&arguments.device)?;
    let device = if arguments.no_tune { device.untimed() } else { device };
    progress.note(&format!("device: {}", device.reason));
    let data = data_for(recipe, &device, progress)?;
    Ok((device, data))
}

/// The data, of images that the networks take.
fn data_for(recipe: &Recipe, device: &Device, progress: &mut dyn Progress) -> Result<Dataset, Failure> {
    let data = load_data(&recipe.config, None, device, progress)?;
    recipe.check_images(data.train.seen)?;
    Ok(data)
}

/// What groups of several members would make of the step; the link of this process's group, where it is in one.
fn share(arguments: &BenchArguments, recipe: &Recipe, members: &[u32], progress: &mut Terminal) -> Result<(), Failure> {
    if place().is_some() {
        let group = join("a process")?;
        let data = data_for(recipe, &Device::cpu(), &mut Silent)?;
        let link = Link::measure(group.as_ref(), Blueprint::new(recipe, &data, u64::MAX).params.flat_len().max(2))?;
        if group.rank() == 0 {
            print(format_args!("{} processes: --link {link}", group.size()));
        }
        return Ok(());
    }
    let members: Vec<usize> = members.iter().map(|&count| count as usize).collect();
    let batch = recipe.config.batch;
    if let Some(count) = members.iter().find(|&count| !batch.is_multiple_of(*count)) {
        return Err(usage(anyhow!(
            "--members {count}: they share the {batch} images of a step equally (--set batch=N)"
        )));
    }
    let (device, data) = device_and_data(arguments, recipe, progress)?;
    let scaling = scaling(recipe, &data, &device, (&members, arguments.link), &effort(arguments), progress)?;
    print(&scaling);
    write(arguments, &scaling)
}

/// The settings of the command line, over those of the authors' code.
fn config(arguments: &BenchArguments) -> Result<Config, Failure> {
    let mut sources = arguments.settings.sources()?;
    if sources.preset.is_none() && sources.file.is_none() {
        sources.preset = Some("official-code".to_owned());
    }
    if arguments.conv {
        let networks = ["data.name=sprites-rgb", "model.kind=official-conv", "model.latent=64"];
        sources.set.splice(0..0, networks.map(str::to_owned));
    }
    if let Some(rows) = arguments.rows.map(|rows| rows as usize) {
        let views = Config::merge(&sources)?.views;
        if rows % views != 0 {
            return Err(usage(anyhow!("--rows {rows}: a step has whole images, each of {views} views")));
        }
        sources.set.push(format!("batch={}", rows / views));
    }
    Ok(Config::merge(&sources)?)
}

fn write(arguments: &BenchArguments, report: &impl Serialize) -> Result<(), Failure> {
    match &arguments.json {
        Some(path) => written(path, &serde_json::to_value(report)?),
        None => Ok(()),
    }
}

fn written(path: &Path, value: &Value) -> Result<(), Failure> {
    write_atomically(path, value.to_string().as_bytes())?;
    tell(format_args!("written: {}", path.display()));
    Ok(())
}
