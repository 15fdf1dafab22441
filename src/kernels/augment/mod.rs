//! Views of images, drawn and rendered on the device.

pub mod blur;
pub mod colour;
pub mod cut;
pub mod effects;
pub mod labels;
pub mod sample;
pub mod solarise;
pub mod sprites;
pub mod views;
