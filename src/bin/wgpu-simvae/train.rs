//! `wgpu-simvae train`

use crate::settings::SettingsArguments;
use crate::signals::stop_on_interrupt;
use crate::spread::Spread;
use crate::terminal::Terminal;
use crate::{Failure, usage, view};
use anyhow::{Context, anyhow};
use clap::Args;
use std::path::{Path, PathBuf};
use wgpu_simvae::console::{print, tell};
use wgpu_simvae::data::{Dataset, title};
use wgpu_simvae::device::{Device, DeviceRequest};
use wgpu_simvae::eval::knn::{Metric, accuracy};
use wgpu_simvae::eval::{EvalError, Representation};
use wgpu_simvae::run_folder::{OpenError, Which, claim};
use wgpu_simvae::settings::{Config, Recipe};
use wgpu_simvae::train::{FirstWeights, Progress, Report, RunOptions, Session, Trained, load_data};

/// Labelled training images that the k-NN report uses, and its k.
const KNN_IMAGES: usize = 10_000;
const KNN: usize = 5;

#[derive(Debug, Args)]
pub struct TrainArguments {
    #[command(flatten)]
    settings: SettingsArguments,
    /// auto, gpu, cpu, a number of `wgpu-simvae devices` or part of an adapter's name; or several, separated by commas, as 0,1: they share
    /// each step.
    #[arg(long, value_name = "DEVICE,...", value_delimiter = ',', default_value = "auto")]
    device: Vec<DeviceRequest>,
    /// Images of each step that each device computes, as 96,32 with batch=128 [default: as many each where devices are alike, else by their
    /// measured speed].
    #[arg(long, value_name = "IMAGES,...", value_delimiter = ',')]
    shares: Option<Vec<usize>>,
    /// Time no kernels on the device first: matrix products are computed as the cost model suggests.
    #[arg(long)]
    no_tune: bool,
    /// Run folder [default: runs/DATA-METHOD]
    #[arg(long)]
    out: Option<PathBuf>,
    /// Show the run in a browser while it trains: its page RUN/index.html.
    #[arg(long)]
    open: bool,
    /// Fill the terminal with the run: curves, judges, pictures; q ends it as Ctrl-C does. Of programs that are built with the feature view.
    #[arg(long)]
    view: bool,
    /// Continue the run in the folder with the settings that it saved. --epochs or --steps give it another end; --set changes what
    /// changes no result, such as log.every.
    #[arg(long, group = "origin")]
    resume: bool,
    /// Begin a new run with the weights of another one, or of a file (safetensors or .pth), as far as names and shapes match.
    #[arg(long, value_name = "RUN|FILE", group = "origin")]
    from: Option<PathBuf>,
    /// Take only the encoder of what --from names.
    #[arg(long, requires = "from")]
    from_encoder: bool,
    /// Which checkpoint --resume or --from begins with: the newest whole one, the best that checkpoint.best kept, or the one of a step.
    #[arg(long, value_name = "newest|best|STEP", requires = "origin")]
    checkpoint: Option<Which>,
}

pub fn main(arguments: &TrainArguments) -> Result<(), Failure> {
    if arguments.view {
        view::check()?;
    }
    let config = settings(arguments)?;
    let recipe = Recipe::new(&config)?;
    let spread = Spread::choose(&arguments.device, arguments.no_tune)?;
    let device = spread.device();
    let mut terminal = Terminal::opening(arguments.open);
    terminal.note(&format!("device: {}", device.reason));

    let data = load_data(&config, None, device, &mut terminal)?;
    let classes = match data.train.classes.len() {
        1 => "one class".to_owned(),
        count => format!("{count} classes"),
    };
    terminal.note(&format!(
        "{}: {} training and {} test images, {classes}",
        data.name,
        data.train.len(),
        data.test.len()
    ));

    let stop = stop_on_interrupt()?;
    let (out, claimed) = match &arguments.out {
        Some(out) => (out.clone(), false),
        None => (default_folder(&config)?, true),
    };
    let checkpoint = arguments.checkpoint.unwrap_or_default();
    let encoder_only = arguments.from_encoder;
    if let (Some(file), Some(_)) = (arguments.from.as_ref().filter(|path| path.is_file()), arguments.checkpoint) {
        return Err(usage(anyhow!("{}: a file has no checkpoints: leave --checkpoint out", file.display())));
    }
    let from = arguments.from.clone().map(|path| FirstWeights { path, checkpoint, encoder_only });
    let (resume, extend) = (arguments.resume, arguments.resume && arguments.settings.any());
    let shares = arguments.shares.clone();
    let options = RunOptions { out: out.clone(), resume, checkpoint, extend, from, shares };
    let mut progress: Box<dyn Progress> = match arguments.view {
        true => view::open(terminal, (&config, device, &out), &stop)?,
        false => Box::new(terminal),
    };
    let report = spread.run(&recipe, &data, &options, progress.as_mut(), &stop).inspect_err(|_| {
        if claimed {
            // Nothing may have been written into it.
            let _not_empty = std::fs::remove_dir(&out);
        }
    })?;
    drop(progress);
    let Some(mut report) = report else { return Ok(()) };
    if report.interrupted {
        tell(format_args!(
            "interrupted at step {}; go on with: wgpu-simvae train --resume --out {}",
            report.steps,
            out.display()
        ));
        return Err(Failure::Interrupted);
    }
    summary(&out, &report);
    if data.train.classes.len() == 1 {
        print("k-NN: not judged, there is one class");
        return Ok(());
    }
    nearest_neighbours(&mut report.session, &data, device)
}

