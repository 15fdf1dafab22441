//! The training loop: replays the step, logs, draws and stores checkpoints.

use super::blueprint::STEPS_AT_A_TIME;
use super::diagnose::last_good;
use super::from::{FirstWeights, Taken};
use super::judging::{Judging, Scores};
use super::origin::Origin;
use super::pictures::{self, PictureError};
use super::progress::Progress;
use super::run::{Report, RunOptions};
use super::run_error::RunError;
use super::session::Session;
use crate::data::Dataset;
use crate::device::group::Member;
use crate::device::{Device, DeviceError, Ticket};
use crate::methods::CAPACITY;
use crate::plan::{PlanId, Share};
use crate::run_folder::checkpoint::{self, Checkpoint};
use crate::run_folder::metrics::{self, MetricsLog, Row, metrics_file};
use crate::run_folder::{CheckpointError, Interval, Loss, State, Which, checksum};
use crate::settings::{Config, Recipe};
use std::collections::{BTreeMap, VecDeque};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

/// A run under way.
pub(super) struct Training<'a> {
    config: &'a Config,
    options: &'a RunOptions,
    pub session: Session,
    plan: PlanId,
    metrics: Option<MetricsLog>,
    /// Checksum of the settings, for the checkpoints.
    settings: String,
    device: &'a Device,
    pub step: u64,
    pub total: u64,
    /// Seconds of earlier calls, and the beginning of this one.
    seconds_before: f64,
    began: Instant,
    first_step: u64,
    /// Copies of the log that were requested, oldest first: at which step, and whether a logging interval ends there.
    requested: VecDeque<(Ticket, u64, bool)>,
    /// The last step whose losses were looked at, and the interval that it belongs to.
    logged: u64,
    interval: Interval,
    loss: Option<Loss>,
    losses: Vec<(String, f64)>,
    judging: Judging<'a>,
    /// What judges found at a step, until the row of that step is written.
    judged: Option<(u64, Scores)>,
}

impl<'a> Training<'a> {
    /// Opens the device and brings the model to where the run begins.
    pub fn open(
        recipe: &'a Recipe,
        data: &'a Dataset,
        device: &'a Device,
        options: &'a RunOptions,
        origin: &Origin,
        seat: (&Share, Option<&Member>),
    ) -> Result<Self, RunError> {
        let (mut session, plan) = Session::open_member(recipe, data, device, seat)?;
        let fresh = State::fresh(recipe.config.seed, device.name(), device.tuning()?);
        let state = origin.state().unwrap_or(&fresh);
        if let Some(checkpoint) = &origin.checkpoint {
            session.restore(checkpoint)?;
        }
        let judging = Judging::new(&recipe.config, data, state.best.clone());
        let columns = session.blueprint.model.log.columns().len();
        let interval = match &state.interval {
            Some(interval) if interval.sums.len() == columns && interval.begin <= state.step => interval.clone(),
            _ => Interval { begin: state.step, sums: vec![0.0; columns] },
        };
        Ok(Self {
            config: &recipe.config,
            options,
            total: session.blueprint.total_steps(),
            session,
            plan,
            metrics: None,
            settings: checksum(origin.settings.as_bytes()),
            device,
            step: state.step,
            seconds_before: state.seconds,
            began: Instant::now(),
            first_step: state.step,
            requested: VecDeque::new(),
            logged: state.step,
            interval,
            loss: state.loss,
            losses: Vec::new(),
            judging,
            judged: None,
        })
    }

    /// Begins with weights from elsewhere.
    pub fn begin_with(&mut self, from: &FirstWeights) -> Result<Taken, RunError> {
        from.load(&mut self.session)
    }

    /// Opens the metrics: rows up to where the run begins stay, and are returned.
    pub fn open_metrics(&mut self, progress: &mut dyn Progress) -> Result<Vec<Row>, RunError> {
        let (out, file) = (&self.options.out, metrics_file(&self.options.out));
        let (log, rows) = MetricsLog::open(&file, self.step)?;
        self.metrics = Some(log);
        if self.step > 0 || metrics::table_file(out).exists() {
            drawn(metrics::write_table(&rows, out).map_err(PictureError::from), progress)?;
        }
        Ok(rows)
    }

