//! Self-supervised representation learning on any GPU through WebGPU shaders, or on the CPU.
//!
//! The library trains SimVAE ("A Probabilistic Model behind Self-Supervised Learning", Bizeul, Schölkopf and Allen,
//! TMLR 2024). A model is recorded once into a [`plan::Plan`], a flat list of kernel dispatches over planned memory, and
//! an executor replays it: [`device::gpu`] with WGSL shaders, [`device::cpu`] with the shaders' Rust twins.
//! `docs/ARCHITECTURE.md` has a drawing.

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
