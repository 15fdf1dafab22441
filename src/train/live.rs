//! What is seen of a run while it trains: its page, the page of the runs beside it, and events for TensorBoard. It hears what the run
//! tells, and passes it on.

use super::progress::{Pictured, Progress, seconds_left};
use super::run_error::RunError;
use super::session::Embedding;
use super::training::Training;
use crate::data::Dataset;
use crate::device::Device;
use crate::files::FileError;
use crate::page::{self, Shown, State, Summary};
use crate::run_folder::metrics::Row;
use crate::settings::Config;
use crate::tensorboard::{self, Events, IMAGES};
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

/// Least time between two writings of a page.
const PAUSE: Duration = Duration::from_secs(2);
/// The same of the page of all runs.
const LONG_PAUSE: Duration = Duration::from_secs(15);
/// A page takes at most this part of the time.
const SHARE: u32 = 100;

/// When something is to be written next, so that it costs little of the time however long it takes.
struct Due {
    pause: Duration,
    next: Instant,
}

impl Due {
    fn new(pause: Duration) -> Self {
        Self { pause, next: Instant::now() }
    }

    /// Writes if it is time, or if it must be now.
    fn write<T>(&mut self, now: bool, write: impl FnOnce() -> T) -> Option<T> {
        let began = Instant::now();
        if !now && began < self.next {
            return None;
        }
        let written = write();
        self.next = Instant::now() + self.pause.max(began.elapsed() * SHARE);
        Some(written)
    }
}

/// Seconds since 1970.
fn now() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// Whoever watches a run.
pub(super) struct Live<'a> {
    progress: &'a mut dyn Progress,
    run: &'a Path,
    data: &'a Dataset,
    shown: Shown<'a>,
    /// The step and the moment at which this call began to train.
    began: (u64, Instant),
    written: Instant,
    page: Option<Due>,
    runs: Option<Due>,
    events: Option<Events>,
}

impl<'a> Live<'a> {
    /// Those who watch a run that has these rows already.
    pub fn new(
        progress: &'a mut dyn Progress,
        (config, data, run): (&'a Config, &'a Dataset, &'a Path),
        device: &Device,
        training: &Training<'_>,
        rows: Vec<Row>,
    ) -> Self {
        let classes = match data.train.classes.len() {
            1 => "one class".to_owned(),
            count => format!("{count} classes"),
        };
        let facts = vec![
            ("Folder", std::path::absolute(run).unwrap_or_else(|_| run.to_owned()).display().to_string()),
            ("Training images", data.train.len().to_string()),
            ("Test images", data.test.len().to_string()),
            ("Classes", classes),
            ("Parameters", training.parameters().to_string()),
            ("wgpu-simvae", env!("CARGO_PKG_VERSION").to_owned()),
        ];
        let summary = Summary {
            method: config.method.clone(),
            data: data.name.clone(),
            seed: config.seed,
            device: device.name(),
            state: State::Running,
            step: training.step,
            total: training.total,
            epoch: training.epoch(training.step),
            images_per_second: 0.0,
            seconds: rows.last().map_or(0.0, |row| row.seconds),
            left: None,
            written: now(),
            every: 0.0,
        };
        let mut live = Self {
            progress,
            run,
            data,
            shown: Shown { summary, config, facts, rows, map: None, verdict: page::verdict(run) },
            began: (training.step, Instant::now()),
            written: Instant::now(),
            page: page::BUILT.then(|| Due::new(PAUSE)),
            runs: Some(Due::new(LONG_PAUSE)),
            events: None,
        };
        if config.log.tensorboard {
            let events = tensorboard::open(run, training.step, &data.test);
            match live.told(events) {
                Some(None) => live.note(
                    "log.tensorboard: nothing is written, since this program is built without its feature tensorboard",
                ),
                events => live.events = events.flatten(),
            }
        }
        live
    }

    /// What was made, or a line about why it was not.
    fn told<T>(&mut self, made: Result<T, FileError>) -> Option<T> {
        made.map_err(|error| self.progress.note(&format!("warning: {error}"))).ok()
    }

    /// Writes the pages if it is time, or if they must be now; after an error, that page no more.
    fn refresh(&mut self, must: bool) {
        let Some(page) = &mut self.page else { return };
        let Self { run, shown, written, .. } = self;
        let ours = page.write(must, || {
            shown.summary.every = written.elapsed().as_secs_f64();
            (shown.summary.written, *written) = (now(), Instant::now());
            page::write(shown, run)
        });
        let Some(ours) = ours else { return };
        match self.told(ours) {
            Some(true) => {}
            Some(false) => {
                self.page = None;
                let place = page::file(self.run);
                return self.note(&format!("{}: somebody else's, so this run has no page", place.display()));
            }
            None => {
                self.page = None;
                return;
            }
        }
        let runs = self.runs.as_mut().and_then(|runs| runs.write(must, || page::write_runs(self.run)));
        if runs.is_some_and(|written| self.told(written).is_none()) {
            self.runs = None;
        }
    }

    /// Something for TensorBoard; after an error there is no further one.
    fn event(&mut self, write: impl FnOnce(&mut Events) -> Result<(), FileError>) {
        if let Some(events) = &mut self.events {
            let written = write(events);
            if self.told(written).is_none() {
                self.events = None;
            }
        }
    }

    /// Shows how the run ended, and at which step.
    pub fn end(&mut self, ended: Result<(u64, bool), &RunError>) {
        let summary = &mut self.shown.summary;
        summary.left = None;
        summary.state = match ended {
            Ok((_, true)) => State::Interrupted,
            Ok((_, false)) => State::Finished,
            Err(error) => State::Failed(error.to_string()),
        };
        if let Ok((step, _)) = ended {
            summary.step = step;
        }
        self.refresh(true);
    }
}

impl Progress for Live<'_> {
    fn decoded(&mut self, done: usize, of: usize) {
        self.progress.decoded(done, of);
    }

