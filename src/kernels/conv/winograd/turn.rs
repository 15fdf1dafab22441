//! Lines of numbers laid side by side, and back: the transposition of a `LANES x len` matrix.
//!
//! A perfect shuffle, which interleaves the halves of an array, moves the highest bit of each index to the lowest place. As many
//! of them as the number of lanes has bits bring the lane from the front of the index to its end. Each is a loop that vectorises,
//! where gathering numbers one by one is not.

use super::tile::{LANES, Lanes};
use crate::math::Real;

/// Memory for transpositions of lines up to a length.
pub struct Turn<T> {
    lines: Vec<Lanes<T>>,
    spare: Vec<Lanes<T>>,
}

impl<T: Real> Turn<T> {
    /// Memory for lines of `len`.
    pub fn new(len: usize) -> Self {
        Self { lines: vec![[T::ZERO; LANES]; len], spare: vec![[T::ZERO; LANES]; len] }
    }

    /// The elements of up to `LANES` lines of `len` side by side; lanes without a line are zero.
    #[inline(always)]
    pub fn side_by_side<'a>(&mut self, lines: impl Iterator<Item = &'a [T]>, len: usize) -> &[Lanes<T>] {
        let places = self.lines[..len].as_flattened_mut();
        let mut filled = 0;
        for line in lines {
            places[filled..filled + len].copy_from_slice(line);
            filled += len;
        }
        places[filled..].fill(T::ZERO);
        for _ in 0..LANES.trailing_zeros() {
            let (low, high) = self.lines[..len].as_flattened().split_at(len * LANES / 2);
            let (pairs, _) = self.spare[..len].as_flattened_mut().as_chunks_mut::<2>();
            for (pair, (&low, &high)) in pairs.iter_mut().zip(low.iter().zip(high)) {
                *pair = [low, high];
            }
            std::mem::swap(&mut self.lines, &mut self.spare);
        }
        &self.lines[..len]
    }

    /// The lines whose `len` elements these are, side by side.
    #[inline(always)]
    pub fn apart<'a>(
        &mut self,
        elements: impl Iterator<Item = &'a Lanes<T>>,
        len: usize,
    ) -> impl Iterator<Item = &[T]> {
        self.lines.iter_mut().zip(elements).for_each(|(to, x)| *to = *x);
        for _ in 0..LANES.trailing_zeros() {
            let (pairs, _) = self.lines[..len].as_flattened().as_chunks::<2>();
            let (low, high) = self.spare[..len].as_flattened_mut().split_at_mut(len * LANES / 2);
            for (&pair, (low, high)) in pairs.iter().zip(low.iter_mut().zip(high)) {
                [*low, *high] = pair;
            }
            std::mem::swap(&mut self.lines, &mut self.spare);
        }
        self.lines[..len].as_flattened().chunks_exact(len)
    }
}
