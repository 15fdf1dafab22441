//! The folder of a run: who owns it, what it was made of, its checkpoints and metrics, and how damage is noticed.

mod about;
pub mod checkpoint;
mod claim;
mod error;
#[cfg(any(fuzzing, test))]
pub mod fuzzing;
mod lock;
mod manifest;
pub mod metrics;
mod pth;
pub(crate) mod record;
mod saved;
pub mod sealed;
mod state;
mod state_dict;
mod tensors;
mod verify;
mod which;

pub use about::newest_state;
pub use checkpoint::Checkpoint;
pub use claim::claim;
pub use error::OpenError;
pub use lock::{LockError, RunLock};
pub use manifest::{Entry, MANIFEST, Manifest};
pub use record::{Earlier, Record, RecordError, Source};
pub use saved::{Saved, data_folder, from_the_root, settings_file};
pub use state::{BestSoFar, CheckpointError, Interval, Loss, State};
pub use state_dict::{COUNTER, StateDict, VARIANCE};
pub use verify::{Finding, verify};
pub use which::Which;

/// The checksum of bytes, as manifests and records write it.
pub fn checksum(bytes: &[u8]) -> String {
    blake3::hash(bytes).to_hex().to_string()
}
