//! 3x3 convolutions of stride one by Winograd's algorithm on a GPU: a kernel for each of its steps.
//!
//! What a convolution reads is cut into tiles and transformed ([`split`]), and so are its filters ([`filters`]). Each of the transform's
//! places is then a matrix product of its own over the channels ([`products`]), and the products are transformed back into tiles of the
//! result, which are put together ([`join`]). The weight gradient is the same backwards: tiles of images meet tiles of the result's
//! gradient in products over all tiles, which are transformed into the gradient of the filters.
//!
//! On the CPU the twins of the plain convolutions take the same algorithm, a few tiles at a time ([`super::conv`]): [`convolution`] says
//! where a plan has these kernels instead.

pub mod convolution;
pub mod filters;
pub mod join;
pub mod products;
pub mod split;

pub use super::conv::winograd::tile::Side;

use super::Shader;
use super::conv::ConvShape;
use super::conv::winograd::tile::Tile;
use crate::math::Real;
use encase::ShaderType;

/// Planes `[images, channels, height, width]` and the tiles that they are cut into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Planes {
    /// Images.
    pub images: usize,
    /// Channels.
    pub channels: usize,
    /// Height and width of a plane.
    pub plane: [usize; 2],
    /// Tiles down and across: as many as cover the results of the convolution.
    pub tiles: [usize; 2],
    /// Results of a tile.
    pub side: Side,
    /// Rows and columns of zeros around a plane.
    pub padding: usize,
}

/// The shader's uniform block.
#[derive(ShaderType)]
pub struct Params {
    images: u32,
    channels: u32,
    height: u32,
    width: u32,
    down: u32,
    across: u32,
    padding: u32,
}

impl Side {
    /// Results along a side.
    pub fn results(self) -> usize {
        match self {
            Self::Two => 2,
            Self::Four => 4,
        }
    }

    /// Places of a tile's transform.
    pub fn places(self) -> usize {
        (self.results() + 2) * (self.results() + 2)
    }

    /// Tells a shader, and gives it the transforms.
    fn with(self, shader: Shader) -> Shader {
        let transforms = match self {
            Self::Two => wgsl!("winograd/two"),
            Self::Four => wgsl!("winograd/four"),
        };
        shader.constant("SIDE", self.results() as u32).with(transforms).with(wgsl!("winograd/square"))
    }
}

impl Planes {
    /// Elements of the planes.
    pub fn len(&self) -> usize {
        self.images * self.channels * self.area()
    }

    /// Whether there is no element.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Elements of the tiles' places, `[place, channel, image, tile down, tile across]`.
    pub fn places_len(&self) -> usize {
        self.side.places() * self.channels * self.per_channel()
    }

    fn area(&self) -> usize {
        self.plane[0] * self.plane[1]
    }

    /// Tiles of a channel.
    fn per_channel(&self) -> usize {
        self.images * self.tiles[0] * self.tiles[1]
    }

    fn params(&self) -> Params {
        let [height, width] = self.plane.map(|x| x as u32);
        let [down, across] = self.tiles.map(|x| x as u32);
        let [images, channels, padding] = [self.images, self.channels, self.padding].map(|x| x as u32);
        Params { images, channels, height, width, down, across, padding }
    }

    /// A channel's tile: its image, and the row and column at which it begins, the zeros around counted.
    fn tile(&self, index: usize) -> (usize, [usize; 2]) {
        let [down, across] = self.tiles;
        let side = self.side.results();
        (index / (down * across), [index / across % down * side, index % across * side])
    }

    /// Sizes for the examples: of what a convolution reads where `read` is set, else of its results.
    fn examples(read: bool) -> impl Iterator<Item = Self> {
        // Images, channels, plane and padding of what is read.
        let sizes = [
            (1, 1, [1, 1], 1),
            (3, 5, [2, 2], 1),
            (2, 3, [7, 5], 1),
            (5, 7, [9, 12], 0),
            (2, 17, [15, 15], 1),
            (19, 4, [4, 3], 2),
            (67, 13, [6, 8], 1),
        ];
        let both = sizes.into_iter().flat_map(|size| [Side::Two, Side::Four].map(|side| (size, side)));
        both.map(move |((images, channels, plane, padding), side)| {
            let results = plane.map(|length| length + 2 * padding - 2);
            let tiles = results.map(|length: usize| length.div_ceil(side.results()));
            let (plane, padding) = if read { (plane, padding) } else { (results, 0) };
            Self { images, channels, plane, tiles, side, padding }
        })
    }
}

/// A transform along both dimensions of a square, whose element in row `i` and column `k` is `x(i, k)`.
fn square<T: Real, const I: usize, const O: usize>(
    x: impl Fn(usize, usize) -> T,
    transform: impl Fn([T; I]) -> [T; O],
) -> [[T; O]; O] {
    let mut columns = [[T::ZERO; O]; I];
    for (k, column) in columns.iter_mut().enumerate() {
        *column = transform(std::array::from_fn(|i| x(i, k)));
    }
    std::array::from_fn(|row| transform(std::array::from_fn(|k| columns[k][row])))
}
