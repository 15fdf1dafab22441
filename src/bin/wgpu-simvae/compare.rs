//! `wgpu-simvae compare`

use crate::Failure;
use crate::run_folder::JudgeArguments;
use crate::settings::SettingsArguments;
use crate::signals::stop_on_interrupt;
use crate::terminal::Terminal;
use anyhow::anyhow;
use clap::Args;
use clap::builder::PossibleValuesParser;
use std::path::PathBuf;
use wgpu_simvae::compare::{Study, compare, report, tables};
use wgpu_simvae::console::{print, tell};
use wgpu_simvae::data::title;
use wgpu_simvae::device::{DeviceRequest, choose};
use wgpu_simvae::methods::registry;

#[derive(Debug, Args)]
pub struct CompareArguments {
    #[command(flatten)]
    settings: SettingsArguments,
    /// Methods to compare, separated by commas, or all.
    #[arg(long, value_parser = PossibleValuesParser::new(words()), value_delimiter = ',', default_value = "all")]
    methods: Vec<String>,
    /// Trainings of each method, with the seeds 0, 1, ...
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1000))]
    seeds: u32,
    #[command(flatten)]
    judges: JudgeArguments,
    /// auto, gpu, cpu, a number of `wgpu-simvae devices` or part of an adapter's name.
    #[arg(long, default_value = "auto")]
    device: DeviceRequest,
    /// Folder of the comparison [default: runs/compare-DATA]
    #[arg(long)]
    out: Option<PathBuf>,
}

/// The words for the methods.
fn words() -> Vec<&'static str> {
    [vec!["all"], registry::names()].concat()
}

/// Trains and judges every method that is not done yet, and writes the report.
pub fn main(arguments: &CompareArguments) -> Result<(), Failure> {
    let sources = arguments.settings.sources()?;
    let named = |name: &str| arguments.methods.iter().any(|given| given == name || given == "all");
    let methods = registry::names().into_iter().filter(|name| named(name)).map(str::to_owned).collect();
    let out = match &arguments.out {
        Some(out) => out.clone(),
        None => PathBuf::from("runs").join(format!("compare-{}", title(&arguments.settings.merged()?.data.name))),
    };
    let study = Study { methods, seeds: arguments.seeds, sources, judges: arguments.judges.settings(), out };
    let device = choose(&arguments.device)?;
    tell(format_args!("device: {}", device.reason));
    let stop = stop_on_interrupt()?;
    let compared = compare(&study, &device, &mut Terminal::default(), &stop)?;
    let Some(compared) = compared else {
        tell("interrupted; the same command goes on from here");
        return Err(Failure::Interrupted);
    };
    report::write(&compared, &study.out)?;
    for table in tables(&compared.judged) {
        print(table);
    }
    print(study.out.join("report.html").display());
    match &compared.failed[..] {
        [] => Ok(()),
        failed => {
            let rows = failed.iter().map(|row| format!("\n{}, seed {}: {}", row.method, row.seed, row.reason));
            let count = failed.len() + compared.judged.len();
            Err(anyhow!(
                "{} of {count} rows failed; the same command tries them again:{}",
                failed.len(),
                rows.collect::<String>()
            )
            .into())
        }
    }
}
