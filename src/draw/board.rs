//! Rows of pictures with their names beside them, so that one picture speaks for itself.

use super::grid::{BACKGROUND, GAP, Pictures, encode, lay_out};
use font8x8::legacy::{BASIC_LEGACY, NOTHING_TO_DISPLAY};
use image::{Rgb, RgbImage, imageops};

/// Side of a letter, in pixels before it is magnified.
const LETTER: u32 = 8;
/// Letters are magnified by this.
const SCALE: u32 = 2;
const INK: Rgb<u8> = Rgb([255, 255, 255]);
const SPACE: u32 = 8;

/// A row.
#[derive(Clone, Debug)]
pub struct Line<'a> {
    /// What stands beside it, line by line.
    pub label: Vec<String>,
    /// As many pictures as the other rows have.
    pub pictures: Pictures<'a>,
}

/// Lays out rows of pictures below each other, with their labels on the left. Every pixel is magnified `scale` times.
///
/// # Errors
/// When the picture cannot be encoded, as text.
pub fn png(lines: &[Line<'_>], scale: u32) -> Result<Vec<u8>, String> {
    let stacks: Vec<Pictures<'_>> = lines.iter().map(|line| line.pictures).collect();
    let columns = stacks.first().map_or(0, |stack| stack.count());
    let grid = lay_out(&stacks, columns, scale);
    let letters = lines.iter().flat_map(|line| &line.label).map(|text| text.chars().count()).max().unwrap_or(0);
    let margin = letters as u32 * LETTER * SCALE + 2 * SPACE;
    let mut board = RgbImage::from_pixel(margin + grid.width(), grid.height(), BACKGROUND);
    imageops::replace(&mut board, &grid, margin.into(), 0);
    let row_height = stacks.first().map_or(0, |stack| stack.shape[1] as u32) * scale + GAP;
    for (row, line) in lines.iter().enumerate() {
        let text_height = line.label.len() as u32 * (LETTER + 2) * SCALE;
        let first = GAP + row as u32 * row_height + row_height.saturating_sub(text_height) / 2;
        for (i, text) in line.label.iter().enumerate() {
            write(&mut board, [SPACE, first + i as u32 * (LETTER + 2) * SCALE], text);
        }
    }
    encode(&board)
}

/// Writes a text from its upper left corner on; what reaches beyond the image is left out, and letters that are not in
/// ASCII are question marks.
fn write(image: &mut RgbImage, [left, top]: [u32; 2], text: &str) {
    let glyph = |letter: char| match BASIC_LEGACY.get(letter as usize) {
        Some(glyph) if *glyph != NOTHING_TO_DISPLAY || letter == ' ' => *glyph,
        _ => BASIC_LEGACY['?' as usize],
    };
    for (place, letter) in text.chars().enumerate() {
        for (y, row) in (0..).zip(glyph(letter)) {
            for x in (0..LETTER).filter(|x| row >> x & 1 == 1) {
                let corner = [left + (place as u32 * LETTER + x) * SCALE, top + y * SCALE];
                for (dx, dy) in [(0, 0), (1, 0), (0, 1), (1, 1)] {
                    if let Some(pixel) = image.get_pixel_mut_checked(corner[0] + dx, corner[1] + dy) {
                        *pixel = INK;
                    }
                }
            }
        }
    }
}
