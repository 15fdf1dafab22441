//! Ctrl-C and its kin: the first asks for a safe end, the second ends at once.

use crate::{Failure, view};
use anyhow::Context;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use wgpu_simvae::console::tell;

/// Exit code of a command that was interrupted.
pub const INTERRUPTED: u8 = 130;

/// A flag that Ctrl-C raises (and, on Unix, SIGTERM and SIGHUP), so that work ends at a safe place. A second one does not wait for it.
/// What was ignored when the program began stays ignored: so do `nohup` and the background jobs of a script keep their programs.
pub fn stop_on_interrupt() -> Result<Arc<AtomicBool>, Failure> {
    let stop = Arc::new(AtomicBool::new(false));
    let flag = stop.clone();
    on_signal(move || ask(&flag)).context("Ctrl-C cannot be caught on this system")?;
    Ok(stop)
}

/// Asks for a safe end; once more ends the process at once.
pub fn ask(stop: &AtomicBool) {
    if stop.swap(true, Ordering::Relaxed) {
        view::restore();
        end();
    }
    tell("stopping at the next safe place; once more stops at once");
}

/// Ends the process. Nothing is cleaned up: a driver that hangs would hang here too.
fn end() -> ! {
    #[cfg(unix)]
    signal_hook::low_level::exit(INTERRUPTED.into());
    #[cfg(not(unix))]
    std::process::exit(INTERRUPTED.into());
}

/// Calls `heard` for each signal, on a thread of its own.
#[cfg(unix)]
fn on_signal(heard: impl Fn() + Send + 'static) -> std::io::Result<()> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    let mut signals = signal_hook::iterator::Signals::new(
        [SIGINT, SIGTERM, SIGHUP].into_iter().filter(|&signal| !is_ignored(signal)),
    )?;
    std::thread::Builder::new().name("signals".to_owned()).spawn(move || {
        for _ in signals.forever() {
            heard();
        }
    })?;
    Ok(())
}

/// Whether a signal was ignored when the program began.
#[cfg(unix)]
fn is_ignored(signal: i32) -> bool {
    let mut now = std::mem::MaybeUninit::<libc::sigaction>::zeroed();
    // SAFETY: without a new action, `sigaction` only writes the present one into `now`, for which all zeros is a valid value.
    unsafe {
        libc::sigaction(signal, std::ptr::null(), now.as_mut_ptr()) == 0
            && now.assume_init().sa_sigaction == libc::SIG_IGN
    }
}

#[cfg(not(unix))]
fn on_signal(heard: impl Fn() + Send + 'static) -> Result<(), ctrlc::Error> {
    ctrlc::set_handler(heard)
}
