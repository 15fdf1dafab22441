//! Matrix products and what goes with them.

pub mod column_sum;
pub mod gradients;
pub mod matmul;
