//! Self-supervised representation learning on any GPU through WebGPU shaders, or on the CPU.
//!
//! The library trains SimVAE ("A Probabilistic Model behind Self-Supervised Learning", Bizeul, Schölkopf and Allen,
//! TMLR 2024). A model is recorded once into a [`plan::Plan`], a flat list of kernel dispatches over planned memory, and
//! an executor replays it: [`device::gpu`] with WGSL shaders, [`device::cpu`] with the shaders' Rust twins.
//! `docs/ARCHITECTURE.md` has a drawing.
//!
//! ```
//! use std::sync::atomic::AtomicBool;
//! use wgpu_simvae::{Config, Device, FileOptions, Recipe, RunOptions, Silent, load_with, run};
//!
//! let device = Device::cpu();
//! let data = load_with("sprites", None, &device, &FileOptions { limit: 64, ..FileOptions::default() })?;
//! let mut config = Config { epochs: 1, batch: 8, views: 2, ..Config::default() };
//! config.model.hidden = vec![32];
//! let out = tempfile::tempdir()?;
//! let options = RunOptions { out: out.path().join("run"), resume: false, checkpoint: None };
//! let mut report =
//!     run(&Recipe::new(&config)?, &data, &device, &options, &mut Silent, &AtomicBool::new(false))?;
//! let test = report.session.blueprint.test;
//! let embedding = report.session.embed(&test, 5)?;
//! assert_eq!(embedding.mu.len(), 5 * config.model.latent);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The names at the root are the front door; the modules below are open to those who build kernels, layers and losses of their own, and
//! more likely to change.

#![warn(missing_docs, clippy::print_stdout, clippy::print_stderr)]

pub mod augment;
pub mod check;
pub mod compare;
pub mod console;
pub mod data;
pub mod device;
pub mod draw;
pub mod eval;
pub mod files;
#[cfg(fuzzing)]
pub mod fuzzing;
pub mod kernels;
pub mod math;
pub mod methods;
pub mod nn;
pub mod optim;
pub mod plan;
pub mod quiet;
pub mod run_folder;
pub mod setting;
pub mod settings;
pub mod train;

pub use data::{Dataset, FileOptions, Images, load_with};
pub use device::Device;
pub use kernels::Kernel;
pub use methods::{Method, Objective};
pub use nn::{Backbone, Module};
pub use plan::Plan;
pub use settings::{Config, Recipe};
pub use train::{Embedding, Progress, Report, RunOptions, Silent, Trained, run};
