// A drawn view: which part of which image it shows. Word indices of its eight words.
const VIEW_WORDS: u32 = 8u;
const VIEW_IMAGE: u32 = 0u;
const VIEW_LEFT: u32 = 1u;    // of the crop, in pixels
const VIEW_TOP: u32 = 2u;
const VIEW_WIDTH: u32 = 3u;
const VIEW_HEIGHT: u32 = 4u;
const VIEW_FLIPS: u32 = 5u;   // 1 horizontal, 2 vertical
const VIEW_EPOCH: u32 = 6u;   // in which it was drawn
const VIEW_NUMBER: u32 = 7u;  // among the views of its image

// Where a pixel of a view lies along a side of so many pixels before the flips; `flip` is the bit of this side's.
fn unflipped(at: u32, size: u32, flips: u32, flip: u32) -> u32 {
    return select(at, size - 1u - at, (flips & flip) != 0u);
}
