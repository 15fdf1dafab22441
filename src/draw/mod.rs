//! What a person looks at: curves, scatters and pictures, and which latents to draw.

pub mod curves;
pub mod grid;
pub mod latents;
pub mod npy;
pub mod projection;
pub mod scatter;
