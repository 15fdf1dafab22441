//! Where the plans of a step that several executors share meet.

use super::{Graph, Share, Tensor};

/// What a meeting is called in messages.
pub(super) const LABEL: &str = "exchange";

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
    /// Everyone gets all of them, one behind another in the order of the ranks.
    Gather {
        /// Where they go.
        all: Tensor,
        /// Elements of each member's.
        lengths: Vec<usize>,
    },
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
            Exchange::Gather { all: other, .. } | Exchange::Row { clock: other, .. } => Some(other),
            Exchange::Sum | Exchange::First => None,
        };
        [self.tensor].into_iter().chain(other)
    }
}

impl Graph {
    /// Whose plan this is.
    pub fn share(&self) -> &Share {
        &self.share
    }

    /// What follows is of so many images, which the members share.
    pub fn begin_images(&mut self, images: usize) {
        self.images = self.share.split(images);
    }

    /// How many rows each member computes where there are `own` here: as many for each of its images.
    pub fn rows_of_all(&self, own: usize) -> Vec<usize> {
        match self.images.get(self.share.rank) {
            Some(here) => self.images.iter().map(|images| images * own / here).collect(),
            None => vec![own; self.share.size],
        }
    }

    /// Stops here for what other executors have computed of a tensor.
    pub fn meet(&mut self, tensor: Tensor, what: Exchange) {
        self.meetings.push(Meeting { after: self.dispatches.len(), tensor, what });
    }

    /// What all members of the group have computed of an intermediate tensor that is as long everywhere, one behind another in the order of
    /// their ranks; the tensor itself where there is one member.
    pub fn gather(&mut self, own: Tensor) -> Tensor {
        if self.share.size == 1 {
            return own;
        }
        let name = format!("{} of all", self.name_of(&own));
        let all = self.tensor(&name, [self.share.size * own.len()]);
        self.meet(own, Exchange::Gather { all, lengths: vec![own.len(); self.share.size] });
        all
    }
}
