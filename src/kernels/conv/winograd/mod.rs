//! 3x3 convolutions of stride one on the CPU, with fewer multiplications: Winograd's (Lavin & Gray 2016).
//!
//! Tiles of the images and the filters are transformed; each of the transform's `N * N` places is then a matrix product of its own
//! over the channels; and the products are transformed back into tiles of the result. Sixteen images lie side by side, so that
//! every transform is vectorised, whatever their size.

/// A function as a closure that is always inlined, which passing the function itself is not: an instruction set ends at a call.
macro_rules! inlined {
    ($function:path) => {
        #[inline(always)]
        |x| $function(x)
    };
}

mod strip;
mod tile;
mod turn;

use super::{ConvEpilogue, ConvShape};
use crate::math::gemm::{Matrix, product};
use crate::math::scratch::with_scratch;
use crate::math::{Real, simd};
use rayon::prelude::*;
use strip::Field;
use tile::{Four, LANES, Tile, Two, square};

/// Channels from which the products outweigh the transforms.
const ENOUGH_CHANNELS: usize = 16;
/// Columns of a product: enough for its speed, few enough for the cache.
const COLUMNS: usize = 64;

/// How many results of a row a tile holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Two,
    Four,
}

/// A convolution that this algorithm serves.
pub(super) struct Winograd<'a> {
    shape: &'a ConvShape,
}

impl<'a> Winograd<'a> {
    /// The images of a lane group: parts of a weight gradient are multiples of it.
    pub(super) const IMAGES: usize = LANES;

    /// This algorithm, where it serves the shape better than the plain product.
    pub(super) fn of(shape: &'a ConvShape) -> Option<Self> {
        let simple = shape.kernel == 3 && shape.stride == 1 && shape.padding <= 2;
        let channels = shape.image[0].min(shape.map[0]);
        (simple && channels >= ENOUGH_CHANNELS && shape.images >= LANES).then_some(Self { shape })
    }

    /// [`super::correlate::Correlate`].
    pub(super) fn correlate<T: Real>(&self, image: &[T], weight: &[T], finish: Finish<'_, T>, map: &mut [T]) {
        let (source, target) = (Field::new(self.shape.image), Field::new(self.shape.map));
        let pass = Pass { source, target, padding: self.shape.padding, turned: false };
        pass.run(self.shape.images, image, weight, finish, map);
    }

    /// [`super::transposed::Transposed`]: a convolution with the filters turned by half a circle.
    pub(super) fn transposed<T: Real>(&self, map: &[T], weight: &[T], finish: Finish<'_, T>, image: &mut [T]) {
        let (source, target) = (Field::new(self.shape.map), Field::new(self.shape.image));
        let pass = Pass { source, target, padding: 2 - self.shape.padding, turned: true };
        pass.run(self.shape.images, map, weight, finish, image);
    }

    /// [`super::weight_gradient::WeightGradient`] over these images.
    pub(super) fn weight_gradient<T: Real>(&self, images: usize, image: &[T], map: &[T], gradient: &mut [T]) {
        match Field::new(self.shape.map).side() {
            Side::Two => self.gradient::<T, Two, 2, 4>(images, image, map, gradient),
            Side::Four => self.gradient::<T, Four, 4, 6>(images, image, map, gradient),
        }
    }

