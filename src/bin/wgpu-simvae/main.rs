//! The `wgpu-simvae` command. Exit codes: 0 done, 1 failed, 2 used wrongly, 130 interrupted (and safely stored), 141 where the reader of a list
//! went away.

mod bench;
mod check;
mod cluster;
mod compare;
mod data;
mod decode;
mod describe;
mod devices;
mod embed;
mod eval;
mod exchange;
mod explain;
mod gradcheck;
mod manual;
mod neighbours;
#[cfg(not(feature = "translate"))]
mod no_translation;
mod pictures;
mod plan;
mod run_folder;
mod sample;
mod settings;
mod shaders;
mod signals;
mod spread;
mod terminal;
mod train;
#[cfg_attr(not(feature = "view"), path = "no_view.rs")]
mod view;
mod web;

use clap::{Parser, Subcommand};
use std::process::ExitCode;
use wgpu_simvae::compare::CompareError;
use wgpu_simvae::console::{Outcome, Volume, complain, outcome, print, set_volume};
use wgpu_simvae::data::DataError;
use wgpu_simvae::decode::DecodeError;
use wgpu_simvae::device::DeviceError;
use wgpu_simvae::onnx::OnnxError;
use wgpu_simvae::quiet;
use wgpu_simvae::run_folder::LockError;
use wgpu_simvae::settings::ConfigError;
use wgpu_simvae::train::{EmbeddingsError, ExchangeError, RunError};

/// Exit code of a list whose reader went away, as of a program that SIGPIPE ends.
const READER_LEFT: u8 = 141;
/// Lines of a message, at most.
const SCREEN: usize = 40;

/// Trains self-supervised representation models on any GPU, or on the CPU: no CUDA, no Python.
#[derive(Debug, Parser)]
#[command(name = "wgpu-simvae", version, about)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
    /// Say only errors and results: no progress and no notes.
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    quiet: bool,
    /// Say what the program decides, too: settings, device, kernels, caches, checkpoints.
    #[arg(short, long, global = true)]
    verbose: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Train a model; without arguments SimVAE on the embedded sprites.
    Train(train::TrainArguments),
    /// Train and judge every method on one data set, and write one report of it; goes on where it was interrupted.
    Compare(compare::CompareArguments),
    /// Judge a run: probes, nearest neighbours, clusters, style, reconstructions.
    Eval(eval::EvalArguments),
    /// Write the representations of a run's images, for NumPy and as safetensors.
    Embed(embed::EmbedArguments),
    /// Find the pictures that are nearest to others, or near-duplicates among them.
    Neighbours(neighbours::NeighboursArguments),
    /// Group pictures without classes.
    Cluster(cluster::ClusterArguments),
    /// Draw test images over their reconstructions.
    Reconstruct(pictures::ReconstructArguments),
    /// Draw pictures of latents from the prior, around an image, of a class, or where the representations lie.
    Sample(sample::SampleArguments),
    /// Draw what each latent dimension does to an image.
    Traverse(pictures::TraverseArguments),
    /// Draw the way from one image to another through the latent space.
    Interpolate(pictures::InterpolateArguments),
    /// Draw what is left in the representations of runs: a decoder learns to draw test images from each.
    Decode(decode::DecodeArguments),
    /// Verify settings, metrics, checkpoints and verdict of a run against their checksums.
    Check(check::CheckArguments),
    /// Write a run's weights as a PyTorch state dict, alone or beside a Python file that loads it, or its networks as ONNX.
    Export(exchange::ExportArguments),
    /// Make a run from a PyTorch state dict, to judge or to train on.
    Import(exchange::ImportArguments),
    /// List the devices with their limits and features.
    Devices,
    /// List or download data sets.
    Data(data::DataArguments),
    /// List every setting with its default, its range and its meaning.
    Settings(describe::DescribeArguments),
    /// Explain a setting: its meaning and range, what each preset sets it to, and what is said about it where the sources disagree.
    Explain(explain::ExplainArguments),
    /// Check every gradient: device against f64 twins, twins against central differences, and against golden values.
    Gradcheck(gradcheck::GradcheckArguments),
    /// Measure a training step on any device, dispatch by dispatch, beside what the device can do at most.
    Bench(bench::BenchArguments),
    /// Write every shader permutation as a plain file, in WGSL or as the drivers get it.
    Shaders(shaders::ShadersArguments),
    /// Print what a run's step needs, or write it as plans that any WebGPU replays: a browser trains and draws from them.
    Plan(plan::PlanArguments),
    /// Write or serve the page that trains in a browser, with plans to choose from or a run to begin with.
    Web(web::WebArguments),
    /// Print what a shell needs to complete commands and options.
    Completions(manual::CompletionsArguments),
    /// Write the manual's pages.
    Man(manual::ManArguments),
}

/// Why a command did not succeed.
#[derive(Debug)]
enum Failure {
    /// The command was used wrongly.
    Usage(anyhow::Error),
    /// Something went wrong.
    Failed(anyhow::Error),
    /// The user stopped it; nothing was lost.
    Interrupted,
}

