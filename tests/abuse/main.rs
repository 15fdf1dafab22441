//! Runs that are killed, that meet full disks, whose bits flip and that race each other: nothing is lost, and nothing damaged is used without a
//! word.
//!
//! `WGPU_SIMVAE_ABUSE=kills=1000,disks=100,bits=400,races=50,seed=7` sets how often, and what is drawn; a few of each by default. Moments are
//! random, and no assertion depends on them.
#![cfg(unix)]

mod bits;
mod disks;
mod kills;
mod races;
mod runs;
