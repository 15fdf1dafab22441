//! The layout of a drawn view.

use crate::kernels::{Access, Binding, Content, Draw};

/// Words that describe one view: image, left, top, width, height, flips (1 horizontal, 2 vertical), epoch, view.
pub const VIEW_WORDS: usize = 8;

/// The binding of so many views.
pub fn binding(access: Access, rows: usize) -> Binding {
    Binding::uint("views", access, rows * VIEW_WORDS).drawn(example)
}

/// Views of six images, with crops that fit the smallest picture of the examples.
fn example(draw: &Draw) -> Content {
    let row = |row| {
        let [a, b, c, d] = draw.four(row, 1);
        [a % 6, b % 2, c % 2, 1 + b / 2 % 2, 1, d % 4, a / 6 % 5, d / 4 % 3]
    };
    Content::Words((0..draw.len / VIEW_WORDS).flat_map(row).collect())
}
