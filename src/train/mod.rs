//! Training: settings, the recorded step, the loop, checkpoints, metrics and pictures.

mod blueprint;
pub mod checkpoint;
pub mod config;
mod exchange;
pub mod merge;
pub mod metrics;
mod open;
mod pictures;
pub mod presets;
mod progress;
mod run;
mod session;
mod stream;
mod validate;

pub use blueprint::{Blueprint, Decoding, Reconstruction};
pub use exchange::{ExchangeError, export, import};
pub use open::{OpenError, Trained, load_data};
pub use progress::{Progress, Silent, Terminal};
pub use run::{Report, RunError, RunOptions, run};
pub use session::{Embedding, Session};
