//! A group of processes, on one machine or many, by MPI.

use super::{Collective, Member};
use crate::console::complain;
use crate::device::DeviceError;
use mpi::Count;
use mpi::collective::SystemOperation;
use mpi::datatype::PartitionMut;
use mpi::environment::Universe;
use mpi::traits::{Communicator, CommunicatorCollectives, Root};
use std::fmt;
use std::rc::Rc;

/// The processes that `mpirun` or its like has started with this one.
pub struct Ranks {
    // Its end is MPI's end.
    universe: Universe,
    alike: bool,
}

impl fmt::Debug for Ranks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "process {} of {}", self.rank(), self.size())
    }
}

impl Ranks {
    /// Begins MPI; once in a process. `device` is this one's, in words.
    ///
    /// # Errors
    /// When MPI has begun before, or a process cannot be heard.
    pub fn join(device: &str) -> Result<Member, DeviceError> {
        let universe =
            mpi::initialize().ok_or_else(|| DeviceError::Group { message: "MPI has begun twice".to_owned() })?;
        let mut ranks = Self { universe, alike: true };
        ranks.alike = ranks.differing(device)? == 0;
        Ok(Rc::new(ranks))
    }
}

impl Collective for Ranks {
    fn rank(&self) -> usize {
        self.universe.world().rank() as usize
    }

    fn size(&self) -> usize {
        self.universe.world().size() as usize
    }

    fn alike(&self) -> bool {
        self.alike
    }

    fn sum(&self, numbers: &mut [f32]) -> Result<(), DeviceError> {
        let own = numbers.to_vec();
        self.universe.world().all_reduce_into(&own[..], numbers, SystemOperation::sum());
        Ok(())
    }

    fn gather(&self, numbers: &[f32], lengths: &[usize]) -> Result<Vec<f32>, DeviceError> {
        let mut all = vec![0.0; lengths.iter().sum()];
        let counts: Vec<Count> = lengths.iter().map(|&length| length as Count).collect();
        let begins = counts.iter().scan(0, |end, &count| Some(std::mem::replace(end, *end + count)));
        let mut places = PartitionMut::new(&mut all[..], &counts[..], begins.collect::<Vec<_>>());
        self.universe.world().all_gather_varcount_into(numbers, &mut places);
        Ok(all)
    }

    fn hear(&self, words: &mut [u32]) -> Result<(), DeviceError> {
        self.universe.world().process_at_rank(0).broadcast_into(words);
        Ok(())
    }

    fn fail(&self, why: &str) {
        // Nobody can be told while they wait: all processes end.
        complain(format_args!("error: process {} of {}: {why}", self.rank(), self.size()));
        self.universe.world().abort(1)
    }
}
