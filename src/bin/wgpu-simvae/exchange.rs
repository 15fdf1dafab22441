//! `wgpu-simvae import` and `export`

use crate::run_folder::say_passed_over;
use crate::settings::SettingsArguments;
use crate::terminal::Terminal;
use crate::{Failure, usage};
use anyhow::anyhow;
use clap::{Args, ValueEnum};
use std::path::PathBuf;
use wgpu_simvae::console::{print, tell};
use wgpu_simvae::device::{DeviceRequest, choose};
use wgpu_simvae::onnx::{self, OnnxFiles, PixelFormat};
use wgpu_simvae::run_folder::{Which, from_the_root};
use wgpu_simvae::settings::Recipe;
use wgpu_simvae::train::{export as export_weights, export_torch, import as import_weights, import_encoder, load_data};

#[derive(Debug, Args)]
pub struct ExportArguments {
    /// Folder of the run.
    run: PathBuf,
    /// File for the weights, or for the encoder as ONNX; with --format torch a folder.
    #[arg(long)]
    out: PathBuf,
    /// What to write: a PyTorch state dict as safetensors, the same beside a Python file that loads it, or networks that other programs
    /// run.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// File for the decoder, as ONNX.
    #[arg(long, value_name = "FILE")]
    decoder: Option<PathBuf>,
    /// The ONNX encoder takes bytes instead of numbers from 0 to 1.
    #[arg(long)]
    bytes: bool,
    /// Which checkpoint: the newest whole one, the best that checkpoint.best kept, or the one of a step.
    #[arg(long, value_name = "newest|best|STEP", default_value_t)]
    checkpoint: Which,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    #[default]
    Safetensors,
    Torch,
    Onnx,
}

#[derive(Debug, Args)]
pub struct ImportArguments {
    /// File with a PyTorch state dict: safetensors, or .pth and .pt as torch.save writes them.
    file: PathBuf,
    /// The file has an encoder, such as torchvision's resnet18: take it, but for its last layer where that has another width, and begin with
    /// all else as it is initialised.
    #[arg(long)]
    encoder_only: bool,
    #[command(flatten)]
    settings: SettingsArguments,
    /// Run folder to make.
    #[arg(long)]
    out: PathBuf,
    /// auto, gpu, cpu, a number of `wgpu-simvae devices` or part of an adapter's name.
    #[arg(long, default_value = "auto")]
    device: DeviceRequest,
}

pub fn export(arguments: &ExportArguments) -> Result<(), Failure> {
    let ExportArguments { run, out, format, decoder, bytes, checkpoint } = arguments;
    let mut written: Vec<PathBuf> = std::iter::once(out).chain(decoder).cloned().collect();
    if decoder.as_deref().is_some_and(|decoder| from_the_root(decoder) == from_the_root(out)) {
        return Err(usage(anyhow!("--decoder {}: the encoder is written there", out.display())));
    }
    let passed_over = match format {
        Format::Safetensors | Format::Torch if decoder.is_some() || *bytes => {
            return Err(usage(anyhow!("--decoder and --bytes go with --format onnx")));
        }
        Format::Safetensors => export_weights(run, *checkpoint, out)?,
        Format::Torch => {
            let (files, passed_over) = export_torch(run, *checkpoint, out)?;
            written = files.to_vec();
            passed_over
        }
        Format::Onnx => {
            let pixels = if *bytes { PixelFormat::Bytes } else { PixelFormat::Unit };
            onnx::export(run, *checkpoint, &OnnxFiles { encoder: out, decoder: decoder.as_deref(), pixels })?
        }
    };
    say_passed_over(&passed_over);
    // Where the weights go to the standard output, nothing else does.
    for file in written {
        tell(file.display());
    }
    Ok(())
}

pub fn import(arguments: &ImportArguments) -> Result<(), Failure> {
    let config = arguments.settings.merged()?;
    let recipe = Recipe::new(&config)?;
    let device = choose(&arguments.device)?;
    let data = load_data(&config, None, &device, &mut Terminal::default())?;
    let ImportArguments { file, encoder_only, out, .. } = arguments;
    let import = if *encoder_only { import_encoder } else { import_weights };
    for note in import(file, &recipe, &data, &device, out)? {
        tell(note);
    }
    print(arguments.out.display());
    Ok(())
}
