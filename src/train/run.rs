//! The training loop: replays the step, logs, and keeps the run safe.

use super::blueprint::STEPS_AT_A_TIME;
use super::checkpoint::{self, CheckpointError, State};
use super::config::Config;
use super::merge::ConfigError;
use super::metrics::{MetricsError, MetricsLog};
use super::pictures::{self, PictureError};
use super::progress::Progress;
use super::session::Session;
use crate::data::Dataset;
use crate::device::{Choice, DeviceError, Values};
use crate::files::write_atomically;
use crate::kernels::Tuning;
use crate::loss::CAPACITY;
use crate::plan::PlanId;
use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

/// A run that could not begin or go on.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The device failed or is too small.
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// A checkpoint cannot be written or read.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The metrics cannot be written or read.
    #[error(transparent)]
    Metrics(#[from] MetricsError),
    /// A picture cannot be written.
    #[error(transparent)]
    Picture(#[from] PictureError),
    /// The run folder cannot be written.
    #[error("{path}: {source}. Choose another folder with --out, or make room")]
    Folder {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The run folder holds a run already.
    #[error("{path}: there is a run in this folder. Continue it with --resume, or choose another folder with --out")]
    Occupied {
        /// The folder.
        path: PathBuf,
    },
    /// The networks do not take the data's images.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// More images in a batch than in the data set.
    #[error("batch = {batch} is larger than the data set of {images} images: choose a batch of at most {images}")]
    BatchTooLarge {
        /// Images of a batch.
        batch: usize,
        /// Images in the data set.
        images: usize,
    },
    /// A loss is not a number, or infinite.
    #[error(
        "the loss term `{term}` is {value} at step {step}. {good}. A lower optim.lr or a higher likelihood.variance often helps"
    )]
    NotFinite {
        /// The term.
        term: String,
        /// Its value.
        value: f64,
        /// The step, from 1.
        step: u64,
        /// Where the last good checkpoint is.
        good: String,
    },
}

/// Where a run writes and whether it continues one.
#[derive(Clone, Debug)]
pub struct RunOptions {
    /// The run folder.
    pub out: PathBuf,
    /// Continue from the newest checkpoint in the folder.
    pub resume: bool,
}

/// How a run ended.
#[derive(Debug)]
pub struct Report {
    /// Steps done in all.
    pub steps: u64,
    /// Whether it was interrupted before its end; the checkpoint is of this moment.
    pub interrupted: bool,
    /// Mean losses of the last logging interval, total first.
    pub losses: Vec<(String, f64)>,
    /// The newest checkpoint.
    pub checkpoint: PathBuf,
    /// Training images per second of this call.
    pub images_per_second: f64,
    /// The session, to look at the model.
    pub session: Session,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Session on {}", self.executor.device())
    }
}

/// Trains from the beginning or the newest checkpoint to the end of the configured epochs.
///
/// `stop` is looked at every few steps; once set, the run writes a checkpoint and returns.
///
/// # Errors
/// When the settings do not fit the data, the device fails, a file cannot be written, or a loss is not finite. The newest
/// checkpoint stays valid in every case.
pub fn run(
    config: &Config,
    data: &Dataset,
    choice: &Choice,
    options: &RunOptions,
    progress: &mut dyn Progress,
    stop: &AtomicBool,
) -> Result<Report, RunError> {
    let shape = data.train.shape;
    config.check_images([shape.channels, shape.height, shape.width])?;
    if config.batch > data.train.len() {
        return Err(RunError::BatchTooLarge { batch: config.batch, images: data.train.len() });
    }
    let newest = checkpoint::list(&options.out).pop();
    let state = match (&newest, options.resume) {
        (Some((_, folder)), true) => Some(checkpoint::read_state(folder)?),
        (None, true) => return Err(CheckpointError::Missing { path: options.out.join("checkpoints") }.into()),
        (Some(_), false) => return Err(RunError::Occupied { path: options.out.clone() }),
        (None, false) => None,
    };
    let tuning = match &state {
        Some(state) if state.device == choice.name() => state.tuning,
        Some(state) => {
            progress.note(&format!(
                "this run began on {}; on {} it goes on, but not bit for bit as it would have there",
                state.device,
                choice.name()
            ));
            choice.tune()?
        }
        None => choice.tune()?,
    };
    let folder_error = |path: &Path| {
        let path = path.to_owned();
        move |source| RunError::Folder { path, source }
    };
    let settings = options.out.join("config.toml");
    write_atomically(&settings, config.to_toml().as_bytes()).map_err(folder_error(&settings))?;
    if let [first, ..] = &data.skipped[..] {
        let list = options.out.join("skipped-files.txt");
        write_atomically(&list, (data.skipped.join("\n") + "\n").as_bytes()).map_err(folder_error(&list))?;
        progress.note(&format!("{} damaged files are left out, see {}: {first}", data.skipped.len(), list.display()));
    }

    let mut training = Training::open(config, data, choice, tuning, options)?;
    if let (Some((_, folder)), Some(state)) = (&newest, state) {
        training.restore(folder, state)?;
        progress.note(&format!("resumed from {} at step {}", folder.display(), training.step));
    }
    let blueprint = &training.session.blueprint;
    let persistent = blueprint.layout.device_bytes();
    let arena = training.session.executor.plan(training.plan)?.arena.device_bytes();
    progress.note(&format!(
        "{} parameters, {} steps of {} images x {} views; memory {:.1} MiB: model and data {:.1}, step {:.1}",
        blueprint.params.count(),
        training.total,
        config.batch,
        config.views,
        (persistent + arena) as f64 / 1048576.0,
        persistent as f64 / 1048576.0,
        arena as f64 / 1048576.0,
    ));
    for (what, source) in [("training", blueprint.train), ("test", blueprint.test)] {
        if let Some(ring) = source.ring(config.batch) {
            let (steps, held) = (ring.steps, source.pixels.len() as f64 * 4.0 / 1048576.0);
            progress.note(&format!("{what} images stream through {held:.1} MiB, {steps} steps ahead"));
        }
    }
    training.train(progress, stop)
}

