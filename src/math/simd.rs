//! Vectorised loops for the kernel twins: plain Rust, compiled once per instruction set and chosen at run time.
//!
//! A twin cuts its slices into chunks of [`CHUNK`] elements, which threads share by [`pieces`](super::pieces), and runs a
//! plain loop over each inside [`vectorize`]. Chunks have a fixed size, so sums over them do not depend on the number of
//! threads:
//!
//! ```
//! use wgpu_simvae::math::pieces::{rows, rows_mut, side_by_side};
//! use wgpu_simvae::math::simd::{CHUNK, vectorize};
//!
//! let (mut p, g) = (vec![1.0f32; 100_000], vec![0.5f32; 100_000]);
//! side_by_side((rows_mut(&mut p, CHUNK), rows(&g, CHUNK)), 1, |_, (p, g)| {
//!     vectorize(|| p.iter_mut().zip(g).for_each(|(p, g)| *p -= 0.1 * g));
//! });
//! assert!(p.iter().all(|p| (p - 0.95).abs() < 1e-6));
//! ```
//!
//! Functions called inside must be `#[inline(always)]`, or they keep the baseline instruction set. The arithmetic here
//! uses no fused multiply-add, so every instruction set gives the same bits.

/// Elements that one task takes: 64 KiB of f32, half of a small L2 cache with two operands.
pub const CHUNK: usize = 1 << 14;

/// Runs `f` compiled for the best instruction set of this processor (AVX-512, AVX2, NEON, or the baseline).
#[inline]
pub fn vectorize<R>(f: impl FnOnce() -> R) -> R {
    pulp::Arch::new().dispatch(f)
}

/// Sum of `f(x)` over `x` in a fixed order that vectorises: 64 running sums, then those in order.
#[inline(always)]
pub fn lane_sum<T: Copy + Default + std::ops::AddAssign>(x: &[T], f: impl Fn(T) -> T) -> T {
    let mut sums = [T::default(); 64];
    let (blocks, rest) = x.as_chunks::<64>();
    for block in blocks {
        for (sum, &x) in sums.iter_mut().zip(block) {
            *sum += f(x);
        }
    }
    for (sum, &x) in sums.iter_mut().zip(rest) {
        *sum += f(x);
    }
    let mut total = T::default();
    for sum in sums {
        total += sum;
    }
    total
}

/// `e^x` in f32 to 1.2e-7 (relative), with gradual underflow, overflow to infinity, and NaN for NaN.
///
/// `e^x = 2^n e^r` with `n = round(x / ln 2)` and a polynomial for `|r| <= ln 2 / 2`.
#[inline(always)]
pub fn exp(x: f32) -> f32 {
    /// Adding 1.5 * 2^23 rounds to an integer, which then stands in the low bits.
    const ROUND: f32 = 12_582_912.0;
    /// ln 2 in two parts; the first has so few bits that its product with `n` is exact.
    const LN2_HIGH: f32 = 0.693_359_4;
    const LN2_LOW: f32 = -2.121_944_4e-4;
    // Beyond these the result is 0 or infinity anyway; comparisons, not min and max, let NaN through.
    let x = if x > 89.0 { 89.0 } else { x };
    let x = if x < -104.0 { -104.0 } else { x };
    let shifted = x * std::f32::consts::LOG2_E + ROUND;
    let n = shifted - ROUND;
    let r = (x - n * LN2_HIGH) - n * LN2_LOW;
    // 1 + r + r^2 p(r), p from the Taylor series to r^7 / 7!.
    let p = 1.0 / 5040.0;
    let p = p * r + 1.0 / 720.0;
    let p = p * r + 1.0 / 120.0;
    let p = p * r + 1.0 / 24.0;
    let p = p * r + 1.0 / 6.0;
    let p = p * r + 0.5;
    let power = r * r * p + r + 1.0;
    // 2^n in two factors, since n may lie outside the exponents of normal numbers.
    let n = shifted.to_bits().wrapping_sub(ROUND.to_bits()) as i32;
    let half = n >> 1;
    power * power_of_two(half) * power_of_two(n.wrapping_sub(half))
}

#[inline(always)]
fn power_of_two(n: i32) -> f32 {
    f32::from_bits((n.wrapping_add(127) as u32) << 23)
}

/// `1 / (1 + e^-x)` to 2e-7 (relative) wherever the result is a normal number.
#[inline(always)]
pub fn sigmoid(x: f32) -> f32 {
    let e = exp(-x.abs());
    let numerator = if x < 0.0 { e } else { 1.0 };
    numerator / (1.0 + e)
}

