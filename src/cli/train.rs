//! `wgpu-simvae train`

use super::{Failure, usage};
use crate::data::Dataset;
use crate::device::{Choice, DeviceRequest, choose};
use crate::eval::knn::{Metric, Points, accuracy};
use crate::train::config::Config;
use crate::train::merge::{ConfigError, Sources};
use crate::train::{Progress, Report, RunError, RunOptions, Session, Terminal, load_data, run};
use anyhow::Context;
use clap::Args;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Labelled training images that the k-NN report uses, and its k.
const KNN_IMAGES: usize = 10_000;
const KNN: usize = 5;

#[derive(Debug, Args)]
pub(super) struct TrainArguments {
    /// Data set, see `wgpu-simvae data list`.
    #[arg(long)]
    data: Option<String>,
    /// Folder of the data set's files.
    #[arg(long)]
    data_dir: Option<PathBuf>,
    /// Settings to start from: paper, official-code or quick.
    #[arg(long)]
    preset: Option<String>,
    /// TOML file of settings, laid over the preset.
    #[arg(long)]
    config: Option<PathBuf>,
    /// One setting, laid over everything else, such as `optim.lr=1e-3`; may be given often.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// Times that every training image is visited; short for `--set epochs=N`.
    #[arg(long)]
    epochs: Option<u32>,
    /// auto, gpu, cpu, a number of `wgpu-simvae devices` or part of an adapter's name.
    #[arg(long, default_value = "auto")]
    device: DeviceRequest,
    /// Run folder [default: runs/DATA-METHOD]
    #[arg(long)]
    out: Option<PathBuf>,
    /// Continue the run in the folder from its newest checkpoint, with the settings that it saved.
    #[arg(long)]
    resume: bool,
}

pub(super) fn main(arguments: &TrainArguments) -> Result<(), Failure> {
    let mut config = settings(arguments)?;
    if let Some(folder) = &arguments.data_dir {
        config.data.dir = folder.to_string_lossy().into_owned();
    }
    let out = arguments.out.clone().unwrap_or_else(|| default_folder(&config));
    let choice = choose(&arguments.device)?;
    let mut progress = Terminal::default();
    progress.note(&format!("device: {}", choice.reason));

    let data = load_data(&config, None, &choice)?;
    progress.note(&format!("{}: {} training and {} test images", data.name, data.train.len(), data.test.len()));

    let stop = Arc::new(AtomicBool::new(false));
    let flag = stop.clone();
    ctrlc::set_handler(move || {
        // A second Ctrl-C does not wait for the checkpoint.
        if flag.swap(true, Ordering::Relaxed) {
            std::process::exit(130);
        }
    })
    .context("Ctrl-C cannot be caught on this system")?;

    let options = RunOptions { out: out.clone(), resume: arguments.resume };
    let mut report = run(&config, &data, &choice, &options, &mut progress, &stop).map_err(|error| match error {
        RunError::BatchTooLarge { .. } | RunError::Occupied { .. } | RunError::Config(_) => usage(error),
        error => error.into(),
    })?;
    if report.interrupted {
        eprintln!(
            "interrupted at step {}; go on with: wgpu-simvae train --resume --out {}",
            report.steps,
            out.display()
        );
        return Err(Failure::Interrupted);
    }
    summary(&out, &report);
    let score = nearest_neighbours(&mut report.session, &data, &choice)?;
    let labelled = data.train.len().min(KNN_IMAGES);
    println!(
        "k-NN (k = {KNN}, Euclidean, {labelled} labelled images) on the test images' representations: {:.2} %",
        100.0 * score
    );
    Ok(())
}

/// The settings: those of the run that is resumed, or the merged sources.
fn settings(arguments: &TrainArguments) -> Result<Config, Failure> {
    let read = |path: &Path| {
        std::fs::read_to_string(path).map_err(|source| usage(ConfigError::Io { path: path.to_owned(), source }))
    };
    if arguments.resume {
        let overrides = arguments.preset.is_some() || arguments.config.is_some() || !arguments.set.is_empty();
        if overrides || arguments.data.is_some() || arguments.epochs.is_some() {
            let problem = "--resume goes on with the settings that the run saved: leave out --preset, --config, --set, --data \
                           and --epochs";
            return Err(usage(anyhow::anyhow!(problem)));
        }
        let Some(out) = &arguments.out else {
            return Err(usage(anyhow::anyhow!("--resume needs the run's folder: --out FOLDER")));
        };
        let path = out.join("config.toml");
        return Config::from_toml(&path.display().to_string(), &read(&path)?).map_err(usage);
    }
    let mut set = arguments.set.clone();
    set.extend(arguments.epochs.map(|epochs| format!("epochs={epochs}")));
    let file = match &arguments.config {
        Some(path) => Some((path.display().to_string(), read(path)?)),
        None => None,
    };
    let sources = Sources { preset: arguments.preset.clone(), data: arguments.data.clone(), file, set };
    Config::merge(&sources).map_err(usage)
}

/// The first of `runs/DATA-METHOD`, `runs/DATA-METHOD-2`, ... that holds no run.
fn default_folder(config: &Config) -> PathBuf {
    let base = format!("{}-{}", config.data.name, config.method.name());
    let names = std::iter::once(base.clone()).chain((2..).map(|n| format!("{base}-{n}")));
    let mut folders = names.map(|name| Path::new("runs").join(name));
    folders.find(|folder| !folder.join("config.toml").exists()).unwrap_or_else(|| Path::new("runs").join(base))
}

fn summary(out: &Path, report: &Report) {
    let terms: Vec<String> = report.losses.iter().map(|(name, value)| format!("{name} {value:.3}")).collect();
    println!("{} steps, {:.0} images/s; per view: {}", report.steps, report.images_per_second, terms.join(", "));
    if report.steps > 0 {
        println!("curves      {}", out.join("losses.svg").display());
    }
    if report.session.blueprint.model.networks.generative {
        println!("pictures    {}", out.join("reconstructions").display());
    }
    println!("checkpoint  {}", report.checkpoint.display());
}

fn nearest_neighbours(session: &mut Session, data: &Dataset, choice: &Choice) -> Result<f64, Failure> {
    let (train, test) = (session.blueprint.train, session.blueprint.test);
    let known = session.embed(&train, KNN_IMAGES)?;
    let queries = session.embed(&test, test.images)?;
    let known = Points { rows: &known.mu, labels: &data.train.labels[..known.len()] };
    let queries = Points { rows: &queries.mu, labels: &data.test.labels };
    let k = KNN.min(known.labels.len());
    Ok(accuracy(choice, known, queries, k, Metric::Euclidean)?)
}