/// A run under way.
struct Training<'a> {
    config: &'a Config,
    options: &'a RunOptions,
    session: Session,
    plan: PlanId,
    metrics: MetricsLog,
    device: String,
    tuning: Tuning,
    step: u64,
    total: u64,
    /// Seconds of earlier calls, and the beginning of this one.
    seconds_before: f64,
    began: Instant,
    first_step: u64,
    /// Steps at which a copy of the log was requested, oldest first, and the last step that was logged.
    requested: VecDeque<u64>,
    logged: u64,
    losses: Vec<(String, f64)>,
}

impl<'a> Training<'a> {
    fn open(
        config: &'a Config,
        data: &Dataset,
        choice: &Choice,
        tuning: Tuning,
        options: &'a RunOptions,
    ) -> Result<Self, RunError> {
        let mut session = Session::open(config, data, choice, tuning)?;
        let plan = session.load_step()?;
        let metrics_file = options.out.join("metrics.jsonl");
        Ok(Self {
            config,
            options,
            total: session.blueprint.total_steps(),
            session,
            plan,
            metrics: MetricsLog::create(&metrics_file)?,
            device: choice.name(),
            tuning,
            step: 0,
            seconds_before: 0.0,
            began: Instant::now(),
            first_step: 0,
            requested: VecDeque::new(),
            logged: 0,
            losses: Vec::new(),
        })
    }

    fn restore(&mut self, folder: &Path, state: State) -> Result<(), RunError> {
        let Session { blueprint, executor, .. } = &mut self.session;
        checkpoint::load(folder, executor.as_mut(), &blueprint.params, &blueprint.memory)?;
        executor.write(blueprint.state.clock, &Values::U32(state.clock))?;
        self.metrics = MetricsLog::resume(&self.options.out.join("metrics.jsonl"), state.step)?;
        self.step = state.step;
        self.first_step = state.step;
        self.logged = state.step;
        self.seconds_before = state.seconds;
        Ok(())
    }

    fn epoch(&self, step: u64) -> f64 {
        (step * self.config.batch as u64) as f64 / self.session.blueprint.train.images as f64
    }

    fn images_per_second(&self) -> f64 {
        let images = (self.step - self.first_step) * self.config.batch as u64;
        images as f64 / self.began.elapsed().as_secs_f64().max(1e-9)
    }

    /// The next step at which the epoch count reaches a multiple of `every` epochs; the end of the run at the latest.
    fn next_epoch_mark(&self, every: u32) -> u64 {
        let every = every.max(1);
        let done = (1..).map(|n| self.session.blueprint.steps_until(n * every)).find(|&at| at > self.step);
        done.unwrap_or(self.total).min(self.total)
    }

