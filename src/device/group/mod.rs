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

    /// Adds up the numbers of all members: the sums are the same everywhere. Threads add in the order of their ranks, so that they are the
    /// same every time, too; `mpirun` adds in an order of its own.
    ///
    /// # Errors
    /// When a member has failed or gone.
    fn sum(&self, numbers: &mut [f32]) -> Result<(), DeviceError>;

    /// Everyone's numbers, one member's behind another's in the order of their ranks; `lengths` has how many each member brings.
    ///
    /// # Errors
    /// As [`Collective::sum`].
    fn gather(&self, numbers: &[f32], lengths: &[usize]) -> Result<Vec<f32>, DeviceError>;

    /// Puts the first member's words in the place of everyone's.
    ///
    /// # Errors
    /// As [`Collective::sum`].
    fn hear(&self, words: &mut [u32]) -> Result<(), DeviceError>;

    /// Tells everyone who waits, or will, that this member cannot go on.
    fn fail(&self, why: &str);

    /// Everyone's text, in the order of the ranks.
    ///
    /// # Errors
    /// As [`Collective::sum`].
    fn texts(&self, own: &str) -> Result<Vec<String>, DeviceError> {
        // Bytes and lengths are whole numbers below 2^24.
        let lengths = self.gather(&[own.len() as f32], &vec![1; self.size()])?;
        let lengths: Vec<usize> = lengths.into_iter().map(|length| length as usize).collect();
        let bytes: Vec<f32> = own.bytes().map(f32::from).collect();
        let mut all = self.gather(&bytes, &lengths)?.into_iter().map(|byte| byte as u8);
        let text =
            |&length: &usize| String::from_utf8_lossy(&all.by_ref().take(length).collect::<Vec<_>>()).into_owned();
        Ok(lengths.iter().map(text).collect())
    }

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
    /// A member's share of a step, of whose images each member of its group computes so many.
    pub fn of(group: &dyn Collective, images: Vec<usize>) -> Self {
        Self { rank: group.rank(), size: group.size(), alike: group.alike(), images }
    }
}
