//! Executors that compute one step together: what they say to each other, and when.

#[cfg(feature = "mpi")]
mod ranks;
mod shared;
mod threads;

#[cfg(feature = "mpi")]
pub use ranks::Ranks;
pub use shared::Shared;
pub use threads::Table;

use super::DeviceError;
use crate::plan::Share;
use std::rc::Rc;

/// A member's own handle of its group.
pub type Member = Rc<dyn Collective>;

/// A member's way to the others of its group. All members call the same things in the same order.
pub trait Collective {
    /// Its number among the members, from 0; the first leads.
    fn rank(&self) -> usize;

    /// How many members there are.
    fn size(&self) -> usize;

    /// Whether all members have the same kind of device, so that equal numbers stay equal.
    fn alike(&self) -> bool;

    /// Adds up the numbers of all members in the order of their ranks, so that the sums are the same everywhere and every time.
    ///
    /// # Errors
    /// When a member has failed or gone.
    fn sum(&self, numbers: &mut [f32]) -> Result<(), DeviceError>;

    /// Everyone's numbers, one member's behind another's in the order of their ranks; all members have as many.
    ///
    /// # Errors
    /// As [`Collective::sum`].
    fn gather(&self, numbers: &[f32]) -> Result<Vec<f32>, DeviceError>;

    /// Puts the first member's words in the place of everyone's.
    ///
    /// # Errors
    /// As [`Collective::sum`].
    fn hear(&self, words: &mut [u32]) -> Result<(), DeviceError>;

    /// Tells everyone who waits, or will, that this member cannot go on.
    fn fail(&self, why: &str);

    /// How many members have another text than the first; the same number everywhere.
    ///
    /// # Errors
    /// As [`Collective::sum`].
    fn differing(&self, text: &str) -> Result<usize, DeviceError> {
        let own = blake3::hash(text.as_bytes()).as_bytes().map(u32::from);
        let mut first = own;
        self.hear(&mut first)?;
        let mut count = [if first == own { 0.0 } else { 1.0 }];
        self.sum(&mut count)?;
        Ok(count[0] as usize)
    }
}

impl Share {
    /// The share of a member of a group, if there is one.
    pub fn of(group: Option<&dyn Collective>) -> Self {
        group.map_or(Self::ALONE, |group| Self { rank: group.rank(), size: group.size(), alike: group.alike() })
    }
}