    fn train(mut self, progress: &mut dyn Progress, stop: &AtomicBool) -> Result<Report, RunError> {
        progress.begin(self.step, self.total);
        self.began = Instant::now();
        let log = &self.config.log;
        let log_every = u64::from(log.every).clamp(1, CAPACITY as u64 / 2);
        let mut saved = None;
        let mut interrupted = false;
        while self.step < self.total && !interrupted {
            let log_mark = (self.step / log_every + 1) * log_every;
            let checkpoint_mark = self.next_epoch_mark(log.checkpoint_every);
            let picture_mark = self.next_epoch_mark(log.pictures_every);
            let until = log_mark.min(checkpoint_mark).min(picture_mark);
            while self.step < until && !interrupted {
                let now = (STEPS_AT_A_TIME as u64).min(until - self.step);
                self.session.train(self.plan, self.step, now)?;
                self.step += now;
                interrupted = stop.load(Ordering::Relaxed);
            }
            self.session.executor.request(self.session.blueprint.model.log.losses)?;
            self.requested.push_back(self.step);
            self.collect(false, progress)?;
            if self.step == checkpoint_mark || interrupted {
                self.collect(true, progress)?;
                saved = Some(self.save()?);
                self.curves()?;
            }
            if self.step == picture_mark && self.session.blueprint.model.networks.generative {
                self.collect(true, progress)?;
                let epoch = self.epoch(self.step).round() as u32;
                pictures::reconstructions(&mut self.session, &self.options.out, epoch)?;
            }
        }
        self.collect(true, progress)?;
        progress.finish();
        let checkpoint = match saved {
            Some(folder) => folder,
            None => self.newest_or_save()?,
        };
        Ok(Report {
            steps: self.step,
            interrupted: self.step < self.total,
            images_per_second: self.images_per_second(),
            losses: self.losses,
            checkpoint,
            session: self.session,
        })
    }

    /// Takes the copies of the log that have come, or with `wait` all of them.
    fn collect(&mut self, wait: bool, progress: &mut dyn Progress) -> Result<(), RunError> {
        while let Some(copy) = self.session.executor.arrived(wait)? {
            let Some(step) = self.requested.pop_front() else { break };
            let columns = self.session.blueprint.model.log.columns();
            let copy = copy.to_f64();
            let mut sums = vec![0.0; columns.len()];
            for at in self.logged + 1..=step {
                let row = self.session.blueprint.model.log.row(&copy, at);
                if let Some((term, &value)) = columns.iter().zip(row).rev().find(|(_, value)| !value.is_finite()) {
                    let good = match checkpoint::list(&self.options.out).pop() {
                        Some((_, folder)) => format!("The last good checkpoint is {}", folder.display()),
                        None => "No checkpoint was written yet".to_owned(),
                    };
                    return Err(RunError::NotFinite { term: (*term).to_owned(), value, step: at, good });
                }
                sums.iter_mut().zip(row).for_each(|(sum, value)| *sum += value);
            }
            if step == self.logged {
                continue;
            }
            let count = (step - self.logged) as f64;
            let means: Vec<(&str, f64)> = columns.iter().copied().zip(sums.iter().map(|sum| sum / count)).collect();
            let seconds = self.seconds_before + self.began.elapsed().as_secs_f64();
            self.metrics.append(step, self.epoch(step), seconds, &means)?;
            progress.advance(step, self.epoch(step), self.images_per_second(), &means);
            self.losses = means.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
            self.logged = step;
        }
        Ok(())
    }

    /// The newest checkpoint of a run that had nothing left to do, written now where there is none.
    fn newest_or_save(&mut self) -> Result<PathBuf, RunError> {
        match checkpoint::list(&self.options.out).pop() {
            Some((_, folder)) => Ok(folder),
            None => self.save(),
        }
    }

    fn save(&mut self) -> Result<PathBuf, RunError> {
        let seconds = self.seconds_before + self.began.elapsed().as_secs_f64();
        let Session { blueprint, executor, .. } = &mut self.session;
        let clock = executor.read(blueprint.state.clock)?.words().to_vec();
        let state = State { step: self.step, clock, device: self.device.clone(), tuning: self.tuning, seconds };
        let keep = self.config.log.keep_checkpoints;
        let (params, memory) = (&blueprint.params, &blueprint.memory);
        Ok(checkpoint::save(&self.options.out, executor.as_mut(), params, memory, &state, keep)?)
    }

    fn curves(&self) -> Result<(), RunError> {
        let rows = MetricsLog::read(&self.options.out.join("metrics.jsonl"))?;
        pictures::curves(&rows, &self.options.out)?;
        Ok(())
    }
}
