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
//! let options = RunOptions::new(out.path().join("run"));
//! let mut report =
//!     run(&Recipe::new(&config)?, &data, &device, &options, &mut Silent, &AtomicBool::new(false))?;
//! let test = report.session.blueprint.test;
//! let embedding = report.session.embed(&test, 5)?;
//! assert_eq!(embedding.mu.len(), 5 * config.model.latent);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The names at the root are the front door, and the modules beside them say more about data, settings, runs and
//! judges. [`low_level`] is for those who build kernels, layers and losses of their own.
//!
//! # Features
//!
//! These are in the default; the bare library (`default-features = false`) trains, resumes, embeds and judges.
//!
//! - `fetch`: downloads of public data sets, `data::fetch`. Without it, the error over a missing data set says which
//!   files to put where.
//! - `report`: charts (SVG) and pages of runs, and the tables and the page of a comparison, `compare::report`. Without it,
//!   those files are not written.
//! - `tensorboard`: events of runs that set `log.tensorboard`. Without it, such a run says that there are none.
//! - `onnx`: a run's networks as ONNX files, `onnx`.
//! - `cli`: the command `wgpu-simvae`, with all four.
//!
//! Three are not:
//!
//! - `translate`: shaders as SPIR-V, Metal, HLSL and GLSL, `low_level::device::gpu::translate`.
//! - `view`: the command's `train --view`.
//! - `static-dxc`: Microsoft's newer shader compiler, built in, for DirectX 12.

// What a library says goes through `Progress` and `console`.
#![warn(clippy::print_stdout, clippy::print_stderr)]

pub mod compare;
pub mod data;
pub mod decode;
pub mod eval;
#[cfg(feature = "onnx")]
pub mod onnx;
pub mod run_folder;
pub mod settings;
pub mod train;

// The sources name these rooms from the root; the documentation shows them in `low_level`, but for what only the command
// uses (`console`, `quiet`).
#[doc(hidden)]
pub mod augment;
#[doc(hidden)]
pub mod bench;
#[doc(hidden)]
pub mod check;
#[doc(hidden)]
pub mod console;
#[doc(hidden)]
pub mod device;
#[doc(hidden)]
pub mod draw;
#[doc(hidden)]
pub mod files;
#[cfg(any(fuzzing, test))]
pub mod fuzzing;
#[doc(hidden)]
pub mod kernels;
#[doc(hidden)]
pub mod math;
#[doc(hidden)]
pub mod measure;
#[doc(hidden)]
pub mod methods;
#[doc(hidden)]
pub mod nn;
#[doc(hidden)]
pub mod optim;
#[doc(hidden)]
pub mod page;
#[doc(hidden)]
pub mod plan;
#[doc(hidden)]
pub mod quiet;
#[doc(hidden)]
pub mod recording;
#[doc(hidden)]
pub mod setting;
#[doc(hidden)]
pub mod tensorboard;
#[doc(hidden)]
pub mod web;

#[doc(inline)]
pub use data::{Dataset, FileOptions, Images, load_with};
pub use device::{Device, DeviceRequest, choose};
pub use methods::Objective;
pub use nn::Backbone;
pub use run_folder::Which;
#[doc(inline)]
pub use settings::{Config, Recipe};
#[doc(inline)]
pub use train::{Progress, RunOptions, Silent, Trained, run};

/// What the front door stands on, for kernels, layers, losses and loops of one's own. More likely to change than the rest.
///
/// From the ground up: a [`Kernel`](kernels::Kernel) is a WGSL shader with its Rust twin, layers ([`nn`]) and methods
/// write dispatches of kernels into a [`plan::Graph`], and a [`device`] replays the [`Plan`](plan::Plan) that it becomes.
pub mod low_level {
    #[doc(inline)]
    pub use crate::{
        augment, bench, check, device, draw, files, kernels, math, measure, methods, nn, optim, plan, recording,
        setting,
    };
}
