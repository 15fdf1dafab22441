//! Rows of tiles: read from sixteen images at a time, transformed, and written back.

use super::super::ConvEpilogue;
use super::COLUMNS;
use super::tile::{LANES, Side, Tile, square};
use super::turn::Turn;
use crate::math::{Real, simd};

/// The planes of an image.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// Channels.
    pub channels: usize,
    height: usize,
    width: usize,
}

/// Groups of strips whose products are computed together, and which are no more than `COLUMNS` wide unless a single strip is.
pub fn blocks(strips: &[Strip], columns: usize) -> std::slice::Chunks<'_, Strip> {
    strips.chunks((COLUMNS / columns).clamp(1, strips.len()))
}

/// A row of tiles of sixteen images, or of those that are left.
#[derive(Clone, Copy, Debug)]
pub struct Strip {
    /// The first image.
    image: usize,
    /// Images.
    lanes: usize,
    /// The row among the rows of tiles.
    row: usize,
}

/// What becomes of the result.
#[derive(Clone, Copy)]
pub struct Finish<'a, T> {
    bias: Option<&'a [T]>,
    accumulate: bool,
}

impl<'a, T> Finish<'a, T> {
    /// What this epilogue asks for; `bias` holds a number for each channel where it is used.
    pub fn new(epilogue: ConvEpilogue, bias: &'a [T]) -> Self {
        Self {
            bias: (epilogue == ConvEpilogue::Bias).then_some(bias),
            accumulate: epilogue == ConvEpilogue::Accumulate,
        }
    }
}

impl Field {
    /// The field of these channels, height and width.
    pub fn new([channels, height, width]: [usize; 3]) -> Self {
        Self { channels, height, width }
    }

    /// Elements of an image.
    pub fn len(&self) -> usize {
        self.channels * self.height * self.width
    }

    /// The tile that covers this result with the fewest products.
    pub fn side(&self) -> Side {
        let products = |m: usize| self.height.div_ceil(m) * self.width.div_ceil(m) * (m + 2) * (m + 2);
        if products(4) < products(2) { Side::Four } else { Side::Two }
    }

    /// Columns of the products that a strip takes.
    pub fn columns(&self, m: usize) -> usize {
        self.tiles_across(m) * LANES
    }

    fn tiles_across(&self, m: usize) -> usize {
        self.width.div_ceil(m)
    }

    /// Rows of tiles.
    pub fn tiles_down(&self, m: usize) -> usize {
        self.height.div_ceil(m)
    }

    /// The strips of this result.
    pub fn strips(&self, images: usize, m: usize) -> Vec<Strip> {
        let groups = (0..images).step_by(LANES);
        let down = self.tiles_down(m);
        groups
            .flat_map(|image| (0..down).map(move |row| Strip { image, lanes: LANES.min(images - image), row }))
            .collect()
    }

    /// Transforms a channel's tiles of `I` rows and columns, every `M`, into `[strip, tile, lane]` at each place, which begin
    /// `stride` elements apart. `padding` rows and columns of zeros surround the images.
    pub fn transform<T: Real, const M: usize, const I: usize, const N: usize>(
        &self,
        images: &[T],
        channel: usize,
        strips: &[Strip],
        padding: usize,
        (to, stride): (&mut [T], usize),
        transform: impl Fn([T; I]) -> [T; N] + Copy,
    ) {
        let tiles = (self.width + 2 * padding + M - I).div_ceil(M);
        let width = tiles * M + I - M;
        let mut rows = vec![[T::ZERO; LANES]; I * width];
        let mut turn = Turn::new(I * self.width);
        simd::vectorize(
            #[inline(always)]
            || {
                for (index, strip) in strips.iter().enumerate() {
                    let first = strip.row * M;
                    let inside = padding.saturating_sub(first)..(self.height + padding).saturating_sub(first).min(I);
                    if inside.len() < I {
                        rows.fill([T::ZERO; LANES]);
                    }
                    let lines = (0..strip.lanes).map(|lane| {
                        let plane = (strip.image + lane) * self.channels + channel;
                        let line = (plane * self.height + first + inside.start - padding) * self.width;
                        &images[line..line + inside.len() * self.width]
                    });
                    let lanes = turn.side_by_side(lines, inside.len() * self.width);
                    for (y, line) in inside.zip(lanes.chunks_exact(self.width)) {
                        let row = &mut rows[y * width + padding..];
                        row.iter_mut().zip(line).for_each(|(to, x)| *to = *x);
                    }
                    for tile in 0..tiles {
                        let places = square(|y, x| &rows[y * width + tile * M + x], transform);
                        let at = (index * tiles + tile) * LANES;
                        for (place, values) in places.as_flattened().iter().enumerate() {
                            to[place * stride + at..][..LANES].copy_from_slice(values);
                        }
                    }
                }
            },
        );
    }

    /// Transforms products `[place, channel, strip, tile, lane]` into the strips' results.
    pub fn results<T: Real, A: Tile<M, N>, const M: usize, const N: usize>(
        &self,
        products: &[T],
        strips: &[Strip],
        finish: Finish<'_, T>,
        images: &mut [T],
    ) {
        let columns = products.len() / (N * N) / self.channels;
        let tiles = self.tiles_across(M);
        let mut rows = vec![[T::ZERO; LANES]; M * tiles * M];
        let mut turn = Turn::new(M * self.width);
        simd::vectorize(
            #[inline(always)]
            || {
                for channel in 0..self.channels {
                    let bias = finish.bias.map_or(T::ZERO, |bias| bias[channel]);
                    for (index, strip) in strips.iter().enumerate() {
                        for tile in 0..tiles {
                            let from = &products[channel * columns + (index * tiles + tile) * LANES..];
                            let place = |y: usize, x: usize| {
                                let (lanes, _) = from[(y * N + x) * self.channels * columns..].as_chunks();
                                &lanes[0]
                            };
                            for (y, row) in square(place, inlined!(A::result)).iter().enumerate() {
                                let to = &mut rows[(y * tiles + tile) * M..][..M];
                                to.iter_mut().zip(row).for_each(|(to, x)| *to = *x);
                            }
                        }
                        let first = strip.row * M;
                        let inside = M.min(self.height - first);
                        let rows = rows.chunks_exact(tiles * M).take(inside).flat_map(|row| &row[..self.width]);
                        for (lane, line) in turn.apart(rows, inside * self.width).take(strip.lanes).enumerate() {
                            let plane = (strip.image + lane) * self.channels + channel;
                            let at = (plane * self.height + first) * self.width;
                            let to = images[at..at + line.len()].iter_mut().zip(line);
                            if finish.accumulate {
                                to.for_each(|(to, &x)| *to += x);
                            } else {
                                to.for_each(|(to, &x)| *to = x + bias);
                            }
                        }
                    }
                }
            },
        );
    }
}
