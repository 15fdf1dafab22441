//! The two streams to the user, either of which may end before the work does: its reader goes away, its disk is full, its terminal is
//! closed. Nothing of that stops the work.

use std::fmt::Display;
use std::io::{self, ErrorKind, Write};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU8, Ordering};

/// The first error of the standard output; nothing is written behind it.
static ENDED: Mutex<Option<(ErrorKind, String)>> = Mutex::new(None);

/// Writes a line to the standard output. Whether it arrived, [`outcome`] tells.
pub fn print(line: impl Display) {
    let mut ended = ENDED.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    if ended.is_none() {
        let mut out = io::stdout().lock();
        let written = out
            .write_all(escaped(&line.to_string()).as_bytes())
            .and_then(|()| out.write_all(b"\n"))
            .and_then(|()| out.flush());
        *ended = written.err().map(|error| (error.kind(), error.to_string()));
    }
}

/// How much the standard error hears.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Volume {
    /// Errors.
    Quiet,
    /// What happens, too.
    Usual,
    /// And what the program decides on its way.
    Verbose,
}

/// The volume of this process.
static VOLUME: AtomicU8 = AtomicU8::new(Volume::Usual as u8);

/// Sets the volume, from now on and for the whole process.
pub fn set_volume(volume: Volume) {
    VOLUME.store(volume as u8, Ordering::Relaxed);
}

/// Whether so much is said.
pub fn hears(volume: Volume) -> bool {
    VOLUME.load(Ordering::Relaxed) >= volume as u8
}

/// Writes a line about what happens to the standard error, if anybody wants it and still reads it.
pub fn tell(line: impl Display) {
    if hears(Volume::Usual) {
        complain(line);
    }
}

/// The same of what the program decides on its way.
pub fn detail(line: impl Display) {
    if hears(Volume::Verbose) {
        complain(line);
    }
}

/// Who hears lines in the place of the standard error.
type Listener = Box<dyn Fn(String) + Send>;
static LISTENER: Mutex<Option<Listener>> = Mutex::new(None);

/// Has somebody else hear what goes to the standard error, such as a view that fills the screen; none gives it back.
pub fn divert(to: Option<Listener>) {
    *LISTENER.lock().unwrap_or_else(|poisoned| poisoned.into_inner()) = to;
}

/// Writes an error to the standard error, if anybody still reads it.
pub fn complain(line: impl Display) {
    let line = escaped(&line.to_string());
    match &*LISTENER.lock().unwrap_or_else(|poisoned| poisoned.into_inner()) {
        Some(hear) => hear(line),
        None => {
            let _nobody_reads = writeln!(io::stderr().lock(), "{line}");
        }
    }
}

/// How the standard output fared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Every line was written.
    Whole,
    /// Its reader went away, as `head` does.
    Left,
    /// A line could not be written; what the system said.
    Failed(String),
}

/// How the standard output has fared so far.
pub fn outcome() -> Outcome {
    match &*ENDED.lock().unwrap_or_else(|poisoned| poisoned.into_inner()) {
        None => Outcome::Whole,
        Some((ErrorKind::BrokenPipe, _)) => Outcome::Left,
        Some((_, problem)) => Outcome::Failed(problem.clone()),
    }
}

/// A text that shows its control characters and those that turn the direction of writing, so that names in files cannot steer a terminal
/// or hide what they are. Line ends stay.
pub fn escaped(text: &str) -> String {
    let steers = |c: char| {
        (c.is_control() && c != '\n')
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    match text.contains(steers) {
        false => text.to_owned(),
        true => text.chars().map(|c| if steers(c) { c.escape_unicode().to_string() } else { c.to_string() }).collect(),
    }
}

/// A name from a file, on one line.
pub fn name(text: &str) -> String {
    escaped(text).replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_steer_a_terminal() {
        assert_eq!(escaped("a\u{1b}]0;x\u{7}b"), "a\\u{1b}]0;x\\u{7}b");
        assert_eq!(escaped("\u{9b}31m and \u{202e}gnp.exe"), "\\u{9b}31m and \\u{202e}gnp.exe");
        assert_eq!(escaped("two\nlines, caf\u{e9}"), "two\nlines, caf\u{e9}");
        assert_eq!(name("a\nerror: b"), "a\\nerror: b");
    }
}
