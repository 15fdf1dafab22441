//! What a person looks at: charts, pictures, and which latents to draw.

pub mod board;
#[cfg_attr(not(feature = "report"), path = "no_charts.rs")]
pub mod charts;
pub mod grid;
pub mod latents;
pub mod npy;
pub mod sheet;
