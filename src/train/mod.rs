//! Training: settings, the recorded step, the loop, checkpoints, metrics and pictures.

mod blueprint;
pub mod checkpoint;
pub mod config;
pub mod diagnose;
mod exchange;
#[cfg(fuzzing)]
pub mod fuzzing;
pub mod merge;
pub mod metrics;
mod open;
mod origin;
mod pictures;
pub mod presets;
mod progress;
pub mod ranges;
mod run;
mod run_error;
mod session;
mod state;
mod state_dict;
mod stream;
mod training;
mod validate;
mod verify;

pub use blueprint::{Blueprint, Decoding, Reconstruction};
pub use exchange::{ExchangeError, export, import};
pub use open::{OpenError, Trained, load_data};
pub use progress::{Progress, Silent, Terminal};
pub use run::{Report, RunOptions, run};
pub use run_error::RunError;
pub use session::{Embedding, Session};
pub use verify::{Finding, verify};
