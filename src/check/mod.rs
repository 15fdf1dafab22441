//! Gradient checks: every buffer of a step on a device against the f64 twins, the twins' backward against central
//! differences, and losses and gradients against PyTorch's golden values.

mod browser;
mod differences;
mod fixture;
mod golden;
mod kernels;
mod lockstep;
mod packed;
mod table;
mod twin;
mod what_if;

pub use browser::{BrowserCheck, Progress};
pub use differences::central_differences;
pub use golden::{GoldenError, golden};
pub use kernels::{KernelCases, Left, SHADER_TOLERANCE};
pub use lockstep::{full_width, lockstep};
pub use packed::packed;
pub use table::{Outcome, Row, Table};
pub use twin::twin_error;
pub use what_if::{Fate, Half, Range, WhatIf, what_if_f16};

use crate::device::{Device, DeviceError, Executor, reference};
use crate::kernels::cost::Machine;
use crate::plan::{Layout, Plan, Precision};

/// Relative error of losses on f32 executors.
pub const LOSS_TOLERANCE: f64 = 1e-5;
/// Relative error of gradients and weights on f32 executors.
pub const GRADIENT_TOLERANCE: f64 = 1e-4;
/// The same where the two operands of products are rounded to half precision, by 2^-11 of a number at most: what that comes to where seven of
/// eight parts of a sum cancel, as in the gradient that InfoNCE gives a bias.
pub const MIXED_TOLERANCE: f64 = 16.0 / 2048.0;
/// Relative error of everything on the f64 twins. The golden tensors are stored in f32, which bounds it from below.
pub const REFERENCE_TOLERANCE: f64 = 1e-6;

/// Which executor a check runs on.
#[derive(Debug)]
pub enum Target {
    /// The twins in f64.
    Reference,
    /// A device, in f32.
    Device(Device),
}

impl Target {
    /// Opens the executor over `layout`.
    ///
    /// # Errors
    /// When the device cannot be opened.
    pub fn open(&self, layout: &Layout) -> Result<Box<dyn Executor>, DeviceError> {
        match self {
            Target::Reference => reference(layout),
            Target::Device(device) => device.open(layout),
        }
    }

    /// What plans for it are recorded for.
    pub fn machine(&self) -> Machine {
        match self {
            Target::Reference => Machine::Twins,
            Target::Device(device) => device.machine(),
        }
    }

    /// A short name for tables.
    pub fn name(&self) -> String {
        match self {
            Target::Reference => "f64 twin".to_owned(),
            Target::Device(device) => device.short_name(),
        }
    }

    /// The executor for a plan, with the loops that suit it.
    fn open_for(&self, plan: &Plan, layout: &Layout) -> Result<Box<dyn Executor>, DeviceError> {
        match self {
            Target::Reference => reference(layout),
            Target::Device(device) => device.suited_to(plan)?.open(layout),
        }
    }

    /// Of losses, and of gradients and weights. The twins in f64 round nothing in any precision.
    fn tolerances(&self, precision: Precision) -> (f64, f64) {
        match (self, precision) {
            (Target::Reference, _) => (REFERENCE_TOLERANCE, REFERENCE_TOLERANCE),
            (Target::Device(..), Precision::Single) => (LOSS_TOLERANCE, GRADIENT_TOLERANCE),
            (Target::Device(..), Precision::Mixed) => (MIXED_TOLERANCE, MIXED_TOLERANCE),
        }
    }
}

/// What the table calls a case in this precision.
fn case_name(name: &str, precision: Precision) -> String {
    match precision {
        Precision::Single => name.to_owned(),
        Precision::Mixed => format!("mixed_{name}"),
    }
}

/// A tensor this much smaller than what it was computed from is zero but for rounding in double precision: the gradient
/// of a bias that VICReg's centring cancels, for example.
const ZERO_BUT_FOR_ROUNDING: f64 = 1e-12;

/// `norm(got - want) / norm(want)`; the norm of `got` where `want` is zero, infinite where the lengths differ or a
/// number is not finite.
pub fn relative_error(got: &[f64], want: &[f64]) -> f64 {
    relative_error_on_scale(got, want, 0.0)
}

/// [`relative_error`] of what was computed from tensors of norm `scale`: where `want` is zero but for rounding, the error
/// is relative to that scale.
pub fn relative_error_on_scale(got: &[f64], want: &[f64], scale: f64) -> f64 {
    if got.len() != want.len() {
        return f64::INFINITY;
    }
    let difference = norm(got.iter().zip(want).map(|(g, w)| g - w));
    let size = match norm(want.iter().copied()) {
        size if size < ZERO_BUT_FOR_ROUNDING * scale => scale,
        size => size,
    };
    let error = if size > 0.0 { difference / size } else { difference };
    if error.is_finite() { error } else { f64::INFINITY }
}

fn norm(values: impl Iterator<Item = f64>) -> f64 {
    values.map(|x| x * x).sum::<f64>().sqrt()
}
