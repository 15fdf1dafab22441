//! The layout of a view's drawn effects: twin of `shaders/common/effects.wgsl`.

/// The shared WGSL.
pub const WGSL: &str = wgsl!("common/effects");

/// Numbers of each view. The first four stand where their operation's number says.
pub const EFFECT_NUMBERS: usize = 8;

/// Factor of the brightness; 1 changes nothing.
pub const BRIGHTNESS: usize = 0;
/// Factor of the contrast.
pub const CONTRAST: usize = 1;
/// Factor of the saturation.
pub const SATURATION: usize = 2;
/// Turn of the colour circle, -0.5 to 0.5.
pub const HUE: usize = 3;
/// The four operations in two bits each, the first in the lowest.
pub const ORDER: usize = 4;
/// 1 takes the colours away.
pub const GREY: usize = 5;
/// Sigma of the blur, in pixels; 0 leaves the view sharp.
pub const SIGMA: usize = 6;
/// 1 inverts the bright pixels.
pub const SOLARISE: usize = 7;
