//! The weight gradient: the tiles of images and of the result's gradients meet in a product over all their positions.

use super::strip::{Field, blocks};
use super::tile::{Four, LANES, Side, Tile, Two, square};
use crate::math::gemm::{Matrix, product};
use crate::math::pieces::{rows_mut, side_by_side};
use crate::math::scratch::with_scratch;
use crate::math::{Real, simd};

/// Writes the gradient `[filters, channels, 3, 3]` of images and maps, whose planes are these fields; the images are padded.
pub fn run<T: Real>(fields: [Field; 2], padding: usize, images: usize, tensors: [&[T]; 2], gradient: &mut [T]) {
    match fields[1].side() {
        Side::Two => tiled::<T, Two, 2, 4>(fields, padding, images, tensors, gradient),
        Side::Four => tiled::<T, Four, 4, 6>(fields, padding, images, tensors, gradient),
    }
}

fn tiled<T: Real, A: Tile<M, N>, const M: usize, const N: usize>(
    [image_field, map_field]: [Field; 2],
    padding: usize,
    images: usize,
    [image, map]: [&[T]; 2],
    gradient: &mut [T],
) {
    let (channels, filters, places) = (image_field.channels, map_field.channels, N * N);
    let strips = map_field.strips(images, M);
    with_scratch(places * filters * channels, |sums| {
        for (index, strips) in blocks(&strips, map_field.columns(M)).enumerate() {
            let columns = strips.len() * map_field.columns(M);
            let width = places * columns;
            with_scratch((channels + filters) * width, |scratch| {
                let (data, results) = scratch.split_at_mut(channels * width);
                side_by_side(rows_mut(data, width), 1, |channel, to| {
                    let to = (to, columns);
                    image_field.transform::<T, M, N, N>(image, channel, strips, padding, to, inlined!(A::data));
                });
                side_by_side(rows_mut(results, width), 1, |filter, to| {
                    let to = (to, columns);
                    map_field.transform::<T, M, M, N>(map, filter, strips, 0, to, inlined!(A::result_gradient));
                });
                side_by_side(rows_mut(sums, filters * channels), 1, |place, sum| {
                    let [results, data] = [(&*results, filters), (&*data, channels)]
                        .map(|(x, rows)| Matrix::strided(&x[place * columns..], rows, columns, width));
                    product(results, data.t(), sum, index > 0);
                });
            });
        }
        let sums = &*sums;
        side_by_side(rows_mut(gradient, channels * 9), 1, |filter, gradient| {
            simd::vectorize(
                #[inline(always)]
                || {
                    for (first, gradient) in (0..channels).step_by(LANES).zip(gradient.chunks_mut(LANES * 9)) {
                        let lanes = gradient.len() / 9;
                        let mut sum = [[[T::ZERO; LANES]; N]; N];
                        for (place, sum) in sum.as_flattened_mut().iter_mut().enumerate() {
                            let from = (place * filters + filter) * channels + first;
                            sum[..lanes].copy_from_slice(&sums[from..from + lanes]);
                        }
                        let taps = square(|y, x| &sum[y][x], inlined!(A::filter_gradient));
                        for (tap, values) in taps.as_flattened().iter().enumerate() {
                            for (lane, gradient) in gradient.chunks_exact_mut(9).enumerate() {
                                gradient[tap] = values[lane];
                            }
                        }
                    }
                },
            );
        });
    });
}
