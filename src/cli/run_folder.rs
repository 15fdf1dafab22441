//! What the commands that look at a run have in common.

use super::Failure;
use crate::device::{DeviceRequest, choose};
use crate::train::Trained;
use clap::Args;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(super) struct RunFolder {
    /// Folder of the run.
    pub run: PathBuf,
    /// Folder of the data set's files, if they are no longer where they were.
    #[arg(long)]
    pub data_dir: Option<PathBuf>,
    /// auto, gpu, cpu, a number of `wgpu-simvae devices` or part of an adapter's name.
    #[arg(long, default_value = "auto")]
    pub device: DeviceRequest,
}

impl RunFolder {
    /// Opens the newest checkpoint.
    pub fn open(&self) -> Result<Trained, Failure> {
        // Before the device: a wrong folder is noticed at once.
        let config = Trained::settings(&self.run)?;
        let choice = choose(&self.device)?;
        eprintln!("device: {}", choice.reason);
        let trained = Trained::open(&self.run, self.data_dir.as_deref(), &choice)?;
        eprintln!("{}: {} after {} steps", self.run.display(), config.method.name(), trained.step);
        Ok(trained)
    }
}
