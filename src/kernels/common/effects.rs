//! The layout of a view's drawn effects: twin of `shaders/common/effects.wgsl`.

use super::philox::unit;
use crate::kernels::{Access, Binding, Content, Draw};

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

/// The binding of the effects of so many views.
pub fn binding(access: Access, rows: usize) -> Binding {
    Binding::real("effects", access, rows * EFFECT_NUMBERS).drawn(example)
}

fn example(draw: &Draw) -> Content {
    let row = |row| {
        let [brightness, contrast, saturation, turn] = draw.four(row, 0).map(|word| unit(word) as f32);
        let [order, grey, blurs, solarises] = draw.four(row, 1);
        let order = [0b11_10_01_00, 0b01_00_11_10, 0b10_11_00_01, 0b01_10_11_00][order as usize % 4];
        let (grey, solarises) = ((grey % 2) as f32, (solarises % 2) as f32);
        let sigma = (blurs % 3) as f32 * 0.7;
        [2.0 * brightness, 2.0 * contrast, 2.0 * saturation, turn - 0.5, order as f32, grey, sigma, solarises]
    };
    Content::Reals((0..draw.len / EFFECT_NUMBERS).flat_map(row).collect())
}
