//! In the place of the full-screen view, in a program without its feature `view`: there is none, and how to build one.

use crate::terminal::Terminal;
use crate::{Failure, usage};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use wgpu_simvae::Config;
use wgpu_simvae::device::Device;
use wgpu_simvae::train::Progress;

/// Says how to build a program that has a view.
pub fn check() -> Result<(), Failure> {
    let problem = "--view: this program was built without the view; `cargo build --release --features view` builds one that has it";
    Err(usage(anyhow::anyhow!(problem)))
}

/// Opens nothing.
pub fn open(
    _terminal: Terminal,
    _run: (&Config, &Device, &Path),
    _stop: &Arc<AtomicBool>,
) -> Result<Box<dyn Progress>, Failure> {
    check().map(|()| unreachable!("there is no view"))
}

/// Gives nothing back.
pub fn restore() {}

/// Restores nothing.
pub fn restore_on_panic() {}
