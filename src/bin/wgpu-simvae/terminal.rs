//! What a run tells on a terminal.

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use wgpu_simvae::console::{Volume, escaped, hears, tell};
use wgpu_simvae::train::Progress;

/// Between two lines in a log file, at least; and where an epoch takes longer, at most.
const PAUSE: Duration = Duration::from_secs(2);
const PATIENCE: Duration = Duration::from_secs(30);

/// A progress line of this form; none is drawn where nobody wants it, or the standard error is no terminal.
pub fn bar(template: &str) -> ProgressBar {
    let bar = if hears(Volume::Usual) { ProgressBar::new(0) } else { ProgressBar::hidden() };
    match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

/// The name and the value of a judge's score, in words.
pub fn score(name: &str, value: f64) -> (String, String) {
    let value = match name {
        "knn" | "linear" => format!("{:.1} %", 100.0 * value),
        _ => format!("{value:.3}"),
    };
    (name.replace('_', " "), value)
}

/// A progress line on the terminal, plain lines where the output is no terminal.
#[derive(Debug, Default)]
pub struct Terminal {
    bar: Option<ProgressBar>,
    /// Epoch and moment of the last line in a log file, which wants few.
    last_line: Option<(f64, Instant)>,
    /// What judges found last.
    judged: String,
    /// Whether the page of the run is opened in a browser.
    open: bool,
    /// What each line begins with, and the bars that this one stands below, where several runs are told of.
    among: Option<(String, MultiProgress)>,
}

impl Terminal {
    /// One that opens the page of the run in a browser, if it is to.
    pub fn opening(open: bool) -> Self {
        Self { open, ..Self::default() }
    }

    /// One of several, which begin their lines with their names.
    pub fn among(all: &MultiProgress, name: &str) -> Self {
        Self { among: Some((format!("{name}  "), all.clone())), ..Self::default() }
    }

    /// What each line begins with.
    fn name(&self) -> &str {
        self.among.as_ref().map_or("", |(name, _)| name)
    }

    /// A progress line of this form, behind the name.
    fn bar(&self, template: &str) -> ProgressBar {
        let bar = bar(&format!("{{prefix}}{template}")).with_prefix(self.name().to_owned());
        match &self.among {
            Some((_, all)) if hears(Volume::Usual) => all.add(bar),
            _ => bar,
        }
    }

    /// Whether a log file is to have another line: after a quarter of an epoch, and neither too often nor too seldom.
    fn is_due(&self, epoch: f64) -> bool {
        let Some((last, at)) = self.last_line else { return true };
        let waited = at.elapsed();
        waited >= PATIENCE || (waited >= PAUSE && epoch - last >= 0.25)
    }
}

impl Progress for Terminal {
    fn note(&mut self, line: &str) {
        let line = format!("{}{line}", self.name());
        match (&self.bar, &self.among) {
            (Some(bar), _) if !bar.is_hidden() => bar.println(escaped(&line)),
            // The others' bars stand where this line goes.
            (None, Some((_, all))) if hears(Volume::Usual) => all.suspend(|| tell(line)),
            _ => tell(line),
        }
    }

    fn decoded(&mut self, done: usize, of: usize) {
        let bar = match self.bar.take() {
            Some(bar) => bar,
            None => self.bar("decoding images {bar:24} {pos}/{len}  {eta} left"),
        };
        let bar = self.bar.insert(bar);
        bar.set_length(of as u64);
        bar.set_position(done as u64);
        let (_, last) = *self.last_line.get_or_insert_with(|| (0.0, Instant::now()));
        if bar.is_hidden() && last.elapsed() >= PATIENCE {
            self.last_line = None;
            tell(format_args!("decoding images: {done} of {of}"));
        }
        if done >= of {
            self.finish();
        }
    }

    fn begin(&mut self, step: u64, steps: u64) {
        let bar = self.bar("{bar:24} {pos}/{len} steps  {msg}  {eta} left").with_position(step);
        bar.set_length(steps);
        bar.reset_eta();
        self.bar = Some(bar);
        self.last_line = None;
        self.judged.clear();
    }

    fn advance(&mut self, step: u64, epoch: f64, images_per_second: f64, losses: &[(&str, f64)]) {
        let terms: Vec<String> = losses.iter().map(|(name, value)| format!("{name} {value:.3}")).collect();
        let judged = &self.judged;
        let message = format!("epoch {epoch:.2}  {images_per_second:.0} images/s  {}{judged}", terms.join("  "));
        let Some(bar) = &self.bar else { return };
        bar.set_position(step);
        if !bar.is_hidden() {
            bar.set_message(message);
        } else if self.is_due(epoch) {
            self.last_line = Some((epoch, Instant::now()));
            let left = bar.eta().as_secs();
            tell(format_args!("{}step {step}  {message}  {left} s left", self.name()));
        }
    }

    fn judged(&mut self, step: u64, epoch: f64, scores: &[(&str, f64)]) {
        let in_words = |(name, value): (String, String)| format!("{name} {value}");
        let words: Vec<String> = scores.iter().map(|&(name, value)| in_words(score(name, value))).collect();
        self.note(&format!("step {step}  epoch {epoch:.2}  judged: {}", words.join("  ")));
        // On the progress line there is room for what matters most.
        let first: String = words.iter().take(3).map(|word| format!("  {word}")).collect();
        self.judged = format!("  |{first}");
    }

    fn page(&mut self, path: &Path) {
        self.note(&format!("page: {}", path.display()));
        if !std::mem::take(&mut self.open) {
            return;
        }
        if let Err(error) = std::path::absolute(path).and_then(show) {
            self.note(&format!("warning: no browser could be opened: {error}"));
        }
    }

    fn finish(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}

/// Opens a file or an address with the program that the desktop has for it, and waits for nothing.
///
/// Own code because a crate for three commands would make every crate that shares its dependencies build anew.
pub fn show(what: impl AsRef<OsStr>) -> std::io::Result<()> {
    let (program, arguments): (&str, &[&str]) = if cfg!(windows) {
        ("rundll32", &["url.dll,FileProtocolHandler"])
    } else if cfg!(target_os = "macos") {
        ("open", &[])
    } else {
        ("xdg-open", &[])
    };
    let mut command = Command::new(program);
    command.args(arguments).arg(what);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().map(drop)
}
