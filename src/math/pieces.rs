//! Slices cut into pieces that the threads share: what a twin loops over.
//!
//! ```
//! use wgpu_simvae::math::pieces::{rows, rows_mut, side_by_side};
//!
//! let (matrix, mut sums) = ([1.0, 2.0, 3.0, 4.0], [0.0, 0.0]);
//! side_by_side((rows_mut(&mut sums, 1), rows(&matrix, 2)), 1, |_, (sum, row)| sum[0] = row.iter().sum());
//! assert_eq!(sums, [3.0, 7.0]);
//! ```
//!
//! Which thread takes a piece is open, which numbers are in it is not: results do not depend on the number of threads.
//!
//! This stands in for rayon's own iterators over slices, whose every chain is some 1,900 lines to compile, for each
//! precision: here all loops are one, over indices.

use std::marker::PhantomData;

use rayon::prelude::*;

/// What comes in pieces, of which each can be had from any thread. Two to four of them in a tuple are such, too: their
/// pieces are tuples, and the shortest member ends them.
pub trait Pieces: Sync {
    /// One of them.
    type Piece;

    /// How many there are.
    fn count(&self) -> usize;

    /// The piece of this index.
    ///
    /// # Safety
    /// The index is below [`count`](Self::count), and no index is asked for twice.
    unsafe fn piece(&self, index: usize) -> Self::Piece;
}

/// Runs `body` on each piece and its index, on all threads; each takes at least `least` pieces in a row, so that short
/// ones are worth its while.
pub fn side_by_side<P: Pieces>(pieces: P, least: usize, body: impl Fn(usize, P::Piece) + Sync) {
    over(pieces.count(), least, &|index| {
        // SAFETY: `over` calls this once for each index below the count, and `pieces` ends here.
        body(index, unsafe { pieces.piece(index) });
    });
}

/// Runs `body` on each index below `count`, once, as [`side_by_side`] does. Not generic, so compiled once.
pub(super) fn over(count: usize, least: usize, body: &(dyn Fn(usize) + Sync)) {
    if count <= least {
        (0..count).for_each(body);
    } else {
        (0..count).into_par_iter().with_min_len(least).for_each(body);
    }
}

/// `whole` in rows of `width` elements; the last may be shorter.
///
/// # Panics
/// If `width` is zero.
pub fn rows<T>(whole: &[T], width: usize) -> Rows<'_, T> {
    assert!(width > 0, "rows of no elements");
    Rows { whole, width }
}

/// As [`rows`], to be written to.
///
/// # Panics
/// If `width` is zero.
pub fn rows_mut<T>(whole: &mut [T], width: usize) -> RowsMut<'_, T> {
    assert!(width > 0, "rows of no elements");
    RowsMut { first: whole.as_mut_ptr(), len: whole.len(), width, whole: PhantomData }
}

/// Each element of `whole` for itself, to be written to.
pub fn each_mut<T>(whole: &mut [T]) -> EachMut<'_, T> {
    EachMut(rows_mut(whole, 1))
}

/// A slice in rows: [`rows`].
pub struct Rows<'a, T> {
    whole: &'a [T],
    width: usize,
}

/// A slice in rows that are written to: [`rows_mut`].
pub struct RowsMut<'a, T> {
    first: *mut T,
    len: usize,
    width: usize,
    whole: PhantomData<&'a mut [T]>,
}

/// The elements of a slice that is written to: [`each_mut`].
pub struct EachMut<'a, T>(RowsMut<'a, T>);

// SAFETY: all that threads can do with it is to take rows, and no two take the same: each is handed over to one thread.
unsafe impl<T: Send> Sync for RowsMut<'_, T> {}

impl<'a, T: Sync> Pieces for Rows<'a, T> {
    type Piece = &'a [T];

    fn count(&self) -> usize {
        self.whole.len().div_ceil(self.width)
    }

    unsafe fn piece(&self, index: usize) -> &'a [T] {
        let rest = &self.whole[index * self.width..];
        &rest[..self.width.min(rest.len())]
    }
}

impl<'a, T: Send> Pieces for RowsMut<'a, T> {
    type Piece = &'a mut [T];

    fn count(&self) -> usize {
        self.len.div_ceil(self.width)
    }

    unsafe fn piece(&self, index: usize) -> &'a mut [T] {
        let from = index * self.width;
        // SAFETY: the index is below the count, so `from` is below `len`; the row ends with the slice, which is borrowed
        // for all of 'a; and rows of different indices, of which none comes twice, share no element.
        unsafe { std::slice::from_raw_parts_mut(self.first.add(from), self.width.min(self.len - from)) }
    }
}

impl<'a, T: Send> Pieces for EachMut<'a, T> {
    type Piece = &'a mut T;

    fn count(&self) -> usize {
        self.0.len
    }

    unsafe fn piece(&self, index: usize) -> &'a mut T {
        // SAFETY: as a row's of one element.
        unsafe { &mut *self.0.first.add(index) }
    }
}

/// Tuples of pieces.
macro_rules! together {
    ($($member:ident $index:tt),+) => {
        impl<$($member: Pieces),+> Pieces for ($($member,)+) {
            type Piece = ($($member::Piece,)+);

            fn count(&self) -> usize {
                usize::MAX$(.min(self.$index.count()))+
            }

            unsafe fn piece(&self, index: usize) -> Self::Piece {
                // SAFETY: no member counts less than the tuple, and each hands on what the caller vouches for.
                unsafe { ($(self.$index.piece(index),)+) }
            }
        }
    };
}

together!(A 0, B 1);
together!(A 0, B 1, C 2);
together!(A 0, B 1, C 2, D 3);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_the_chunks_of_a_slice() {
        for (len, width) in [(0, 1), (1, 1), (7, 1), (7, 3), (9, 3), (2, 5), (1000, 7)] {
            for least in [1, 4, 1000] {
                let from: Vec<usize> = (0..len).collect();
                let mut to = vec![(0, 0, 0); len];
                side_by_side((rows_mut(&mut to, width), rows(&from, width)), least, |index, (to, from)| {
                    assert_eq!(to.len(), from.len());
                    to.iter_mut().zip(from).for_each(|(to, &from)| *to = (to.0 + 1, index, from));
                });
                let wanted: Vec<_> = (0..len).map(|at| (1, at / width, at)).collect();
                assert_eq!(to, wanted, "{len} in rows of {width}, at least {least} at once");
            }
        }
    }

    #[test]
    fn the_shortest_member_ends_a_tuple() {
        let (mut counts, mut marks) = (vec![0; 9], vec![false; 7]);
        let four = (each_mut(&mut counts), rows_mut(&mut marks, 1), rows(&[1; 12], 2), rows(&[2; 5], 1));
        side_by_side(four, 1, |index, (count, mark, pair, one)| {
            *count += index * (pair[0] + pair[1]) + one[0];
            mark[0] = true;
        });
        assert_eq!(counts, [2, 4, 6, 8, 10, 0, 0, 0, 0]);
        assert_eq!(marks, [true, true, true, true, true, false, false]);
    }

    #[test]
    #[should_panic(expected = "rows of no elements")]
    fn rows_have_elements() {
        rows(&[0.0], 0);
    }
}