/// The settings: those of the run that is resumed, or the merged sources.
fn settings(arguments: &TrainArguments) -> Result<Config, Failure> {
    if !arguments.resume {
        return arguments.settings.merged();
    }
    let given = &arguments.settings;
    if given.preset.is_some() || given.config.is_some() || given.data.is_some() {
        let problem = "--resume goes on with the settings that the run saved: leave out --preset, --config and --data. --epochs or \
                       --steps give it another end, and --set changes what changes no result";
        return Err(usage(anyhow::anyhow!(problem)));
    }
    let Some(out) = &arguments.out else {
        return Err(usage(anyhow::anyhow!("--resume needs the run's folder: --out FOLDER")));
    };
    let config = Trained::settings(out).map_err(|error| match error {
        OpenError::NoRun { .. } => usage(error),
        error => error.into(),
    })?;
    Ok(config.changed(&given.sources()?.set)?)
}

/// The first of `runs/DATA-METHOD`, `runs/DATA-METHOD-2`, ... that is not there yet.
fn default_folder(config: &Config) -> Result<PathBuf, Failure> {
    let name = format!("{}-{}", title(&config.data.name), config.method);
    let claimed = claim(Path::new("runs"), &name);
    Ok(claimed.context("runs: no folder can be made there; choose one with --out")?)
}

fn summary(out: &Path, report: &Report) {
    let terms: Vec<String> = report.losses.iter().map(|(name, value)| format!("{name} {value:.3}")).collect();
    print(format_args!("{} steps, {:.0} images/s; {}", report.steps, report.images_per_second, terms.join(", ")));
    if report.steps > 0 {
        print(format_args!("curves      {}", out.join("losses.svg").display()));
    }
    if report.session.blueprint.model.networks.generative {
        print(format_args!("pictures    {}", out.join("reconstructions").display()));
    }
    print(format_args!("checkpoint  {}", report.checkpoint.display()));
}

/// Judges the representations of the test images by those of training images, as far as both have a class.
fn nearest_neighbours(session: &mut Session, data: &Dataset, device: &Device) -> Result<(), Failure> {
    let (train, test) = (session.blueprint.train, session.blueprint.test);
    let known = session.embed(&train, KNN_IMAGES)?;
    let queries = session.embed(&test, test.images)?;
    let known = Representation::new("training images", &known, &data.train);
    let queries = Representation::new("test images", &queries, &data.test);
    let (known, queries) = match (known.classed(&data.train), queries.classed(&data.test)) {
        (Err(EvalError::TooFew { what, .. }), _) | (_, Err(EvalError::TooFew { what, .. })) => {
            print(format_args!("k-NN: not judged, none of the {what} has a class"));
            return Ok(());
        }
        (known, queries) => (known?, queries?),
    };
    let labelled = known.rows().count();
    let k = KNN.min(labelled);
    let score = accuracy(device, known, queries, k, Metric::Euclidean)?;
    print(format_args!(
        "k-NN (k = {k}, Euclidean, {labelled} labelled images) on the test images' representations: {:.2} %",
        100.0 * score
    ));
    Ok(())
}
