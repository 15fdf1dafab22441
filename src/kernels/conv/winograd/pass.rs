//! The forward pass of both convolutions, and the input gradient of either, which is the other's forward pass.

use super::COLUMNS;
use super::strip::{Field, Finish, Strip, blocks};
use super::tile::{Four, LANES, Side, Tile, Two, square};
use crate::math::gemm::{Matrix, product};
use crate::math::pieces::{each_mut, rows, rows_mut, side_by_side};
use crate::math::scratch::with_scratch;
use crate::math::{Real, simd};

/// A convolution of one field to another: forward, or backward with the filters turned and their channels exchanged.
pub struct Pass {
    pub source: Field,
    pub target: Field,
    /// Rows and columns of zeros around the source.
    pub padding: usize,
    /// Whether the filters are turned by half a circle, and lead from the map's channels to the image's.
    pub turned: bool,
}

impl Pass {
    /// Convolves these images.
    pub fn run<T: Real>(&self, images: usize, source: &[T], weight: &[T], finish: Finish<'_, T>, target: &mut [T]) {
        match self.target.side() {
            Side::Two => self.tiled::<T, Two, 2, 4>(images, source, weight, finish, target),
            Side::Four => self.tiled::<T, Four, 4, 6>(images, source, weight, finish, target),
        }
    }

    fn tiled<T: Real, A: Tile<M, N>, const M: usize, const N: usize>(
        &self,
        images: usize,
        source: &[T],
        weight: &[T],
        finish: Finish<'_, T>,
        target: &mut [T],
    ) {
        let (inputs, outputs, places) = (self.source.channels, self.target.channels, N * N);
        let per_group = self.target.tiles_down(M) * self.target.columns(M);
        let groups = images.div_ceil(LANES);
        let task = LANES * (COLUMNS.div_ceil(per_group)).min(groups.div_ceil(rayon::current_num_threads()));
        with_scratch(places * inputs * outputs, |filters| {
            self.filters::<T, A, M, N>(weight, filters);
            let filters = &*filters;
            let targets = rows_mut(&mut target[..images * self.target.len()], task * self.target.len());
            let sources = rows(&source[..images * self.source.len()], task * self.source.len());
            side_by_side((targets, sources), 1, |_, (target, source)| {
                let strips = self.target.strips(target.len() / self.target.len(), M);
                for strips in blocks(&strips, self.target.columns(M)) {
                    self.block::<T, A, M, N>(strips, source, filters, finish, target);
                }
            });
        });
    }

    /// Convolves these strips of the images with the transformed filters.
    fn block<T: Real, A: Tile<M, N>, const M: usize, const N: usize>(
        &self,
        strips: &[Strip],
        source: &[T],
        filters: &[T],
        finish: Finish<'_, T>,
        target: &mut [T],
    ) {
        let (inputs, outputs, places) = (self.source.channels, self.target.channels, N * N);
        let columns = strips.len() * self.target.columns(M);
        with_scratch((inputs + outputs) * places * columns, |scratch| {
            let (data, products) = scratch.split_at_mut(inputs * places * columns);
            for channel in 0..inputs {
                let to = (&mut data[channel * columns..], inputs * columns);
                self.source.transform::<T, M, N, N>(source, channel, strips, self.padding, to, inlined!(A::data));
            }
            let operands = filters.chunks_exact(inputs * outputs).zip(data.chunks_exact(inputs * columns));
            for (to, (filter, data)) in products.chunks_exact_mut(outputs * columns).zip(operands) {
                let filter = match self.turned {
                    true => Matrix::new(filter, inputs, outputs).t(),
                    false => Matrix::new(filter, outputs, inputs),
                };
                product(filter, Matrix::new(data, inputs, columns), to, false);
            }
            self.target.results::<T, A, M, N>(products, strips, finish, target);
        });
    }

    /// Transforms weights `[map channels, image channels, 3, 3]` into `[place, map channels, image channels]`.
    fn filters<T: Real, A: Tile<M, N>, const M: usize, const N: usize>(&self, weight: &[T], filters: &mut [T]) {
        let channels = if self.turned { self.target.channels } else { self.source.channels };
        let mut filters = by_row(filters, N * N, channels);
        side_by_side((each_mut(&mut filters), rows(weight, channels * 9)), 1, |_, (to, weight)| {
            simd::vectorize(
                #[inline(always)]
                || {
                    for (first, weight) in (0..channels).step_by(LANES).zip(weight.chunks(LANES * 9)) {
                        let lanes = weight.len() / 9;
                        let mut taps = [[[T::ZERO; LANES]; 3]; 3];
                        for (tap, values) in taps.as_flattened_mut().iter_mut().enumerate() {
                            let tap = if self.turned { 8 - tap } else { tap };
                            for (lane, weight) in weight.chunks_exact(9).enumerate() {
                                values[lane] = weight[tap];
                            }
                        }
                        for (values, to) in
                            square(|y, x| &taps[y][x], inlined!(A::filter)).as_flattened().iter().zip(&mut *to)
                        {
                            to[first..first + lanes].copy_from_slice(&values[..lanes]);
                        }
                    }
                },
            );
        });
    }
}

/// Of `[places, rows, width]`: the slices of each row, one of each place.
pub(in crate::kernels) fn by_row<T>(x: &mut [T], places: usize, width: usize) -> Vec<Vec<&mut [T]>> {
    let rows = x.len() / (places * width);
    let mut all: Vec<Vec<&mut [T]>> = (0..rows).map(|_| Vec::with_capacity(places)).collect();
    for (index, slice) in x.chunks_exact_mut(width).enumerate() {
        all[index % rows].push(slice);
    }
    all
}