    /// Tells the size of the run.
    pub fn describe(&self, progress: &mut dyn Progress) -> Result<(), RunError> {
        let blueprint = &self.session.blueprint;
        let persistent = blueprint.layout.device_bytes();
        let arena = self.session.executor.plan(self.plan)?.arena.device_bytes();
        let parts = match blueprint.config.accumulate {
            1 => String::new(),
            parts => format!(" in {parts} parts"),
        };
        progress.note(&format!(
            "{} parameters, {} steps of {} images x {} views{parts}; memory {:.1} MiB: model and data {:.1}, step {:.1}",
            blueprint.params.count(),
            self.total,
            self.config.batch,
            self.config.views,
            (persistent + arena) as f64 / 1048576.0,
            persistent as f64 / 1048576.0,
            arena as f64 / 1048576.0,
        ));
        if let Some(about) = self.judging.about() {
            progress.note(&about);
        }
        for (what, source) in [("training", blueprint.train), ("test", blueprint.test)] {
            if let Some(ring) = source.ring(self.config.batch) {
                let (steps, held) = (ring.steps, source.pixels.len() as f64 * 4.0 / 1048576.0);
                progress.note(&format!("{what} images stream through {held:.1} MiB, {steps} steps ahead"));
            }
        }
        Ok(())
    }

    /// Numbers that are learnt.
    pub fn parameters(&self) -> usize {
        self.session.blueprint.params.count()
    }

    /// Epochs after so many steps, with fraction.
    pub fn epoch(&self, step: u64) -> f64 {
        (step * self.config.batch as u64) as f64 / self.session.blueprint.train.images as f64
    }

    fn images_per_second(&self) -> f64 {
        let images = (self.step - self.first_step) * self.config.batch as u64;
        images as f64 / self.began.elapsed().as_secs_f64().max(1e-9)
    }

    /// The next step at which the epoch count reaches a multiple of `every` epochs, which 0 never does; the end of the run at the
    /// latest.
    fn next_epoch_mark(&self, every: u32) -> u64 {
        if every == 0 {
            return self.total;
        }
        let batch = self.config.batch as u64;
        let period = u64::from(every).saturating_mul(self.session.blueprint.train.images as u64);
        let mark = |n: u64| period.saturating_mul(n).div_ceil(batch);
        // A period that is over may have ended within the step that is done.
        let done = (self.step * batch) / period;
        let next = [done, done + 1, done + 2].map(mark).into_iter().find(|&at| at > self.step);
        next.unwrap_or(self.total).min(self.total)
    }

    pub fn train(mut self, progress: &mut dyn Progress, stop: &AtomicBool) -> Result<Report, RunError> {
        progress.begin(self.step, self.total);
        self.began = Instant::now();
        if self.step > 0 {
            self.embed(progress)?;
        }
        let log = &self.config.log;
        let log_every = u64::from(log.every).clamp(1, CAPACITY as u64 / 2);
        let mut saved = None;
        let mut interrupted = false;
        let mut over = self.judging.over();
        while self.step < self.total && !interrupted && over.is_none() {
            let log_mark = (self.step / log_every + 1) * log_every;
            let checkpoint_mark = self.next_epoch_mark(log.checkpoint_every);
            let picture_mark = self.next_epoch_mark(log.pictures_every);
            let judge_mark = self.next_epoch_mark(self.config.judge.every);
            let until = log_mark.min(checkpoint_mark).min(picture_mark).min(judge_mark);
            while self.step < until && !interrupted {
                let now = (STEPS_AT_A_TIME as u64).min(until - self.step);
                self.session.train(self.plan, self.step, now)?;
                self.step += now;
                interrupted = stop.load(Ordering::Relaxed);
            }
            let ticket = self.session.executor.request(self.session.blueprint.model.log.losses)?;
            self.requested.push_back((ticket, self.step, self.step == until));
            if self.step == judge_mark && self.config.judge.every > 0 {
                self.judge(progress)?;
                over = self.judging.over();
            }
            self.collect(false, progress)?;
            // Before the checkpoint: whoever resumes from it finds all pictures and curves up to there.
            if self.step == picture_mark {
                self.collect(true, progress)?;
                self.draw(progress)?;
            }
            if self.step == checkpoint_mark || interrupted || over.is_some() || self.judging.is_best(self.step) {
                self.collect(true, progress)?;
                self.curves(progress)?;
                saved = Some(self.save()?);
            }
        }
        self.collect(true, progress)?;
        progress.finish();
        let notes = [over.clone(), self.judging.cost(self.began.elapsed().as_secs_f64())];
        notes.iter().flatten().for_each(|note| progress.note(note));
        let checkpoint = match saved {
            Some(folder) => folder,
            None => self.found_or_saved()?,
        };
        Ok(Report {
            steps: self.step,
            interrupted: self.step < self.total && over.is_none(),
            images_per_second: self.images_per_second(),
            losses: self.losses,
            checkpoint,
            session: self.session,
        })
    }

