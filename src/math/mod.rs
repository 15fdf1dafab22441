//! Numbers: the precision of the twins, vectorised loops and matrix products on the CPU.

pub mod eigenvalues;
pub mod gemm;
pub mod lbfgs;
mod real;
pub mod scratch;
pub mod simd;

pub use real::Real;
