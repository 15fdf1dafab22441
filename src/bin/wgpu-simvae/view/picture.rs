//! Pictures in a terminal: each cell is an upper half block, whose colour is a pixel, on a ground whose colour is the pixel below it.

use image::imageops::{FilterType, resize};
use image::{Rgb, RgbImage};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Color;
use std::env;
use wgpu_simvae::draw::grid::Pictures;
use wgpu_simvae::train::Pictured;

/// Pictures side by side, at least: larger ones are reduced until so many fit.
const COLUMNS: u16 = 4;
const BLOCK: &str = "▀";

/// The colours that a terminal has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// All of them.
    True,
    /// A cube of 6 x 6 x 6 and 24 greys.
    Indexed,
}

impl Depth {
    /// What the terminal says of itself.
    pub fn of_this_terminal() -> Self {
        let says = env::var("COLORTERM").unwrap_or_default();
        let all = cfg!(windows) || ["truecolor", "24bit"].contains(&says.as_str());
        if all { Self::True } else { Self::Indexed }
    }

    fn colour(self, Rgb([r, g, b]): Rgb<u8>) -> Color {
        let level = |value: u8| ((u16::from(value) * 5 + 127) / 255) as u8;
        match self {
            Self::True => Color::Rgb(r, g, b),
            // The greys lie between the black and the white of the cube, ten apart.
            Self::Indexed if r == g && g == b && (4..=246).contains(&r) => Color::Indexed(232 + ((r - 3) / 10).min(23)),
            Self::Indexed => Color::Indexed(16 + 36 * level(r) + 6 * level(g) + level(b)),
        }
    }
}

/// How pairs of pictures lie in an area.
#[derive(Debug, PartialEq)]
struct Places {
    /// Width of a picture in cells, which is its pixels, and height in cells, which is half of them.
    width: u16,
    height: u16,
    columns: u16,
    bands: u16,
}

impl Places {
    fn of([_, height, width]: [usize; 3], area: Rect) -> Self {
        let rows = area.height / 2;
        let most = [f64::from((area.width + 1) / COLUMNS) - 1.0, f64::from(2 * rows)];
        let scale = (most[0] / width as f64).min(most[1] / height as f64).min(1.0);
        let cells = |side: usize, a_cell: f64| ((side as f64 * scale / a_cell).round() as u16).max(1);
        let (width, height) = (cells(width, 1.0), cells(height, 2.0).min(rows));
        let (columns, bands) = ((area.width + 1) / (width + 1), (area.height + 1) / (2 * height + 1).max(1));
        Self { width, height, columns, bands: if height == 0 { 0 } else { bands } }
    }
}

/// Draws images over their reconstructions, as many as there is room for.
pub fn pairs(pictured: &Pictured, area: Rect, depth: Depth, buffer: &mut Buffer) {
    let Places { width, height, columns, bands } = Places::of(pictured.shape, area);
    for (line, stack) in (0..).zip(pictured.stacks()) {
        let shown = stack.count().min(usize::from(columns * bands)) as u16;
        for at in 0..shown {
            let left = area.x + at % columns * (width + 1);
            let top = area.y + at / columns * (2 * height + 1) + line * height;
            picture(&stack, usize::from(at), Rect { x: left, y: top, width, height }, depth, buffer);
        }
    }
}

/// Draws one of the pictures, which fills its place.
fn picture(stack: &Pictures<'_>, at: usize, place: Rect, depth: Depth, buffer: &mut Buffer) {
    let (width, height) = (u32::from(place.width), 2 * u32::from(place.height));
    let image = stack.image(at);
    let image = match image.dimensions() == (width, height) {
        true => image,
        false => resize(&image, width, height, FilterType::Triangle),
    };
    half_blocks(&image, place, depth, buffer);
}

fn half_blocks(image: &RgbImage, place: Rect, depth: Depth, buffer: &mut Buffer) {
    for (y, row) in (0..).zip(place.rows()) {
        for (x, cell) in (0..).zip(row.columns()) {
            let pixel = |y: u32| depth.colour(*image.get_pixel(x, y));
            if let Some(cell) = buffer.cell_mut(cell.as_position()) {
                cell.set_symbol(BLOCK).set_fg(pixel(2 * y)).set_bg(pixel(2 * y + 1));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Images of one colour each over reconstructions of another, with a white pixel in the corner.
    fn pictured(side: usize, count: usize) -> Pictured {
        let stack = |value: f32| {
            let mut pixels = vec![value; side * side];
            pixels[0] = 1.0;
            pixels.repeat(count)
        };
        Pictured { images: stack(0.2), reconstructions: stack(0.6), shape: [1, side, side], png: Vec::new() }
    }

    fn drawn(pictured: &Pictured, width: u16, height: u16, depth: Depth) -> Buffer {
        let area = Rect::new(0, 0, width, height);
        let mut buffer = Buffer::empty(area);
        pairs(pictured, area, depth, &mut buffer);
        buffer
    }

    #[test]
    fn a_cell_is_two_pixels() {
        let buffer = drawn(&pictured(4, 9), 19, 4, Depth::True);
        let grey = |value: u8| Color::Rgb(value, value, value);
        let cell = |x: u16, y: u16| (buffer[(x, y)].symbol(), buffer[(x, y)].fg, buffer[(x, y)].bg);
        // Images in the upper two rows of cells, reconstructions below; the corner's white is the upper half of its cell.
        assert_eq!(cell(0, 0), ("▀", grey(255), grey(51)));
        assert_eq!(cell(1, 0), ("▀", grey(51), grey(51)));
        assert_eq!(cell(0, 1), ("▀", grey(51), grey(51)));
        assert_eq!(cell(0, 2), ("▀", grey(255), grey(153)));
        assert_eq!(cell(3, 3), ("▀", grey(153), grey(153)));
        // A gap, and the fourth picture.
        assert_eq!(cell(4, 0).0, " ");
        assert_eq!(cell(15, 0), ("▀", grey(255), grey(51)));
        let blocks = buffer.content().iter().filter(|cell| cell.symbol() == BLOCK).count();
        assert_eq!(blocks, 4 * 4 * 4, "four pairs fit, whole");
    }

    #[test]
    fn pictures_shrink_until_four_pairs_fit_and_nothing_leaves_its_area() {
        let at = |shape, width, height| Places::of(shape, Rect::new(0, 0, width, height));
        assert_eq!(at([3, 28, 28], 200, 60), Places { width: 28, height: 14, columns: 6, bands: 2 });
        assert_eq!(at([3, 28, 28], 54, 60), Places { width: 12, height: 6, columns: 4, bands: 4 });
        assert_eq!(at([3, 28, 28], 200, 14), Places { width: 14, height: 7, columns: 13, bands: 1 });
        for (width, height) in [(0, 0), (1, 1), (3, 2), (7, 3), (40, 5), (11, 40)] {
            drawn(&pictured(28, 32), width, height, Depth::True);
        }
        assert!(drawn(&pictured(28, 32), 30, 1, Depth::True).content().iter().all(|cell| cell.symbol() == " "));
    }

    #[test]
    fn a_terminal_of_few_colours_gets_the_nearest() {
        let colour = |rgb| Depth::Indexed.colour(Rgb(rgb));
        assert_eq!([colour([0; 3]), colour([255; 3])], [Color::Indexed(16), Color::Indexed(231)]);
        assert_eq!([colour([8; 3]), colour([128; 3]), colour([238; 3])], [232, 244, 255].map(Color::Indexed));
        assert_eq!(colour([255, 0, 0]), Color::Indexed(196));
    }
}