    fn gradient<T: Real, A: Tile<M, N>, const M: usize, const N: usize>(
        &self,
        images: usize,
        image: &[T],
        map: &[T],
        gradient: &mut [T],
    ) {
        let (image_field, map_field) = (Field::new(self.shape.image), Field::new(self.shape.map));
        let (channels, filters) = (image_field.channels, map_field.channels);
        let strips = map_field.strips(images, M);
        let per_strip = map_field.tiles_across(M) * LANES;
        let block = (COLUMNS / per_strip).clamp(1, strips.len());
        let (columns, places) = (block * per_strip, N * N);
        with_scratch((channels + filters) * places * columns + places * filters * channels, |scratch| {
            let (data, scratch) = scratch.split_at_mut(channels * places * columns);
            let (results, sums) = scratch.split_at_mut(filters * places * columns);
            for (index, strips) in strips.chunks(block).enumerate() {
                let columns = strips.len() * per_strip;
                let (data, results) =
                    (&mut data[..channels * places * columns], &mut results[..filters * places * columns]);
                data.par_chunks_exact_mut(places * columns).enumerate().for_each(|(channel, to)| {
                    let padding = self.shape.padding;
                    image_field.transform::<T, M, N, N>(
                        image,
                        channel,
                        strips,
                        padding,
                        (to, columns),
                        inlined!(A::data),
                    );
                });
                results.par_chunks_exact_mut(places * columns).enumerate().for_each(|(filter, to)| {
                    map_field.transform::<T, M, M, N>(
                        map,
                        filter,
                        strips,
                        0,
                        (to, columns),
                        inlined!(A::result_gradient),
                    );
                });
                sums.par_chunks_exact_mut(filters * channels).enumerate().for_each(|(place, sum)| {
                    let [results, data] = [(&*results, filters), (&*data, channels)]
                        .map(|(x, rows)| Matrix::strided(&x[place * columns..], rows, columns, places * columns));
                    product(results, data.t(), sum, index > 0);
                });
            }
            let sums = &*sums;
            gradient.par_chunks_exact_mut(channels * 9).enumerate().for_each(|(filter, gradient)| {
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
}

/// What becomes of the result.
#[derive(Clone, Copy)]
pub(super) struct Finish<'a, T> {
    bias: Option<&'a [T]>,
    accumulate: bool,
}

impl<'a, T> Finish<'a, T> {
    pub(super) fn new(epilogue: ConvEpilogue, bias: &'a [T]) -> Self {
        Self {
            bias: (epilogue == ConvEpilogue::Bias).then_some(bias),
            accumulate: epilogue == ConvEpilogue::Accumulate,
        }
    }
}

/// A convolution of one field to another: forward, or backward with the filters turned and their channels exchanged.
struct Pass {
    source: Field,
    target: Field,
    padding: usize,
    turned: bool,
}

impl Pass {
    fn run<T: Real>(&self, images: usize, source: &[T], weight: &[T], finish: Finish<'_, T>, target: &mut [T]) {
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
        let per_strip = self.target.tiles_across(M) * LANES;
        let per_group = self.target.tiles_down(M) * per_strip;
        let groups = images.div_ceil(LANES);
        let task = LANES * (COLUMNS.div_ceil(per_group)).min(groups.div_ceil(rayon::current_num_threads()));
        with_scratch(places * inputs * outputs, |filters| {
            self.filters::<T, A, M, N>(weight, filters);
            let filters = &*filters;
            let targets = target[..images * self.target.len()].par_chunks_mut(task * self.target.len());
            let sources = source[..images * self.source.len()].par_chunks(task * self.source.len());
            targets.zip(sources).for_each(|(target, source)| {
                let strips = self.target.strips(target.len() / self.target.len(), M);
                let block = (COLUMNS / per_strip).clamp(1, strips.len());
                with_scratch((inputs + outputs) * places * block * per_strip, |scratch| {
                    for strips in strips.chunks(block) {
                        let columns = strips.len() * per_strip;
                        let (data, products) = scratch.split_at_mut(inputs * places * columns);
                        for channel in 0..inputs {
                            let to = (&mut data[channel * columns..], inputs * columns);
                            self.source.transform::<T, M, N, N>(
                                source,
                                channel,
                                strips,
                                self.padding,
                                to,
                                inlined!(A::data),
                            );
                        }
                        let products = &mut products[..places * outputs * columns];
                        for (place, product_of) in products.chunks_exact_mut(outputs * columns).enumerate() {
                            let filter = &filters[place * inputs * outputs..][..inputs * outputs];
                            let filter = if self.turned {
                                Matrix::new(filter, inputs, outputs).t()
                            } else {
                                Matrix::new(filter, outputs, inputs)
                            };
                            let data =
                                Matrix::new(&data[place * inputs * columns..][..inputs * columns], inputs, columns);
                            product(filter, data, product_of, false);
                        }
                        self.target.results::<T, A, M, N>(products, strips, finish, target);
                    }
                });
            });
        });
    }

    /// Transforms weights `[map channels, image channels, 3, 3]` into `[place, map channels, image channels]`.
    fn filters<T: Real, A: Tile<M, N>, const M: usize, const N: usize>(&self, weight: &[T], filters: &mut [T]) {
        let channels = if self.turned { self.target.channels } else { self.source.channels };
        let rows: Vec<Vec<&mut [T]>> = by_row(filters, N * N, channels);
        rows.into_par_iter().zip(weight.par_chunks_exact(channels * 9)).for_each(|(mut to, weight)| {
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
                            square(|y, x| &taps[y][x], inlined!(A::filter)).as_flattened().iter().zip(&mut to)
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
fn by_row<T>(x: &mut [T], places: usize, width: usize) -> Vec<Vec<&mut [T]>> {
    let rows = x.len() / (places * width);
    let mut all: Vec<Vec<&mut [T]>> = (0..rows).map(|_| Vec::with_capacity(places)).collect();
    for (index, slice) in x.chunks_exact_mut(width).enumerate() {
        all[index % rows].push(slice);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The sum that defines all three operations: calls `term` with the places in image, weight and map of each product.
    fn each_product(shape: &ConvShape, mut term: impl FnMut(usize, usize, usize)) {
        let ([channels, height, width], [filters, rows, columns]) = (shape.image, shape.map);
        for (n, f, c) in
            (0..shape.images).flat_map(|n| (0..filters * channels).map(move |i| (n, i / channels, i % channels)))
        {
            for (y, x, tap) in
                (0..rows * columns).flat_map(|at| (0..9).map(move |tap| (at / columns, at % columns, tap)))
            {
                let (row, column) =
                    ((y + tap / 3).wrapping_sub(shape.padding), (x + tap % 3).wrapping_sub(shape.padding));
                if row < height && column < width {
                    let image = ((n * channels + c) * height + row) * width + column;
                    term(image, (f * channels + c) * 9 + tap, ((n * filters + f) * rows + y) * columns + x);
                }
            }
        }
    }

    fn numbers(len: usize, seed: usize) -> Vec<f64> {
        (0..len).map(|i| (((i + seed) * 7919) % 1009) as f64 / 504.5 - 1.0).collect()
    }

    fn assert_close(got: &[f64], want: &[f64], what: &str, shape: &ConvShape) {
        let largest = want.iter().fold(0.0f64, |a, x| a.max(x.abs()));
        for (got, want) in got.iter().zip(want) {
            assert!((got - want).abs() <= 1e-13 * largest, "{what} of {shape:?}: {got} is not {want}");
        }
    }

    #[test]
    fn the_three_operations_are_the_plain_sums() {
        for (images, image, map, padding) in [
            (16, [16, 2, 2], [17, 2, 2], 1),
            (19, [18, 7, 5], [16, 7, 5], 1),
            (33, [16, 9, 12], [16, 7, 10], 0),
            (17, [17, 3, 4], [16, 5, 6], 2),
            (16, [16, 1, 1], [16, 1, 1], 1),
        ] {
            let shape = ConvShape { images, image, map, kernel: 3, stride: 1, padding };
            let winograd = Winograd::of(&shape).expect("a shape that it serves");
            let (images, weight) = (numbers(shape.image_len(), 1), numbers(shape.weight_len(), 2));
            let (maps, bias) = (numbers(shape.map_len(), 3), numbers(map[0], 4));

            let mut want = maps.clone();
            each_product(&shape, |image, tap, map| want[map] += images[image] * weight[tap]);
            let mut got = maps.clone();
            winograd.correlate(&images, &weight, Finish::new(ConvEpilogue::Accumulate, &[]), &mut got);
            assert_close(&got, &want, "accumulated correlation", &shape);

            let area = map[1] * map[2];
            let mut want: Vec<f64> = (0..maps.len()).map(|i| bias[i / area % map[0]]).collect();
            each_product(&shape, |image, tap, map| want[map] += images[image] * weight[tap]);
            let mut got = vec![f64::NAN; maps.len()];
            winograd.correlate(&images, &weight, Finish::new(ConvEpilogue::Bias, &bias), &mut got);
            assert_close(&got, &want, "correlation", &shape);

            let mut want = vec![0.0; images.len()];
            each_product(&shape, |image, tap, map| want[image] += maps[map] * weight[tap]);
            let mut got = vec![f64::NAN; images.len()];
            winograd.transposed(&maps, &weight, Finish::new(ConvEpilogue::None, &[]), &mut got);
            assert_close(&got, &want, "transposed convolution", &shape);

            let mut want = vec![0.0; weight.len()];
            each_product(&shape, |image, tap, map| want[tap] += maps[map] * images[image]);
            let mut got = vec![f64::NAN; weight.len()];
            winograd.weight_gradient(shape.images, &images, &maps, &mut got);
            assert_close(&got, &want, "weight gradient", &shape);
        }
    }
}
