//! The algebra of Winograd's convolutions: transforms of a tile's data, filters and results, in one dimension and in two.
//!
//! With `N = M + 2`, the `M` results `y` of a filter `g` of three taps over `N` numbers `d` are
//! `y = Aᵀ ((G g) * (Bᵀ d))`, with `N` products instead of `3 M` (Lavin & Gray 2016, "Fast Algorithms for Convolutional Neural
//! Networks", section 4). The filter's gradient is the same form, differentiated: `Gᵀ ((A dy) * (Bᵀ d))`.

use crate::math::Real;

/// Numbers that go through a transform side by side: the same place of so many images, or channels.
pub const LANES: usize = 16;

/// One number of each lane.
pub type Lanes<T> = [T; LANES];

/// How many results along a side a tile holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Two, with four products: as exact as the plain sum.
    Two,
    /// Four, with six products: a few times less exact.
    Four,
}

/// The transforms of `M` results of three taps, in one dimension; `N` is `M + 2`.
pub trait Tile<const M: usize, const N: usize> {
    /// `Bᵀ d`.
    fn data<T: Real>(d: [T; N]) -> [T; N];
    /// `G g`.
    fn filter<T: Real>(g: [T; 3]) -> [T; N];
    /// `Aᵀ m`.
    fn result<T: Real>(m: [T; N]) -> [T; M];
    /// `A dy`.
    fn result_gradient<T: Real>(dy: [T; M]) -> [T; N];
    /// `Gᵀ m`.
    fn filter_gradient<T: Real>(m: [T; N]) -> [T; 3];
}

/// A transform along both dimensions of a square, whose row `i` and column `k` is `x(i, k)`. It turns the square over its diagonal,
/// which a second transform undoes.
#[inline(always)]
pub fn square<'a, T: Real, const I: usize, const O: usize>(
    x: impl Fn(usize, usize) -> &'a Lanes<T>,
    transform: impl Fn([T; I]) -> [T; O] + Copy,
) -> [[Lanes<T>; O]; O] {
    let mut rows = [[[T::ZERO; LANES]; O]; I];
    for (i, row) in rows.iter_mut().enumerate() {
        each_lane(|k| x(i, k), transform, |o, lane, value| row[o][lane] = value);
    }
    let mut result = [[[T::ZERO; LANES]; O]; O];
    for (k, result) in result.iter_mut().enumerate() {
        each_lane(|i| &rows[i][k], transform, |o, lane, value| result[o][lane] = value);
    }
    result
}

/// Transforms lane by lane: a plain loop, which vectorises.
#[inline(always)]
fn each_lane<'a, T: Real, const I: usize, const O: usize>(
    x: impl Fn(usize) -> &'a Lanes<T>,
    transform: impl Fn([T; I]) -> [T; O],
    mut store: impl FnMut(usize, usize, T),
) {
    let mut lanes = [x(0); I];
    for (i, lanes) in lanes.iter_mut().enumerate() {
        *lanes = x(i);
    }
    for lane in 0..LANES {
        let mut numbers = [T::ZERO; I];
        for (number, lanes) in numbers.iter_mut().zip(lanes) {
            *number = lanes[lane];
        }
        for (o, value) in transform(numbers).into_iter().enumerate() {
            store(o, lane, value);
        }
    }
}

/// See [`Side::Two`].
pub struct Two;

/// See [`Side::Four`].
pub struct Four;

impl Tile<2, 4> for Two {
    #[inline(always)]
    fn data<T: Real>([d0, d1, d2, d3]: [T; 4]) -> [T; 4] {
        [d0 - d2, d1 + d2, d2 - d1, d1 - d3]
    }

    #[inline(always)]
    fn filter<T: Real>([g0, g1, g2]: [T; 3]) -> [T; 4] {
        let (even, odd) = (T::of(0.5) * (g0 + g2), T::of(0.5) * g1);
        [g0, even + odd, even - odd, g2]
    }

    #[inline(always)]
    fn result<T: Real>([m0, m1, m2, m3]: [T; 4]) -> [T; 2] {
        [m0 + m1 + m2, m1 - m2 - m3]
    }

    #[inline(always)]
    fn result_gradient<T: Real>([y0, y1]: [T; 2]) -> [T; 4] {
        [y0, y0 + y1, y0 - y1, -y1]
    }

    #[inline(always)]
    fn filter_gradient<T: Real>([m0, m1, m2, m3]: [T; 4]) -> [T; 3] {
        let (sum, difference) = (T::of(0.5) * (m1 + m2), T::of(0.5) * (m1 - m2));
        [m0 + sum, difference, sum + m3]
    }
}

impl Tile<4, 6> for Four {
    #[inline(always)]
    fn data<T: Real>([d0, d1, d2, d3, d4, d5]: [T; 6]) -> [T; 6] {
        let (far, odd_far) = (d4 - T::of(4.0) * d2, d3 - T::of(4.0) * d1);
        let (near, odd_near) = (d4 - d2, T::of(2.0) * (d3 - d1));
        [
            T::of(4.0) * d0 - T::of(5.0) * d2 + d4,
            far + odd_far,
            far - odd_far,
            near + odd_near,
            near - odd_near,
            T::of(4.0) * d1 - T::of(5.0) * d3 + d5,
        ]
    }

    #[inline(always)]
    fn filter<T: Real>([g0, g1, g2]: [T; 3]) -> [T; 6] {
        let (even, odd) = (T::of(-1.0 / 6.0) * (g0 + g2), T::of(1.0 / 6.0) * g1);
        let (far, odd_far) = (T::of(1.0 / 24.0) * g0 + T::of(1.0 / 6.0) * g2, T::of(1.0 / 12.0) * g1);
        [T::of(0.25) * g0, even - odd, even + odd, far + odd_far, far - odd_far, g2]
    }

    #[inline(always)]
    fn result<T: Real>([m0, m1, m2, m3, m4, m5]: [T; 6]) -> [T; 4] {
        let (sum, difference) = (m1 + m2, m1 - m2);
        let (far_sum, far_difference) = (m3 + m4, m3 - m4);
        [
            m0 + sum + far_sum,
            difference + T::of(2.0) * far_difference,
            sum + T::of(4.0) * far_sum,
            difference + T::of(8.0) * far_difference + m5,
        ]
    }

    #[inline(always)]
    fn result_gradient<T: Real>([y0, y1, y2, y3]: [T; 4]) -> [T; 6] {
        let (even, odd) = (y0 + y2, y1 + y3);
        let (far, odd_far) = (y0 + T::of(4.0) * y2, T::of(2.0) * y1 + T::of(8.0) * y3);
        [y0, even + odd, even - odd, far + odd_far, far - odd_far, y3]
    }

    #[inline(always)]
    fn filter_gradient<T: Real>([m0, m1, m2, m3, m4, m5]: [T; 6]) -> [T; 3] {
        let (sum, difference) = (T::of(1.0 / 6.0) * (m1 + m2), T::of(1.0 / 6.0) * (m2 - m1));
        let (far_sum, far_difference) = (m3 + m4, T::of(1.0 / 12.0) * (m3 - m4));
        [
            T::of(0.25) * m0 - sum + T::of(1.0 / 24.0) * far_sum,
            difference + far_difference,
            T::of(1.0 / 6.0) * far_sum - sum + m5,
        ]
    }
}
