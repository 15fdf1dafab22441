//! `wgpu-simvae eval`

use crate::Failure;
use crate::run_folder::{JudgeArguments, RunFolder};
use anyhow::anyhow;
use clap::Args;
use safetensors::Dtype;
use safetensors::tensor::TensorView;
use wgpu_simvae::compare::{Predictions, judge_run, tables};
use wgpu_simvae::console::{print, tell};
use wgpu_simvae::files::write_atomically;
use wgpu_simvae::run_folder::RunLock;

#[derive(Debug, Args)]
pub struct EvalArguments {
    #[command(flatten)]
    folder: RunFolder,
    #[command(flatten)]
    judges: JudgeArguments,
    /// Also write the classes and clusters that the judges saw in the test images that have a class, `RUN/predictions.safetensors`.
    #[arg(long)]
    predictions: bool,
}

/// Runs all judges, prints their tables and writes `RUN/eval.json`; the scores stand on the run's page too.
pub fn main(arguments: &EvalArguments) -> Result<(), Failure> {
    let (mut trained, device) = arguments.folder.open()?;
    let run = &arguments.folder.run;
    let _owner = RunLock::acquire_if_writable(run, "eval")?;
    let judges = arguments.judges.settings();
    let mut note = |judge: &str| tell(format_args!("  {judge}"));
    let (judged, predictions) = judge_run(&mut trained, run, &device, &judges, &mut note)?;
    // Saved before they are shown, and shown all the same where they cannot be saved.
    let mut saved = vec![judged.write(run).map_err(anyhow::Error::from)];
    if let Err(error) = judged.show(run, &trained.config) {
        tell(format_args!("warning: {error}"));
    }
    if arguments.predictions {
        let bytes = tensors(&predictions).map_err(|error| anyhow!("the predictions cannot be stored: {error}"))?;
        let path = run.join("predictions.safetensors");
        saved.push(write_atomically(&path, &bytes).map_err(anyhow::Error::from).map(|()| path));
    }
    for table in tables(std::slice::from_ref(&judged), None) {
        print(table);
    }
    for note in judged.found.notes() {
        print(note);
    }
    for path in saved {
        print(path?.display());
    }
    Ok(())
}

fn tensors(predictions: &Predictions) -> Result<Vec<u8>, safetensors::SafeTensorError> {
    let views =
        predictions.iter().map(|(name, labels)| Ok((name, TensorView::new(Dtype::U8, vec![labels.len()], labels)?)));
    safetensors::serialize(views.collect::<Result<Vec<_>, safetensors::SafeTensorError>>()?, None)
}
