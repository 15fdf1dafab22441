//! Ctrl-C and its kin: the first asks for a safe end, the second ends at once.

use crate::Failure;
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
    on_signal(move || {
        if flag.swap(true, Ordering::Relaxed) {
            return true;
        }
        tell("stopping at the next safe place; once more stops at once");
        false
    })
    .context("Ctrl-C cannot be caught on this system")?;
    Ok(stop)
}

/// Calls `heard` for each signal, on a thread of its own; ends the process at once when it says so.
#[cfg(unix)]
fn on_signal(heard: impl Fn() -> bool + Send + 'static) -> std::io::Result<()> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    let mut signals = signal_hook::iterator::Signals::new(
        [SIGINT, SIGTERM, SIGHUP].into_iter().filter(|&signal| !is_ignored(signal)),
    )?;
    std::thread::Builder::new().name("signals".to_owned()).spawn(move || {
        for _ in signals.forever() {
            if heard() {
                // Nothing is cleaned up: a driver that hangs would hang here too.
                signal_hook::low_level::exit(INTERRUPTED.into());
            }
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
fn on_signal(heard: impl Fn() -> bool + Send + 'static) -> Result<(), ctrlc::Error> {
    ctrlc::set_handler(move || {
        if heard() {
            std::process::exit(INTERRUPTED.into());
        }
    })
}
