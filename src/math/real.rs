//! The number type of the CPU twins: `f32` to train, `f64` to be the reference.

use super::gemm::BlockProduct;
use super::simd;
use half::f16;
use std::cell::RefCell;
use std::fmt::{Debug, Display};
use std::iter::Sum;
use std::ops::{Add, AddAssign, Div, DivAssign, Mul, MulAssign, Neg, Sub, SubAssign};
use std::thread::LocalKey;

/// A real number that a kernel twin computes with.
///
/// The two implementors are `f32`, which trains, and `f64`, which the gradient checks trust.
pub trait Real:
    Copy
    + Default
    + From<f32>
    + PartialOrd
    + Debug
    + Display
    + Send
    + Sync
    + Sum
    + Neg<Output = Self>
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + AddAssign
    + SubAssign
    + MulAssign
    + DivAssign
    + 'static
{
    /// Zero.
    const ZERO: Self;
    /// One.
    const ONE: Self;
    /// The lowest finite number.
    const LOWEST: Self;

    /// Rounds a host constant to this type.
    fn of(value: f64) -> Self;
    /// Widens to `f64` without loss.
    fn f64(self) -> f64;
    /// e to the power of `self`.
    fn exp(self) -> Self;
    /// ln(1 + e^self), without overflow.
    fn softplus(self) -> Self;
    /// e^self - 1 - self, without cancellation near zero.
    #[inline(always)]
    fn exp_above_line(self) -> Self {
        if self > Self::of(0.5) || self < Self::of(-0.5) {
            return self.exp() - Self::ONE - self;
        }
        // The Taylor series, to x^14 / 14!: exact in double precision.
        let mut sum = Self::ONE;
        for n in (3..=14).rev() {
            sum = Self::ONE + self / Self::of(f64::from(n)) * sum;
        }
        self * self * Self::of(0.5) * sum
    }
    /// Natural logarithm.
    fn ln(self) -> Self;
    /// Square root.
    fn sqrt(self) -> Self;
    /// Sine and cosine of `2 pi self`.
    fn sin_cos_turns(self) -> (Self, Self);

    /// `self * factor + term`, rounded once: slow on processors without such an instruction.
    fn fused(self, factor: Self, term: Self) -> Self;

    /// 1 / (1 + e^-self).
    fn sigmoid(self) -> Self;

    /// Rounded to half precision, to the nearest; the reference knows no such rounding.
    fn half(self) -> Self;

    /// The fastest product of two matrices on one thread of this processor.
    fn block_product() -> BlockProduct<Self>;

    /// This thread's scratch memories; see [`super::scratch`].
    fn scratch() -> &'static LocalKey<RefCell<Vec<Vec<Self>>>>;

    /// The larger of the two; `self` where `other` is not a number.
    #[inline(always)]
    fn max(self, other: Self) -> Self {
        if other > self { other } else { self }
    }

    /// The smaller of the two; `self` where `other` is not a number.
    #[inline(always)]
    fn min(self, other: Self) -> Self {
        if other < self { other } else { self }
    }
}

impl Real for f64 {
    const ZERO: Self = 0.0;
    const ONE: Self = 1.0;
    const LOWEST: Self = f64::MIN;

    fn of(value: f64) -> Self {
        value
    }
    #[inline(always)]
    fn fused(self, factor: Self, term: Self) -> Self {
        self.mul_add(factor, term)
    }
    fn f64(self) -> f64 {
        self
    }
    fn exp(self) -> Self {
        self.exp()
    }
    fn softplus(self) -> Self {
        self.max(0.0) + (-self.abs()).exp().ln_1p()
    }
    fn sigmoid(self) -> Self {
        1.0 / (1.0 + (-self).exp())
    }
    fn half(self) -> Self {
        self
    }
    fn ln(self) -> Self {
        self.ln()
    }
    fn sqrt(self) -> Self {
        self.sqrt()
    }
    fn block_product() -> BlockProduct<Self> {
        gemm_f64::gemm::f64::get_gemm_fn()
    }
    fn scratch() -> &'static LocalKey<RefCell<Vec<Vec<Self>>>> {
        thread_local!(static SCRATCH: RefCell<Vec<Vec<f64>>> = const { RefCell::new(Vec::new()) });
        &SCRATCH
    }
    fn sin_cos_turns(self) -> (Self, Self) {
        (std::f64::consts::TAU * self).sin_cos()
    }
}

impl Real for f32 {
    const ZERO: Self = 0.0;
    const ONE: Self = 1.0;
    const LOWEST: Self = f32::MIN;

    #[inline(always)]
    fn of(value: f64) -> Self {
        value as f32
    }
    #[inline(always)]
    fn fused(self, factor: Self, term: Self) -> Self {
        self.mul_add(factor, term)
    }
    #[inline(always)]
    fn f64(self) -> f64 {
        f64::from(self)
    }
    #[inline(always)]
    fn exp(self) -> Self {
        simd::exp(self)
    }
    #[inline(always)]
    fn softplus(self) -> Self {
        simd::softplus(self)
    }
    #[inline(always)]
    fn sigmoid(self) -> Self {
        simd::sigmoid(self)
    }
    #[inline]
    fn half(self) -> Self {
        f16::from_f32(self).to_f32()
    }
    #[inline(always)]
    fn ln(self) -> Self {
        self.ln()
    }
    #[inline(always)]
    fn sqrt(self) -> Self {
        self.sqrt()
    }
    fn block_product() -> BlockProduct<Self> {
        gemm_f32::gemm::f32::get_gemm_fn()
    }
    fn scratch() -> &'static LocalKey<RefCell<Vec<Vec<Self>>>> {
        thread_local!(static SCRATCH: RefCell<Vec<Vec<f32>>> = const { RefCell::new(Vec::new()) });
        &SCRATCH
    }
    fn sin_cos_turns(self) -> (Self, Self) {
        (std::f32::consts::TAU * self).sin_cos()
    }
}
