//! The log of loss terms on the device: a ring of steps that the host reads when it likes.

use crate::kernels::DType;
use crate::kernels::loss::record::{MOST, Record};
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

    /// Emits the sum of each term, in their order, times `scale`, into the current step's row.
    ///
    /// # Panics
    /// When there are more or fewer than the log has columns for.
    pub fn record(&self, g: &mut Graph, clock: Tensor, terms: &[Tensor], scale: f64) {
        assert_eq!(terms.len(), self.terms.len(), "a tensor for each of the loss terms {:?}", self.terms);
        for (terms, column) in terms.chunks(MOST).zip((1..).step_by(MOST)) {
            let kernel = Record {
                counts: std::array::from_fn(|term| terms.get(term).map_or(0, Tensor::len)),
                scale,
                capacity: CAPACITY,
                columns: 1 + self.terms.len(),
                column,
                add: self.add,
            };
            let [first, second, third] = std::array::from_fn(|term| *terms.get(term).unwrap_or(&terms[0]));
            g.push("record the losses", kernel, &[clock, first, second, third, self.losses]);
        }
    }

    /// The row of a step (counted from 1) in a copy of the log.
    pub fn row<'a>(&self, copy: &'a [f64], step: u64) -> &'a [f64] {
        let columns = 1 + self.terms.len();
        &copy[(step as usize % CAPACITY) * columns..][..columns]
    }
}