    /// Draws what the model makes of test images, and shows where they lie to whoever wants to see it.
    fn draw(&mut self, progress: &mut dyn Progress) -> Result<(), RunError> {
        if self.session.blueprint.model.networks.generative {
            let epoch = self.epoch(self.step).round() as u32;
            let picture = pictures::reconstructions(&mut self.session, &self.options.out, epoch);
            if let Some(drawn) = drawn(picture, progress)? {
                progress.pictured(self.step, &drawn);
            }
        }
        self.embed(progress)
    }

    fn embed(&mut self, progress: &mut dyn Progress) -> Result<(), RunError> {
        let (test, count) = (self.session.blueprint.test, progress.embeds());
        match (count > 0).then(|| self.session.embed(&test, count)) {
            Some(Ok(embedding)) => progress.embedded(self.step, &embedding),
            None | Some(Err(DeviceError::NotFinite { .. })) => {}
            Some(Err(error)) => return Err(error.into()),
        }
        Ok(())
    }

    /// Judges the model as it is. A model that has diverged is told by its losses or by the checkpoint that follows, which say more than a
    /// judge.
    fn judge(&mut self, progress: &mut dyn Progress) -> Result<(), RunError> {
        match self.judging.judge(&mut self.session, self.step) {
            Ok(scores) => self.judged = Some((self.step, scores)),
            Err(RunError::Device(DeviceError::NotFinite { .. })) => {}
            Err(error) => {
                self.collect(true, progress)?;
                return Err(error);
            }
        }
        self.collect(true, progress)
    }

    /// Takes the copies of the log that have come, or with `wait` all of them.
    fn collect(&mut self, wait: bool, progress: &mut dyn Progress) -> Result<(), RunError> {
        while let Some(&(ticket, step, ends)) = self.requested.front() {
            let Some(copy) = self.session.executor.arrived(ticket, wait)? else { break };
            self.requested.pop_front();
            let columns = self.session.blueprint.model.log.columns();
            let copy = copy.to_f64();
            for at in self.logged + 1..=step {
                let row = self.session.blueprint.model.log.row(&copy, at);
                if let Some((term, &value)) = columns.iter().zip(row).rev().find(|(_, value)| !value.is_finite()) {
                    let what = format!("the loss term `{term}` is {value}");
                    return Err(self.not_finite(what, at));
                }
                self.interval.sums.iter_mut().zip(row).for_each(|(sum, value)| *sum += value);
                if let (None, Some(&total)) = (self.loss, row.first()) {
                    self.loss = Some(Loss { first: total, last: total });
                }
            }
            self.logged = self.logged.max(step);
            if !ends || step == self.interval.begin {
                continue;
            }
            let count = (step - self.interval.begin) as f64;
            let sums =
                std::mem::replace(&mut self.interval, Interval { begin: step, sums: vec![0.0; columns.len()] }).sums;
            let means: Vec<(&str, f64)> = columns.iter().copied().zip(sums.iter().map(|sum| sum / count)).collect();
            let seconds = self.seconds_before + self.began.elapsed().as_secs_f64();
            let epoch = self.epoch(step);
            let judged = self.judged.take_if(|(at, _)| *at == step).map(|(_, scores)| scores).unwrap_or_default();
            let row = Row { step, epoch, seconds, losses: named(&means), judged: named(&judged) };
            if let Some(metrics) = &mut self.metrics {
                metrics.append(&row)?;
            }
            if !judged.is_empty() {
                progress.judged(step, epoch, &judged);
            }
            progress.advance(step, epoch, self.images_per_second(), &means);
            progress.logged(&row);
            if let (Some(loss), Some((_, total))) = (&mut self.loss, means.first()) {
                loss.last = *total;
            }
            self.losses = means.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        }
        Ok(())
    }

