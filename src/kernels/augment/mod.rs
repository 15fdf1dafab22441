//! Views of images, drawn and rendered on the device.

pub mod sample;
pub mod sprites;
pub mod views;
