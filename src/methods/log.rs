//! The log of loss terms on the device: a ring of steps that the host reads when it likes.

use crate::kernels::DType;
use crate::kernels::loss::record::Record;
use crate::plan::{Graph, Layout, Tensor};

/// Steps that the log holds. The host reads at least this often.
pub const CAPACITY: usize = 256;

/// A ring of `[total, term, term, ...]` rows, one per step.
#[derive(Clone, Debug)]
pub struct LossLog {
    /// `[CAPACITY, 1 + terms]`
    pub losses: Tensor,
    terms: Vec<&'static str>,
    /// Whether what is recorded is added to what the step has recorded before.
    add: bool,
}

impl LossLog {
    /// Adds the log's region for these terms.
    pub fn new(layout: &mut Layout, terms: &[&'static str]) -> Self {
        let losses = layout.add("losses", DType::Real, [CAPACITY, 1 + terms.len()]);
        Self { losses, terms: terms.to_vec(), add: false }
    }

    /// `total`, then the terms' names.
    pub fn columns(&self) -> Vec<&'static str> {
        std::iter::once("total").chain(self.terms.iter().copied()).collect()
    }

    /// The same log in a later part of a step.
    pub(super) fn adding(&self) -> Self {
        Self { add: true, ..self.clone() }
    }

    /// Emits the sum of a term, times `scale`, into the current step's row. Terms are recorded in their order.
    pub fn record(&self, g: &mut Graph, clock: Tensor, column: usize, terms: Tensor, scale: f64) {
        let kernel = Record {
            count: terms.len(),
            scale,
            capacity: CAPACITY,
            columns: 1 + self.terms.len(),
            column: column + 1,
            add: self.add,
        };
        g.push(&format!("record {}", self.terms[column]), kernel, &[clock, terms, self.losses]);
    }

    /// The row of a step (counted from 1) in a copy of the log.
    pub fn row<'a>(&self, copy: &'a [f64], step: u64) -> &'a [f64] {
        let columns = 1 + self.terms.len();
        &copy[(step as usize % CAPACITY) * columns..][..columns]
    }
}