    fn not_finite(&self, what: String, step: u64) -> RunError {
        RunError::NotFinite { what, step, origin: String::new(), good: last_good(&self.options.out) }
    }

    /// The checkpoint of a run that had nothing left to do, written now where there is none.
    fn found_or_saved(&mut self) -> Result<PathBuf, RunError> {
        let out = &self.options.out;
        match Checkpoint::pick(out, Which::Step(self.step)) {
            Ok((checkpoint, _)) => {
                checkpoint::forget_after(out, self.step)?;
                Ok(checkpoint.folder)
            }
            Err(_) => self.save(),
        }
    }

    /// Writes a checkpoint of where the run is.
    pub fn save(&mut self) -> Result<PathBuf, RunError> {
        let metrics = self.metrics.as_mut().map(MetricsLog::sync).transpose()?;
        let seconds = self.seconds_before + self.began.elapsed().as_secs_f64();
        let Session { blueprint, executor, .. } = &mut self.session;
        let state = State {
            format: State::FORMAT,
            step: self.step,
            clock: executor.read(blueprint.state.clock)?.words().to_vec(),
            device: self.device.name(),
            tuning: self.device.tuning()?,
            shares: blueprint.share.images.clone(),
            parts: blueprint.config.accumulate,
            seconds,
            loss: self.loss,
            interval: (self.interval.begin < self.step).then(|| self.interval.clone()),
            metrics,
            best: self.judging.best.clone(),
        };
        let keep = self.config.log.keep_checkpoints;
        let (params, memory, out) = (&blueprint.params, &blueprint.memory, &self.options.out);
        match checkpoint::save(out, executor.as_mut(), params, memory, &state, &self.settings, keep) {
            Err(CheckpointError::NotFinite { tensor, problem, .. }) => {
                let what = format!("no checkpoint can be stored: `{tensor}`: {problem}");
                Err(self.not_finite(what, self.step))
            }
            saved => Ok(saved?),
        }
    }

    fn curves(&self, progress: &mut dyn Progress) -> Result<(), RunError> {
        let rows = MetricsLog::read(&metrics_file(&self.options.out))?;
        drawn(pictures::curves(&rows, &self.options.out), progress)?;
        drawn(metrics::write_table(&rows, &self.options.out).map_err(PictureError::from), progress)?;
        progress.storing(self.step);
        Ok(())
    }
}

/// Numbers by their names.
fn named(all: &[(&str, f64)]) -> BTreeMap<String, f64> {
    all.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect()
}

/// A picture that cannot be stored is missed, and no reason to end a run; nor is one of numbers that are not finite, since the losses or the
/// checkpoint that follow say where they began.
fn drawn<T>(picture: Result<T, PictureError>, progress: &mut dyn Progress) -> Result<Option<T>, RunError> {
    match picture {
        Err(PictureError::Device(DeviceError::NotFinite { .. })) => Ok(None),
        Err(PictureError::Device(error)) => Err(error.into()),
        Err(error) => {
            progress.note(&format!("warning: {error}"));
            Ok(None)
        }
        Ok(picture) => Ok(Some(picture)),
    }
}