impl<E: Into<anyhow::Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Failure::Failed(error.into())
    }
}

fn usage(error: impl Into<anyhow::Error>) -> Failure {
    Failure::Usage(error.into())
}

/// Parses the arguments, runs the command and says how it ended.
fn main() -> ExitCode {
    if std::env::var_os("XDG_RUNTIME_DIR").is_none() {
        // Without a desktop, Mesa's device-select layer prints errors that concern nobody; we order the devices ourselves.
        // SAFETY: no other thread runs yet.
        unsafe { std::env::set_var("NODEVICE_SELECT", "1") };
    }
    view::restore_on_panic();
    quiet::hush();
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) if error.use_stderr() => {
            complain(error.to_string().trim_end());
            return ExitCode::from(2);
        }
        Err(help) => {
            print(help.to_string().trim_end());
            return end(Ok(()), true);
        }
    };
    match (arguments.quiet, arguments.verbose) {
        (true, _) => set_volume(Volume::Quiet),
        (_, true) => set_volume(Volume::Verbose),
        _ => {}
    }
    let lists = matches!(
        arguments.command,
        Command::Completions(_) | Command::Devices | Command::Data(_) | Command::Settings(_) | Command::Explain(_)
    );
    let result = match arguments.command {
        Command::Train(arguments) => train::main(&arguments),
        Command::Compare(arguments) => compare::main(&arguments),
        Command::Eval(arguments) => eval::main(&arguments),
        Command::Embed(arguments) => embed::main(&arguments),
        Command::Neighbours(arguments) => neighbours::main(&arguments),
        Command::Cluster(arguments) => cluster::main(&arguments),
        Command::Reconstruct(arguments) => pictures::reconstruct(&arguments),
        Command::Sample(arguments) => sample::main(&arguments),
        Command::Traverse(arguments) => pictures::traverse(&arguments),
        Command::Interpolate(arguments) => pictures::interpolate(&arguments),
        Command::Decode(arguments) => decode::main(&arguments),
        Command::Check(arguments) => check::main(&arguments),
        Command::Export(arguments) => exchange::export(&arguments),
        Command::Import(arguments) => exchange::import(&arguments),
        Command::Devices => devices::main(),
        Command::Data(arguments) => data::main(&arguments),
        Command::Settings(arguments) => describe::main(&arguments),
        Command::Explain(arguments) => explain::main(&arguments),
        Command::Gradcheck(arguments) => gradcheck::main(&arguments),
        Command::Bench(arguments) => bench::main(&arguments),
        Command::Plan(arguments) => plan::main(&arguments),
        Command::Web(arguments) => web::main(&arguments),
        Command::Completions(arguments) => manual::completions(&arguments),
        Command::Man(arguments) => manual::man(&arguments),
        Command::Shaders(arguments) => shaders::main(&arguments),
    };
    end(result, lists)
}

/// Says what went wrong and turns it into an exit code. Work whose output lost its reader is done all the same; a list is not.
fn end(result: Result<(), Failure>, lists: bool) -> ExitCode {
    let (error, code) = match result {
        Err(Failure::Interrupted) => return ExitCode::from(signals::INTERRUPTED),
        Err(Failure::Usage(error)) => (error, 2),
        Err(Failure::Failed(error)) => {
            let code = if is_usage(&error) { 2 } else { 1 };
            (error, code)
        }
        Ok(()) => match outcome() {
            Outcome::Whole => return ExitCode::SUCCESS,
            Outcome::Left => return ExitCode::from(if lists { READER_LEFT } else { 0 }),
            Outcome::Failed(problem) => (anyhow::anyhow!("the output cannot be written: {problem}"), 1),
        },
    };
    complain(format_args!("error: {}", message(&error)));
    ExitCode::from(code)
}

/// Whether the command was used wrongly, as the library's errors tell.
fn is_usage(error: &anyhow::Error) -> bool {
    fn of<E: std::error::Error + Send + Sync + 'static>(error: &anyhow::Error, is_usage: fn(&E) -> bool) -> bool {
        error.downcast_ref().is_some_and(is_usage)
    }
    of(error, RunError::is_usage)
        || of(error, CompareError::is_usage)
        || of(error, ExchangeError::is_usage)
        || of(error, DecodeError::is_usage)
        || of(error, OnnxError::is_usage)
        || of(error, EmbeddingsError::is_usage)
        || of(error, DataError::is_usage)
        || of(error, DeviceError::is_usage)
        || of(error, LockError::is_usage)
        || of(error, |_: &ConfigError| true)
}

/// The error with its causes, leaving out those that it quotes already, and what would fill more than a screen.
fn message(error: &anyhow::Error) -> String {
    let whole =
        error.chain().skip(1).map(ToString::to_string).fold(error.to_string(), |text, cause| {
            if text.contains(&cause) { text } else { format!("{text}: {cause}") }
        });
    let lines = whole.lines().count();
    match lines > SCREEN {
        true => {
            let first: Vec<&str> = whole.lines().take(SCREEN).collect();
            format!("{}\n... and {} lines more", first.join("\n"), lines - SCREEN)
        }
        false => whole,
    }
}
