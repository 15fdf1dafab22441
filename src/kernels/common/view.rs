//! The layout of a drawn view: twin of `shaders/common/view.wgsl`.

use crate::kernels::{Access, Binding, Content, Draw};

/// The shared WGSL.
pub const WGSL: &str = wgsl!("common/view");

/// Words of a view.
pub const VIEW_WORDS: usize = 8;

/// Which image it shows.
pub const IMAGE: usize = 0;
/// Left edge of the crop, in pixels.
pub const LEFT: usize = 1;
/// Upper edge of the crop.
pub const TOP: usize = 2;
/// Width of the crop.
pub const WIDTH: usize = 3;
/// Height of the crop.
pub const HEIGHT: usize = 4;
/// 1 is a horizontal flip, 2 a vertical one, 3 both.
pub const FLIPS: usize = 5;
/// The epoch in which it was drawn.
pub const EPOCH: usize = 6;
/// Its number among the views of its image.
pub const NUMBER: usize = 7;

/// Where a pixel of a view lies along a side of so many pixels before the flips; `flip` is the bit of this side's.
pub fn unflipped(at: usize, size: usize, flips: usize, flip: usize) -> usize {
    if flips & flip != 0 { size - 1 - at } else { at }
}

/// The binding of so many views.
pub fn binding(access: Access, rows: usize) -> Binding {
    Binding::uint("views", access, rows * VIEW_WORDS).drawn(example)
}

/// The binding of so many views of pictures of this height and width.
pub fn binding_for(access: Access, rows: usize, sides: [usize; 2]) -> Binding {
    Binding::uint("views", access, rows * VIEW_WORDS).drawn_for(sides, example_for)
}

/// Views of six images, with crops of any size.
fn example_for(draw: &Draw, [height, width]: [usize; 2]) -> Content {
    let within = |side: usize, size: u32, place: u32| {
        let size = 1 + size % side as u32;
        (place % (side as u32 - size + 1), size)
    };
    let row = |row| {
        let ([a, b, c, d], [e, ..]) = (draw.four(row, 1), draw.four(row, 2));
        let ((left, width), (top, height)) = (within(width, a, b), within(height, c, d));
        [e % 6, left, top, width, height, e / 6 % 4, e / 24 % 5, e / 120 % 3]
    };
    Content::Words((0..draw.len / VIEW_WORDS).flat_map(row).collect())
}

/// Views of six images, with crops that fit the smallest picture of the examples.
fn example(draw: &Draw) -> Content {
    let row = |row| {
        let [a, b, c, d] = draw.four(row, 1);
        [a % 6, b % 2, c % 2, 1 + b / 2 % 2, 1, d % 4, a / 6 % 5, d / 4 % 3]
    };
    Content::Words((0..draw.len / VIEW_WORDS).flat_map(row).collect())
}
