//! Events for TensorBoard, in the folder `tensorboard` of a run: metrics and reconstructions, and representations for its projector.
//! `tensorboard --logdir runs` finds them.

#[cfg_attr(not(feature = "tensorboard"), path = "none.rs")]
mod events;
#[cfg(feature = "tensorboard")]
mod projector;
#[cfg(feature = "tensorboard")]
mod proto;

pub use events::Events;

use crate::data::Images;
use crate::files::FileError;
use std::path::{Path, PathBuf};

/// Images in the projector, at most: a sprite of them must fit the 8192 pixels that browsers can draw.
pub const IMAGES: usize = 512;

/// Where a run's events are.
pub fn folder(run: &Path) -> PathBuf {
    run.join("tensorboard")
}

/// Begins a file of events of a run that goes on after `step`; events of later steps in files of before are withdrawn. None in a library
/// without its feature `tensorboard`. `test` are the images that are shown in the projector.
///
/// # Errors
/// When the files cannot be written.
pub fn open(run: &Path, step: u64, test: &Images) -> Result<Option<Events>, FileError> {
    Events::open(&folder(run), step, test)
}