    fn note(&mut self, line: &str) {
        self.progress.note(line);
    }

    fn begin(&mut self, step: u64, steps: u64) {
        self.began = (step, Instant::now());
        self.refresh(true);
        if self.page.is_some() {
            self.page(&page::file(self.run));
        }
        self.progress.begin(step, steps);
    }

    fn advance(&mut self, step: u64, epoch: f64, images_per_second: f64, losses: &[(&str, f64)]) {
        let summary = &mut self.shown.summary;
        (summary.step, summary.epoch, summary.images_per_second) = (step, epoch, images_per_second);
        summary.left = seconds_left(self.began, step, summary.total);
        self.progress.advance(step, epoch, images_per_second, losses);
    }

    fn judged(&mut self, step: u64, epoch: f64, scores: &[(&str, f64)]) {
        self.progress.judged(step, epoch, scores);
    }

    fn logged(&mut self, row: &Row) {
        let speed = self.shown.summary.images_per_second;
        self.event(|events| events.row(row, speed));
        self.shown.summary.seconds = row.seconds;
        self.shown.rows.push(row.clone());
        self.refresh(false);
        self.progress.logged(row);
    }

    fn pictured(&mut self, step: u64, drawn: &Pictured) {
        self.event(|events| events.picture(step, &drawn.png));
        self.progress.pictured(step, drawn);
    }

    fn embeds(&self) -> usize {
        let own = if self.page.is_some() || self.events.is_some() { IMAGES } else { 0 };
        own.max(self.progress.embeds())
    }

    fn embedded(&mut self, step: u64, embedding: &Embedding) {
        let Embedding { mu, latent, .. } = embedding;
        let test = &self.data.test;
        if self.page.is_some() {
            self.shown.map = page::map(step, mu, *latent, &test.labels, &test.classes);
        }
        self.event(|events| events.embedding(mu, *latent, test));
        self.progress.embedded(step, embedding);
    }

    fn page(&mut self, path: &Path) {
        self.progress.page(path);
    }

    fn storing(&mut self, step: u64) {
        self.refresh(false);
        self.progress.storing(step);
    }

    fn finish(&mut self) {
        self.progress.finish();
    }
}
