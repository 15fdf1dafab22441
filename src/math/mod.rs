//! Numbers: the precision of the twins, vectorised loops, loops on all threads and matrix products on the CPU.

pub mod eigenvalues;
pub mod gemm;
pub mod lbfgs;
pub mod pieces;
mod real;
pub mod scratch;
pub mod simd;

pub use real::Real;

/// The sum of products, from the first to the last.
pub(crate) fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}
