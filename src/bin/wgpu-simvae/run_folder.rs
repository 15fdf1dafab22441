//! What the commands that look at a run have in common.

use crate::Failure;
use crate::terminal::Terminal;
use clap::Args;
use std::path::PathBuf;
use wgpu_simvae::console::tell;
use wgpu_simvae::device::{Device, DeviceRequest, choose};
use wgpu_simvae::eval::judge::Judges;
use wgpu_simvae::run_folder::Which;
use wgpu_simvae::train::Trained;

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
        let config = Trained::settings(&self.run)?;
        let device = choose(&self.device)?;
        tell(format_args!("device: {}", device.reason));
        let (folder, progress) = (self.data_dir.as_deref(), &mut Terminal::default());
        let trained = Trained::open(&self.run, folder, self.checkpoint, &device, progress)?;
        for note in &trained.notes {
            tell(note);
        }
        tell(format_args!("{}: {} after {} steps", self.run.display(), config.method, trained.step));
        Ok((trained, device))
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
