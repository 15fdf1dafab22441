//! The settings of a run: what they are and where they come from.

mod config;
mod error;
mod merge;
pub mod presets;
pub mod ranges;
mod validate;

pub use config::{
    AugmentConfig, Config, DataConfig, LogConfig, Method, ModelConfig, ModelKind, OptimConfig, ProjectorConfig,
    Schedule,
};
pub use error::ConfigError;
pub use merge::Sources;
