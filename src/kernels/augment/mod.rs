//! Views of images, drawn and rendered on the device.

pub mod labels;
pub mod sample;
pub mod sprites;
pub mod views;
