//! What came of it, as a map of what may be half.

use half::f16;
use serde::Serialize;
use std::fmt;

/// Error of a gradient that a tensor in half precision may cause, as a part of what another batch makes of the gradient: the square of it,
/// a hundredth, is what it adds to the variance that training lives with.
const PART: f64 = 0.1;

/// The numbers of a tensor, beside what half precision holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Range {
    /// The largest absolute value.
    pub largest: f64,
    /// Numbers that are not zero.
    pub nonzero: u64,
    /// Of these, how many are larger than the largest half number.
    pub over: u64,
    /// How many become zero.
    pub lost: u64,
    /// How many have fewer digits than half numbers of a normal size: below 6.1e-5.
    pub coarse: u64,
}

impl Range {
    pub(super) fn see(&mut self, numbers: &[f64]) {
        for x in numbers.iter().map(|x| x.abs()).filter(|&x| x > 0.0) {
            self.largest = self.largest.max(x);
            self.nonzero += 1;
            let half = f16::from_f64(x);
            self.over += u64::from(half.is_infinite());
            self.lost += u64::from(half == f16::ZERO);
            self.coarse += u64::from(half < f16::MIN_POSITIVE && half > f16::ZERO);
        }
    }
}

/// A tensor, and what the gradient becomes with this tensor alone in half precision.
#[derive(Clone, Debug, Serialize)]
pub struct Half {
    /// Its name in the plan, or its parameter's.
    pub name: String,
    /// Its numbers.
    pub elements: usize,
    /// Whether a loss scale multiplies it.
    pub backward: bool,
    /// What they are.
    pub range: Range,
    /// Relative error of the whole gradient.
    pub error: f64,
    /// The same under the loss scale, where it multiplies this tensor.
    pub scaled_error: Option<f64>,
}

/// What a tensor may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fate {
    /// Half as it is.
    Half,
    /// Half under a loss scale.
    Scaled,
    /// Single precision.
    Single,
}

impl Half {
    /// What it may be, where the gradient of another batch is so far away. A number beyond the largest half one is an infinity, which no loss
    /// scale mends in the forward pass.
    pub fn fate(&self, another_batch: f64) -> Fate {
        let good = |error: f64| error <= PART * another_batch;
        match self {
            Self { error, range: Range { over: 0, .. }, .. } if good(*error) => Fate::Half,
            Self { scaled_error: Some(error), .. } if good(*error) => Fate::Scaled,
            _ => Fate::Single,
        }
    }
}

/// A training step whose tensors were rounded one at a time.
#[derive(Clone, Debug, Serialize)]
pub struct WhatIf {
    /// The method.
    pub method: String,
    /// The kind of networks.
    pub networks: String,
    /// Rows of the step.
    pub rows: usize,
    /// Steps before it.
    pub steps: u64,
    /// Exponent of the loss scale, a power of two.
    pub scale: i32,
    /// How far the gradient of another batch is away: what training is used to.
    pub another_batch: f64,
    /// Error of the gradient with all tensors that may be half rounded together, under the loss scale.
    pub together: f64,
    /// The tensors.
    pub tensors: Vec<Half>,
}

impl fmt::Display for WhatIf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.tensors.iter().map(|tensor| tensor.name.len()).max().unwrap_or(0).max(6);
        let Self { method, networks, rows, steps, scale, another_batch, together, .. } = self;
        writeln!(f, "{method}, {networks}, {rows} rows, after {steps} steps; loss scale 2^{scale}")?;
        let heads = ["elements", "largest", "over", "lost", "coarse", "error", "scaled"];
        write!(f, "{:width$}", "tensor")?;
        for head in heads {
            write!(f, "  {head:>8}")?;
        }
        writeln!(f, "  may be")?;
        for tensor in &self.tensors {
            let Half { name, elements, range, error, scaled_error, .. } = tensor;
            let percent = |count: u64| format!("{:.1} %", 100.0 * count as f64 / range.nonzero.max(1) as f64);
            let [over, lost, coarse] = [range.over, range.lost, range.coarse].map(percent);
            let scaled = scaled_error.map_or_else(|| "-".to_owned(), |error| format!("{error:.1e}"));
            let fate = match tensor.fate(*another_batch) {
                Fate::Half => "half",
                Fate::Scaled => "half, scaled",
                Fate::Single => "single",
            };
            let largest = range.largest;
            writeln!(
                f,
                "{name:width$}  {elements:>8}  {largest:>8.1e}  {over:>8}  {lost:>8}  {coarse:>8}  {error:>8.1e}  {scaled:>8}  {fate}"
            )?;
        }
        let elements = |half: bool| {
            let own = self.tensors.iter().filter(|tensor| !half || tensor.fate(*another_batch) != Fate::Single);
            own.map(|tensor| tensor.elements as f64).sum::<f64>()
        };
        let share = 100.0 * elements(true) / elements(false).max(1.0);
        writeln!(f, "all that may be half together, {share:.1} % of the numbers: error {together:.1e}")?;
        write!(
            f,
            "the gradient of another batch is {another_batch:.1e} away; half is what changes it by at most {PART} of that"
        )
    }
}