/// `log(1 + e^x)` to 2e-7 (relative) wherever the result is a normal number.
#[inline(always)]
pub fn softplus(x: f32) -> f32 {
    let positive = if x < 0.0 { 0.0 } else { x };
    positive + log1p_unit(exp(-x.abs()))
}

/// `log(1 + u)` for `u` in [0, 1]: with `s = u / (2 + u)`, `log(1 + u) = 2 atanh(s)`, arranged as
/// `u - u^2/2 + s (u^2/2 + R(s^2))` so that a small `u` keeps its bits.
#[inline(always)]
fn log1p_unit(u: f32) -> f32 {
    let s = u / (2.0 + u);
    let z = s * s;
    let r = 2.0 / 17.0;
    let r = r * z + 2.0 / 15.0;
    let r = r * z + 2.0 / 13.0;
    let r = r * z + 2.0 / 11.0;
    let r = r * z + 2.0 / 9.0;
    let r = r * z + 2.0 / 7.0;
    let r = r * z + 2.0 / 5.0;
    let r = r * z + 2.0 / 3.0;
    let half_square = 0.5 * u * u;
    u - (half_square - s * (half_square + r * z))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every 97th f32 of each sign in the closed range of magnitudes, plus zero.
    fn sweep(limit: f32) -> impl Iterator<Item = f32> {
        (0..=limit.to_bits()).step_by(97).flat_map(|bits| [f32::from_bits(bits), -f32::from_bits(bits)])
    }

    fn worst(limit: f32, f: fn(f32) -> f32, exact: fn(f64) -> f64) -> f64 {
        sweep(limit)
            .map(|x| (f(x) as f64, exact(x as f64)))
            .filter(|(_, want)| *want >= f32::MIN_POSITIVE as f64 && *want <= f32::MAX as f64)
            .map(|(got, want)| ((got - want) / want).abs())
            .fold(0.0, f64::max)
    }

    #[test]
    fn functions_are_close_to_f64() {
        let error = worst(88.8, exp, f64::exp);
        assert!(error < 1.2e-7, "exp is off by {error:e}");
        let error = worst(100.0, sigmoid, |x| 1.0 / (1.0 + (-x).exp()));
        assert!(error < 2e-7, "sigmoid is off by {error:e}");
        let error = worst(100.0, softplus, |x| x.max(0.0) + (-x.abs()).exp().ln_1p());
        assert!(error < 2e-7, "softplus is off by {error:e}");
    }

    #[test]
    fn limits_are_those_of_the_real_functions() {
        assert_eq!(exp(0.0), 1.0);
        assert_eq!(exp(f32::INFINITY), f32::INFINITY);
        assert_eq!(exp(88.73), f32::INFINITY);
        assert!(exp(88.72).is_finite());
        assert_eq!(exp(f32::NEG_INFINITY), 0.0);
        assert!(exp(-103.0) > 0.0);
        assert_eq!((sigmoid(0.0), sigmoid(f32::INFINITY), sigmoid(f32::NEG_INFINITY)), (0.5, 1.0, 0.0));
        assert_eq!((softplus(f32::NEG_INFINITY), softplus(f32::INFINITY)), (0.0, f32::INFINITY));
        assert!(exp(f32::NAN).is_nan() && sigmoid(f32::NAN).is_nan() && softplus(f32::NAN).is_nan());
    }

    #[test]
    fn every_instruction_set_gives_the_same_bits() {
        let x: Vec<f32> = sweep(120.0).step_by(1009).collect();
        let bits = |f: fn(f32) -> f32| x.iter().map(|&x| f(x).to_bits()).collect::<Vec<_>>();
        let (mut e, mut s, mut p) = (vec![0; x.len()], vec![0; x.len()], vec![0; x.len()]);
        vectorize(|| {
            for (i, &x) in x.iter().enumerate() {
                (e[i], s[i], p[i]) = (exp(x).to_bits(), sigmoid(x).to_bits(), softplus(x).to_bits());
            }
        });
        // NaN payloads aside, and the sweep has no NaN.
        assert_eq!((e, s, p), (bits(exp), bits(sigmoid), bits(softplus)));
    }

    #[test]
    fn lane_sum_adds_every_element_once() {
        for len in [0, 1, 63, 64, 65, 1000] {
            let x: Vec<f64> = (0..len).map(f64::from).collect();
            assert_eq!(lane_sum(&x, |x| x * x), x.iter().map(|x| x * x).sum::<f64>());
        }
    }
}
