//! The folder of a run: who owns it, what it was made of, and files that notice damage.

mod claim;
mod lock;
mod manifest;
mod record;
pub mod sealed;

pub use claim::claim;
pub use lock::{LockError, RunLock};
pub use manifest::{Entry, MANIFEST, Manifest};
pub use record::{Record, RecordError};

/// The checksum of bytes, as manifests and records write it.
pub fn checksum(bytes: &[u8]) -> String {
    blake3::hash(bytes).to_hex().to_string()
}
