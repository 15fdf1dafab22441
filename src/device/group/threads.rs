//! A group of threads in one process, each with a device of its own.

use super::Collective;
use crate::device::DeviceError;
use std::fmt;
use std::mem::take;
use std::sync::{Arc, Condvar, Mutex, PoisonError};

/// The table that a group of threads sits at. Each takes a seat.
pub struct Table {
    size: usize,
    alike: bool,
    state: Mutex<State>,
    changed: Condvar,
}

/// A round of talk: all bring words, and all take the same ones away.
#[derive(Default)]
struct State {
    round: u64,
    brought: Vec<Option<Vec<u32>>>,
    result: Arc<Vec<u32>>,
    failed: Option<String>,
}

impl Table {
    /// A table with so many seats, in the order of their ranks, for devices that are alike or not.
    pub fn seats(size: usize, alike: bool) -> Vec<impl Collective + Send> {
        let state = Mutex::new(State { brought: vec![None; size], ..State::default() });
        let table = Arc::new(Self { size, alike, state, changed: Condvar::new() });
        (0..size).map(|rank| Seat { table: table.clone(), rank }).collect()
    }
}

impl fmt::Debug for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Table of {}", self.size)
    }
}

#[derive(Debug)]
struct Seat {
    table: Arc<Table>,
    rank: usize,
}

impl Seat {
    /// Brings words and waits until everyone has; the last to come combines them.
    fn round(&self, words: Vec<u32>, combine: fn(Vec<Vec<u32>>) -> Vec<u32>) -> Result<Arc<Vec<u32>>, DeviceError> {
        let Table { size, state, changed, .. } = &*self.table;
        let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
        let round = state.round;
        state.brought[self.rank] = Some(words);
        if state.brought.iter().all(Option::is_some) {
            let brought = std::mem::replace(&mut state.brought, vec![None; *size]);
            state.result = Arc::new(combine(brought.into_iter().flatten().collect()));
            state.round += 1;
            changed.notify_all();
        }
        while state.round == round && state.failed.is_none() {
            state = changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        match &state.failed {
            Some(why) => Err(DeviceError::Group { message: why.clone() }),
            None => Ok(state.result.clone()),
        }
    }
}

impl Collective for Seat {
    fn rank(&self) -> usize {
        self.rank
    }

    fn size(&self) -> usize {
        self.table.size
    }

    fn alike(&self) -> bool {
        self.table.alike
    }

    fn sum(&self, numbers: &mut [f32]) -> Result<(), DeviceError> {
        let sums = self.round(bytemuck::cast_slice(numbers).to_vec(), |mut brought| {
            let mut sums = take(&mut brought[0]);
            for words in &brought[1..] {
                let numbers = bytemuck::cast_slice_mut::<u32, f32>(&mut sums).iter_mut();
                numbers.zip(bytemuck::cast_slice::<u32, f32>(words)).for_each(|(sum, x)| *sum += x);
            }
            sums
        })?;
        numbers.copy_from_slice(bytemuck::cast_slice(&sums));
        Ok(())
    }

    fn gather(&self, numbers: &[f32], _lengths: &[usize]) -> Result<Vec<f32>, DeviceError> {
        let all = self.round(bytemuck::cast_slice(numbers).to_vec(), |brought| brought.concat())?;
        Ok(bytemuck::cast_slice(&all).to_vec())
    }

    fn hear(&self, words: &mut [u32]) -> Result<(), DeviceError> {
        let mine = if self.rank == 0 { words.to_vec() } else { Vec::new() };
        let said = self.round(mine, |mut brought| take(&mut brought[0]))?;
        if said.len() != words.len() {
            return Err(DeviceError::Group { message: "the first one has ended the run".to_owned() });
        }
        words.copy_from_slice(&said);
        Ok(())
    }

    fn fail(&self, why: &str) {
        let mut state = self.table.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.failed.get_or_insert_with(|| why.to_owned());
        self.table.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::Table;
    use crate::device::group::Collective;
    use std::thread;

    #[test]
    fn everyone_takes_the_same_away() {
        let members = Table::seats(3, true).into_iter().map(|seat| {
            thread::spawn(move || {
                let mut found = Vec::new();
                for round in 0..50 {
                    let mut numbers = [1e8, 1.0, round as f32].map(|x: f32| if seat.rank() == 1 { -x } else { x });
                    seat.sum(&mut numbers).expect("sums");
                    let mut words = [seat.rank() as u32 + 7, round];
                    seat.hear(&mut words).expect("words");
                    let rank = seat.rank() as f32;
                    let all = seat.gather(&vec![rank; seat.rank() + 1], &[1, 2, 3]).expect("numbers");
                    let texts = seat.texts(&"ü".repeat(seat.rank())).expect("texts");
                    found.push((numbers, words, all, texts));
                }
                found
            })
        });
        for member in members.collect::<Vec<_>>() {
            for (round, found) in member.join().expect("a member").into_iter().enumerate() {
                let at = round as f32;
                let texts = ["", "ü", "üü"].map(str::to_owned).to_vec();
                assert_eq!(found, ([1e8, 1.0, at], [7, round as u32], vec![0.0, 1.0, 1.0, 2.0, 2.0, 2.0], texts));
            }
        }
    }

    #[test]
    fn whoever_waits_for_one_who_failed_is_told() {
        let mut seats = Table::seats(3, true).into_iter();
        let waiting: Vec<_> = seats.by_ref().take(2).map(|seat| thread::spawn(move || seat.sum(&mut [1.0]))).collect();
        let last = seats.next().expect("a seat");
        last.fail("the third is gone");
        for member in waiting {
            let error = member.join().expect("a member").expect_err("one has failed");
            assert!(error.to_string().contains("the third is gone"), "{error}");
        }
        assert!(last.hear(&mut [0]).is_err());
    }
}
