//! `wgpu-simvae decode`

use crate::signals::stop_on_interrupt;
use crate::terminal::Terminal;
use crate::{Failure, usage};
use anyhow::anyhow;
use clap::Args;
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use wgpu_simvae::console::{print, tell};
use wgpu_simvae::data::Dataset;
use wgpu_simvae::decode::{Board, DecodeSettings, Line, decode};
use wgpu_simvae::device::{DeviceRequest, choose};
use wgpu_simvae::run_folder::{OpenError, Which};
use wgpu_simvae::settings::{Config, Recipe};
use wgpu_simvae::train::{Trained, load_data};

#[derive(Debug, Args)]
pub struct DecodeArguments {
    /// Folders of runs on the same images, of any methods.
    #[arg(required = true)]
    runs: Vec<PathBuf>,
    /// Steps of each decoder.
    #[arg(long, default_value_t = DecodeSettings::default().steps, value_parser = clap::value_parser!(u32).range(1..))]
    steps: u32,
    /// Images of a step.
    #[arg(long, default_value_t = DecodeSettings::default().batch)]
    batch: usize,
    /// Adam's learning rate at the beginning; it falls along half a cosine to zero.
    #[arg(long, default_value_t = DecodeSettings::default().learning_rate)]
    lr: f64,
    /// Seed of the decoders.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Test images in the picture.
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=256))]
    count: u16,
    /// Which checkpoint of each run: the newest whole one, the best that checkpoint.best kept, or the one of a step.
    #[arg(long, value_name = "newest|best|STEP", default_value_t)]
    checkpoint: Which,
    /// Folder of the data set's files, if they are no longer where they were.
    #[arg(long)]
    data_dir: Option<PathBuf>,
    /// auto, gpu, cpu, a number of `wgpu-simvae devices` or part of an adapter's name.
    #[arg(long, default_value = "auto")]
    device: DeviceRequest,
    /// Folder of decode.png and decode.json [default: RUN/pictures of the first run]
    #[arg(long)]
    out: Option<PathBuf>,
}

/// Trains a decoder on each run's representation, and writes one picture and one list of all.
pub fn main(arguments: &DecodeArguments) -> Result<(), Failure> {
    // Before the device and the first decoder: what cannot be decoded is noticed at once.
    let runs = &arguments.runs;
    let configs = runs.iter().map(|run| Ok(Trained::settings(run)?)).collect::<Result<Vec<Config>, Failure>>()?;
    let &DecodeArguments { steps, batch, lr: learning_rate, seed, count, .. } = arguments;
    let settings = DecodeSettings { steps, batch, learning_rate, seed, shown: count.into() };
    settings.check()?;
    let device = choose(&arguments.device)?;
    tell(format_args!("device: {}", device.reason));
    let mut progress = Terminal::default();
    let data = load_data(&configs[0], arguments.data_dir.as_deref(), &device, &mut progress)?;
    for (run, config) in runs.iter().zip(&configs) {
        check_images(run, config, (&runs[0], &configs[0]), &data, arguments.data_dir.is_some())?;
    }

    let stop = stop_on_interrupt()?;
    let mut board = Board::default();
    for ((run, config), name) in runs.iter().zip(&configs).zip(names(runs, &configs)) {
        let trained = Trained::with_data(run, arguments.checkpoint, &Recipe::new(config)?, data.clone(), &device)?;
        for note in &trained.notes {
            tell(note);
        }
        tell(format_args!("{}: {} after {} steps", run.display(), config.method, trained.step));
        let Some(decoded) = decode(trained, &device, &settings, &mut progress, &stop)? else {
            tell("interrupted; nothing was written");
            return Err(Failure::Interrupted);
        };
        board.lines.push(Line { name, run: run.clone(), decoded });
    }
    let out = arguments.out.clone().unwrap_or_else(|| runs[0].join("pictures"));
    let written = board.write(&out);
    print("squared error of a pixel, test images:");
    let width = board.lines.iter().map(|line| line.name.chars().count()).max().unwrap_or(0).max(MEAN_IMAGE.len());
    for Line { name, decoded, .. } in &board.lines {
        print(format_args!("  {name:width$}  {:.5}", decoded.score.error));
    }
    if let Some(line) = board.lines.first() {
        print(format_args!("  {MEAN_IMAGE:width$}  {:.5}", line.decoded.score.mean_image_error));
    }
    for path in written? {
        print(path.display());
    }
    Ok(())
}

/// What a representation of nothing gives.
const MEAN_IMAGE: &str = "mean image";

/// Refuses a run that saw other images than the first one.
fn check_images(
    run: &Path,
    config: &Config,
    (first, theirs): (&Path, &Config),
    data: &Dataset,
    on_purpose: bool,
) -> Result<(), Failure> {
    let seen = |config: &Config| (config.data.name.clone(), config.augment.threshold);
    if seen(config) != seen(theirs) {
        let problem = format!("{} and {} see other images", first.display(), run.display());
        let fix = "a board has runs of one data set, all or none of them with augment.threshold";
        return Err(usage(anyhow!("{problem}: {fix}")));
    }
    match Trained::check_data(run, data) {
        Err(OpenError::OtherData { difference, .. }) if on_purpose => {
            tell(format_args!("{}: these are not the data that the run was trained on: {difference}", run.display()));
            Ok(())
        }
        checked => Ok(checked?),
    }
}

/// The runs' methods; where two runs have the same, the names of their folders, or their paths.
fn names(runs: &[PathBuf], configs: &[Config]) -> Vec<String> {
    let methods = configs.iter().map(|config| config.method.clone()).collect();
    let folder = |run: &PathBuf| run.file_name().unwrap_or(run.as_os_str()).to_string_lossy().into_owned();
    let paths = || runs.iter().map(|run| run.display().to_string()).collect();
    let differ = |names: &Vec<String>| names.iter().collect::<HashSet<_>>().len() == names.len();
    [methods, runs.iter().map(folder).collect()].into_iter().find(differ).unwrap_or_else(paths)
}
