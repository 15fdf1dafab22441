//! `wgpu-simvae compare`

use crate::Failure;
use crate::run_folder::JudgeArguments;
use crate::settings::SettingsArguments;
use crate::signals::stop_on_interrupt;
use crate::terminal::Terminal;
use anyhow::anyhow;
use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use indicatif::MultiProgress;
use std::path::PathBuf;
use wgpu_simvae::compare::{Ended, Match, Study, Varied, Worker, compare, report, row_names, shared, tables};
use wgpu_simvae::console::{print, tell};
use wgpu_simvae::data::title;
use wgpu_simvae::decode::DecodeSettings;
use wgpu_simvae::device::{Device, DeviceRequest, choose};
use wgpu_simvae::methods::registry;

#[derive(Debug, Args)]
pub struct CompareArguments {
    #[command(flatten)]
    settings: SettingsArguments,
    /// Methods to compare, separated by commas, or all; with -plain behind it, as in all,vae-plain, a method that compares no views
    /// is a row on images as they are.
    #[arg(long, value_parser = row, value_delimiter = ',', default_value = "all")]
    methods: Vec<String>,
    /// What each method gets as much of as the settings say: steps of as many rows (images x views); rows in all; steps of as many
    /// images; or epochs.
    #[arg(long = "match", value_parser = matches(), default_value = "steps")]
    matched: Match,
    /// Values of a setting, as in views=2,4,10: a row for each, of the methods that use it. Given again for another setting, a row for
    /// each pair of values, and so on.
    #[arg(long, value_name = "KEY=VALUE,...")]
    vary: Vec<Varied>,
    /// The method that the others' differences are from, with 95 % intervals over the seeds; where settings are varied, its first row,
    /// or another, as 'vae views=4' [default: simvae, or the first that reconstructs]
    #[arg(long, value_name = "METHOD", value_parser = reference)]
    against: Option<String>,
    /// Trainings of each method, with the seeds 0, 1, ...; the same seeds for all.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1000))]
    seeds: u32,
    #[command(flatten)]
    judges: JudgeArguments,
    /// Train a decoder on each row's representation, and show what is left in it.
    #[arg(long)]
    decode: bool,
    /// Steps of each decoder.
    #[arg(long, requires = "decode", default_value_t = DecodeSettings::default().steps,
        value_parser = clap::value_parser!(u32).range(1..))]
    decode_steps: u32,
    /// auto, gpu, cpu, a number of `wgpu-simvae devices` or part of an adapter's name; or several, separated by commas, as 0,1,cpu: each
    /// takes a row when it is free.
    #[arg(long, value_name = "DEVICE,...", value_parser = device, value_delimiter = ',', default_value = "auto")]
    device: Vec<Wanted>,
    /// Where other processes are at work on the last rows, leave at once, without a report.
    #[arg(long)]
    no_wait: bool,
    /// Folder of the comparison [default: runs/compare-DATA]
    #[arg(long)]
    out: Option<PathBuf>,
}

/// A device, and the word for it.
#[derive(Clone, Debug)]
struct Wanted {
    word: String,
    request: DeviceRequest,
}

/// Parses one of the devices.
fn device(word: &str) -> Result<Wanted, String> {
    Ok(Wanted { word: word.trim().to_owned(), request: word.parse()? })
}

/// The devices with their names, which are those that they were given, with a number where one stands there again.
fn devices(wanted: &[Wanted]) -> Result<Vec<(String, Device)>, Failure> {
    let mut found: Vec<(String, Device)> = Vec::new();
    for (at, Wanted { word, request }) in wanted.iter().enumerate() {
        let before = wanted[..at].iter().filter(|other| other.word == *word).count();
        let name = if before == 0 { word.clone() } else { format!("{word}#{}", before + 1) };
        found.push((name, choose(request)?));
    }
    for (name, Device { reason, .. }) in &found {
        match found.len() {
            1 => tell(format_args!("device: {reason}")),
            _ => tell(format_args!("device {name}: {reason}")),
        }
    }
    Ok(found)
}

/// All methods, as one word.
const ALL: &str = "all";

/// Parses the name of a row, or the word for all.
fn row(word: &str) -> Result<String, String> {
    let known = row_names();
    match word == ALL || known.iter().any(|name| name == word) {
        true => Ok(word.to_owned()),
        false => Err(format!("there is no such method; choose {ALL} or of {}", known.join(", "))),
    }
}

/// Parses the words for a row: its name, and settings that are varied.
fn reference(words: &str) -> Result<String, String> {
    row(words.split_whitespace().next().unwrap_or_default()).map(|_| words.to_owned())
}

/// Parses what methods are matched by.
fn matches() -> impl TypedValueParser<Value = Match> {
    let named = |word: String| Match::ALL.into_iter().find(|by| by.name() == word).unwrap_or_default();
    PossibleValuesParser::new(Match::ALL.map(Match::name)).map(named)
}

/// Trains and judges every method that is not done yet, and writes the report.
pub fn main(arguments: &CompareArguments) -> Result<(), Failure> {
    let sources = arguments.settings.sources()?;
    let all = arguments.methods.iter().any(|given| given == ALL);
    let named = |name: &String| arguments.methods.contains(name) || (all && registry::find(name).is_some());
    let out = match &arguments.out {
        Some(out) => out.clone(),
        None => PathBuf::from("runs").join(format!("compare-{}", title(&shared(&sources)?.data.name))),
    };
    let study = Study {
        rows: row_names().into_iter().filter(named).collect(),
        seeds: arguments.seeds,
        matched: arguments.matched,
        vary: arguments.vary.clone(),
        against: arguments.against.clone(),
        sources,
        judges: arguments.judges.settings(),
        decode: arguments.decode.then(|| DecodeSettings { steps: arguments.decode_steps, ..DecodeSettings::default() }),
        out,
        wait: !arguments.no_wait,
    };
    let devices = devices(&arguments.device)?;
    let stop = stop_on_interrupt()?;
    let bars = MultiProgress::new();
    let width = devices.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    let terminal = |name: &String| match devices.len() {
        1 => Terminal::default(),
        _ => Terminal::among(&bars, &format!("{name:width$}")),
    };
    let mut terminals: Vec<Terminal> = devices.iter().map(|(name, _)| terminal(name)).collect();
    let workers = devices.iter().zip(&mut terminals);
    let mut workers: Vec<Worker<'_>> =
        workers.map(|((name, device), progress)| Worker { name: name.clone(), device, progress }).collect();
    let compared = match compare(&study, &mut workers, &stop)? {
        Ended::Whole(compared) => compared,
        Ended::Interrupted => {
            tell("interrupted; the same command goes on from here");
            return Err(Failure::Interrupted);
        }
        Ended::Elsewhere(rows) => {
            let rows = if rows == 1 { "1 row is".to_owned() } else { format!("{rows} rows are") };
            tell(format_args!(
                "{rows} left to other processes at work in this folder: the last of them writes the report, or the same command does"
            ));
            return Ok(());
        }
    };
    report::write(&compared, &study.out)?;
    for table in tables(&compared.judged, compared.against.as_deref()) {
        print(table);
    }
    print(study.out.join("report.html").display());
    match &compared.failed[..] {
        [] => Ok(()),
        failed => {
            let rows = failed.iter().map(|row| format!("\n{}, seed {}: {}", row.name, row.seed, row.reason));
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
