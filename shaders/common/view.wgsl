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
