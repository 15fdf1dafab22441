//! What the commands that look at a run have in common.

use crate::terminal::Terminal;
use crate::{Failure, usage};
use anyhow::anyhow;
use clap::Args;
use std::io::{Read, stdin};
use std::path::{Path, PathBuf};
use wgpu_simvae::console::tell;
use wgpu_simvae::data::{Dataset, Images, Pictures, listed};
use wgpu_simvae::device::{Device, DeviceRequest, choose};
use wgpu_simvae::eval::judge::Judges;
use wgpu_simvae::run_folder::{Checkpoint, OpenError, Record, Saved, Which};
use wgpu_simvae::settings::Config;
use wgpu_simvae::train::{Apart, Trained, load_data};

#[derive(Debug, Args)]
pub struct RunFolder {
    /// Folder of the run.
    pub run: PathBuf,
    /// Folder of the data set's files, if they are no longer where they were.
    #[arg(long)]
    pub data_dir: Option<PathBuf>,
    /// Which checkpoint: the newest whole one, the best that checkpoint.best kept, or the one of a step.
    #[arg(long, value_name = "newest|best|STEP", default_value_t)]
    pub checkpoint: Which,
    /// auto, gpu, cpu, a number of `wgpu-simvae devices` or part of an adapter's name.
    #[arg(long, default_value = "auto")]
    pub device: DeviceRequest,
}

impl RunFolder {
    /// Opens the checkpoint on the device.
    pub fn open(&self) -> Result<(Trained, Device), Failure> {
        // Before the device: a wrong folder is noticed at once.
        Trained::settings(&self.run)?;
        let device = choose(&self.device)?;
        tell(format_args!("device: {}", device.reason));
        let (folder, progress) = (self.data_dir.as_deref(), &mut Terminal::default());
        let trained = Trained::open(&self.run, folder, self.checkpoint, &device, progress)?;
        self.say(&trained);
        Ok((trained, device))
    }

    /// The run without its data set, before it lies on a device.
    pub fn apart(&self) -> Result<Apart, Failure> {
        Ok(Apart::open(&self.run, self.checkpoint)?)
    }

    /// Opens the checkpoint. Pictures, where some are named, take the place of the data set's test images, which need not be there then.
    pub fn open_on(&self, pictures: &[PathBuf]) -> Result<(Trained, Device), Failure> {
        if pictures.is_empty() { self.open() } else { self.look(self.apart()?, pictures, &[]) }
    }

    /// Loads a run with pictures in the place of its test images, and others in the place of its training images.
    pub fn look(&self, apart: Apart, pictures: &[PathBuf], beside: &[PathBuf]) -> Result<(Trained, Device), Failure> {
        // Before the device: what cannot be read is noticed at once.
        let pictures = read(&apart, pictures)?;
        let beside = if beside.is_empty() { None } else { Some(read(&apart, beside)?) };
        let device = choose(&self.device)?;
        tell(format_args!("device: {}", device.reason));
        let trained = apart.load(pictures, beside, &device)?;
        self.say(&trained);
        Ok((trained, device))
    }

    fn say(&self, trained: &Trained) {
        for note in &trained.notes {
            tell(note);
        }
        tell(format_args!("{}: {} after {} steps", self.run.display(), trained.config.method, trained.step));
    }
}

/// Reads the pictures that are named, and says what could not be read.
fn read(apart: &Apart, paths: &[PathBuf]) -> Result<Images, Failure> {
    let mut all = Vec::new();
    for path in paths {
        match path == Path::new("-") {
            true => {
                let mut list = Vec::new();
                stdin().lock().read_to_end(&mut list)?;
                all.extend(listed(&String::from_utf8_lossy(&list)));
            }
            false => all.push(path.clone()),
        }
    }
    let Pictures { images, failed, notes } = apart.read(&all, &mut Terminal::default())?;
    for line in &failed {
        tell(line);
    }
    if !failed.is_empty() {
        tell(format_args!("read: {}; not read: {}, named above", images.len(), failed.len()));
    }
    for note in notes {
        tell(note);
    }
    Ok(images)
}

/// Settings, a checkpoint and the data of a run, before any of it lies on a device.
pub fn read_run(run: &Path, which: Which, data_dir: Option<&Path>) -> Result<(Config, Checkpoint, Dataset), Failure> {
    let config = Trained::settings(run)?;
    let (checkpoint, passed_over) = Saved::checkpoint(run, Record::read(run)?.as_ref(), which)?;
    say_passed_over(&passed_over);
    let data = load_data(&config, data_dir, &Device::cpu(), &mut Terminal::default())?;
    // A plan goes on training, which other images cannot take the place for.
    Trained::check_data(run, &data).map_err(|error| match error {
        OpenError::OtherData { path, difference } => usage(anyhow!(
            "{}: these are not the data that the run was trained on: {difference}. Name their folder with --data-dir",
            path.display()
        )),
        error => error.into(),
    })?;
    Ok((config, checkpoint, data))
}

/// Says which checkpoints are damaged and were passed over, and why.
pub fn say_passed_over(problems: &[String]) {
    for problem in problems {
        tell(format_args!("passed over: {problem}"));
    }
}

#[derive(Debug, Args)]
pub struct JudgeArguments {
    /// Epochs of each probe.
    #[arg(long, default_value_t = Judges::default().probe_epochs, value_parser = clap::value_parser!(u32).range(1..))]
    probe_epochs: u32,
    /// Starts of the mixture of Gaussians.
    #[arg(long, default_value_t = Judges::default().mixture_starts, value_parser = clap::value_parser!(u32).range(1..))]
    mixture_starts: u32,
    /// Seed of the judges.
    #[arg(long, default_value_t = 0)]
    judge_seed: u64,
}

impl JudgeArguments {
    /// How to judge.
    pub fn settings(&self) -> Judges {
        Judges { probe_epochs: self.probe_epochs, mixture_starts: self.mixture_starts, seed: self.judge_seed }
    }
}
