//! The settings of a run: what they are, where they come from, and what they make.

mod best;
mod config;
mod describe;
mod error;
mod explain;
mod merge;
pub mod presets;
mod recipe;
mod validate;

pub use best::Best;
pub use config::{CheckpointConfig, Config, DataConfig, JudgeConfig, LogConfig, ProjectorConfig, StopConfig};
pub use describe::{Choice, Description, describe, described, markdown};
pub use error::ConfigError;
pub use explain::{Explained, explain};
pub use merge::Sources;
pub(crate) use merge::to_table;
pub use recipe::Recipe;
