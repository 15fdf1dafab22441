//! `wgpu-simvae check`

use crate::Failure;
use crate::terminal::Terminal;
use anyhow::anyhow;
use clap::Args;
use std::path::{Path, PathBuf};
use wgpu_simvae::compare::JudgedRun;
use wgpu_simvae::console::print;
use wgpu_simvae::device::Device;
use wgpu_simvae::run_folder::{Finding, OpenError, Record, verify};
use wgpu_simvae::train::{Trained, load_data};

#[derive(Debug, Args)]
pub struct CheckArguments {
    /// Folder of the run.
    run: PathBuf,
    /// Also read the data set and compare it with the one that the run was trained on.
    #[arg(long)]
    data: bool,
    /// Folder of the data set's files, if they are no longer where they were.
    #[arg(long, requires = "data")]
    data_dir: Option<PathBuf>,
}

/// Verifies settings, metrics, checkpoints and verdict of a run, and says which are not as they were written.
pub fn main(arguments: &CheckArguments) -> Result<(), Failure> {
    let run = &arguments.run;
    // A folder without a run is an error of its own.
    if !run.join("config.toml").exists() {
        Trained::settings(run)?;
    }
    let mut found = verify(run);
    match JudgedRun::read(run) {
        Ok(None) => {}
        Ok(Some(judged)) => {
            found.push(finding(run.join("eval.json"), Ok(format!("judged after {} steps", judged.steps))))
        }
        Err(error) => found.push(finding(run.join("eval.json"), Err(error.to_string()))),
    }
    if arguments.data {
        found.push(finding(run.join("run.json"), data(run, arguments.data_dir.as_deref())));
    }
    for Finding { path, about, whole } in &found {
        print(format_args!("{} {}: {about}", if *whole { "whole  " } else { "DAMAGED" }, path.display()));
    }
    match found.iter().filter(|finding| !finding.whole).count() {
        0 => Ok(()),
        damaged => Err(anyhow!("{}: {damaged} of {} parts are not whole", run.display(), found.len()).into()),
    }
}

fn finding(path: PathBuf, result: Result<String, String>) -> Finding {
    let whole = result.is_ok();
    Finding { path, about: result.unwrap_or_else(|problem| problem), whole }
}

fn data(run: &Path, folder: Option<&Path>) -> Result<String, String> {
    let config = Trained::settings(run).map_err(|error| error.to_string())?;
    let record = Record::read(run).map_err(|error| error.to_string())?;
    if record.is_none() {
        return Err("a run of an older version does not know its data".to_owned());
    }
    let now =
        load_data(&config, folder, &Device::cpu(), &mut Terminal::default()).map_err(|error| error.to_string())?;
    match Trained::check_data(run, &now) {
        Ok(()) => Ok("the data are those that the run was trained on".to_owned()),
        Err(OpenError::OtherData { difference, .. }) => Err(format!("other data: {difference}")),
        Err(error) => Err(error.to_string()),
    }
}
