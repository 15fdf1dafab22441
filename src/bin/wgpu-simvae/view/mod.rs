//! The full-screen view of a run: it hears what the plain terminal hears. A thread of its own draws, so that no step waits for a terminal.

mod draw;
mod picture;
mod screen;
mod state;

pub use screen::{restore, restore_on_panic};

use crate::terminal::Terminal;
use crate::{Failure, usage};
use anyhow::{Context, anyhow};
use screen::Screen;
use state::State;
use std::io::{IsTerminal, stdout};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard};
use wgpu_simvae::Config;
use wgpu_simvae::console::{complain, divert};
use wgpu_simvae::device::Device;
use wgpu_simvae::run_folder::metrics::{MetricsLog, metrics_file};
use wgpu_simvae::train::{Pictured, Progress};

/// What is known of the run, shared with the thread that draws.
type Shared = Arc<Mutex<State>>;

fn lock(shared: &Mutex<State>) -> MutexGuard<'_, State> {
    shared.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// Checks that there is a screen to fill.
pub fn check() -> Result<(), Failure> {
    if stdout().is_terminal() {
        return Ok(());
    }
    Err(usage(anyhow!("--view fills the screen of a terminal, and the standard output is none here: leave --view out")))
}

/// Fills the screen with a run in this folder, until it is over. Keys raise `stop`; what is told meanwhile stands on the screen, and on the
/// standard error afterwards.
pub fn open(
    mut terminal: Terminal,
    (config, device, run): (&Config, &Device, &Path),
    stop: &Arc<AtomicBool>,
) -> Result<Box<dyn Progress>, Failure> {
    terminal.finish();
    let title = format!("{} on {}, seed {}", config.method, config.data.name, config.seed);
    let shared = Arc::new(Mutex::new(State::new(title, device.name())));
    let screen = Screen::open(shared.clone(), stop.clone()).context("--view: the terminal cannot be taken over")?;
    let heard = shared.clone();
    divert(Some(Box::new(move |line| lock(&heard).told(line))));
    Ok(Box::new(View { shared, screen: Some(screen), terminal, run: run.to_owned() }))
}

struct View {
    shared: Shared,
    /// None once the terminal is its owner's again.
    screen: Option<Screen>,
    terminal: Terminal,
    run: PathBuf,
}

impl View {
    fn close(&mut self) {
        let Some(screen) = self.screen.take() else { return };
        screen.close();
        divert(None);
        lock(&self.shared).lines.drain(..).for_each(complain);
    }
}

/// However the run ends.
impl Drop for View {
    fn drop(&mut self) {
        self.close();
    }
}

impl Progress for View {
    fn note(&mut self, line: &str) {
        self.terminal.note(line);
    }

    fn begin(&mut self, step: u64, steps: u64) {
        // Of a run that goes on, the curves begin where it began.
        let rows = if step > 0 { MetricsLog::read(&metrics_file(&self.run)).unwrap_or_default() } else { Vec::new() };
        lock(&self.shared).begin(step, steps, &rows);
    }

    fn advance(&mut self, step: u64, epoch: f64, images_per_second: f64, losses: &[(&str, f64)]) {
        lock(&self.shared).advance(step, epoch, images_per_second, losses);
    }

    fn judged(&mut self, step: u64, epoch: f64, scores: &[(&str, f64)]) {
        lock(&self.shared).judged(step, scores);
        self.terminal.judged(step, epoch, scores);
    }

    fn pictured(&mut self, step: u64, drawn: &Pictured) {
        lock(&self.shared).pictured(step, drawn);
    }

    fn page(&mut self, path: &Path) {
        self.terminal.page(path);
    }

    fn finish(&mut self) {
        self.close();
    }
}
