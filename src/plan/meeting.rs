//! Where the plans of a step that several executors share meet, and what each of them computes.

use super::Tensor;

/// What a meeting is called in messages.
pub(super) const LABEL: &str = "exchange";

/// Which part of each step a member of a group computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// The member's number.
    pub rank: usize,
    /// Members.
    pub size: usize,
    /// Whether the members' devices are of one kind.
    pub alike: bool,
}

impl Share {
    /// Nobody else is there.
    pub const ALONE: Self = Self { rank: 0, size: 1, alike: true };
}

/// A point of a plan where executors that compute a step together exchange what each of them has computed.
#[derive(Clone, Debug)]
pub struct Meeting {
    /// Dispatches before it.
    pub after: usize,
    /// What is exchanged.
    pub tensor: Tensor,
    /// How.
    pub what: Exchange,
}

/// What becomes of a tensor when executors exchange it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Exchange {
    /// Everyone gets the sum.
    Sum,
    /// Everyone gets all of them, one behind another in the order of the ranks, in the tensor here.
    Gather(Tensor),
    /// Everyone gets what the first executor has.
    First,
    /// As [`Exchange::Sum`] of one of so many rows: that of the step that a clock is in, `step % rows`.
    Row {
        /// The clock.
        clock: Tensor,
        /// Rows of the tensor.
        rows: usize,
    },
}

impl Meeting {
    /// The tensors that it reads or writes.
    pub(super) fn tensors(&self) -> impl Iterator<Item = Tensor> {
        let other = match self.what {
            Exchange::Gather(all) => Some(all),
            Exchange::Row { clock, .. } => Some(clock),
            Exchange::Sum | Exchange::First => None,
        };
        [self.tensor].into_iter().chain(other)
    }
}
