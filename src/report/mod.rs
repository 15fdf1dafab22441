//! What a person looks at: curves and pictures.

pub mod curves;
pub mod grid;
pub mod npy;
pub mod scatter;
