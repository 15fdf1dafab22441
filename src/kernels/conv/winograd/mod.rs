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

mod gradient;
pub(in crate::kernels) mod pass;
mod strip;
pub(in crate::kernels) mod tile;
mod turn;

use super::ConvShape;
use crate::math::Real;
use pass::Pass;
use strip::Field;
pub(super) use strip::Finish;
use tile::LANES;

/// Channels from which the products outweigh the transforms.
const ENOUGH_CHANNELS: usize = 16;
/// Columns of a product: enough for its speed, few enough for the cache.
const COLUMNS: usize = 64;

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
        let (image_field, map_field) = (Field::new(self.shape.image), Field::new(self.shape.map));
        gradient::run([image_field, map_field], self.shape.padding, images, [image, map], gradient);
    }
}

#[cfg(test)]
mod tests {
    use super::super::ConvEpilogue;
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
