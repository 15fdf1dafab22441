//! All integration tests in one binary: one link, and one place for what they share.

mod common;

mod bench;
mod bounds;
mod cli;
mod compare;
mod config;
mod cost;
mod data;
mod decode;
mod device;
mod effects;
mod fetch;
mod finite;
mod folders;
mod formats;
mod gradcheck;
mod hidden;
mod images;
mod interface;
mod judges;
mod judging;
mod kernels;
mod laws;
mod look;
mod math;
mod methods;
mod networks;
mod output;
mod ownership;
mod plans;
mod probes;
#[cfg(target_os = "linux")]
mod radv;
mod ranges;
mod regression;
mod resume;
mod shaders;
mod sketches;
mod soundness;
mod stream;
mod torchvision;
mod translation;
mod tuned;
mod views;
mod workgroups;
