//! The tiles of `shaders/product/tile.wgsl`, and which suits a product.

use super::Product;
use crate::kernels::Shader;
use crate::kernels::cost::{Inner, RTX_3090, Work};
use std::fmt;

/// What a workgroup computes of a product at once, and by how many invocations. In files it is its name, which only those of [`Tile::ALL`]
/// have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Tile {
    /// Invocations down the rows of a tile.
    down: u8,
    /// Invocations across its columns.
    across: u8,
    /// Whether an invocation computes 8 rows instead of 4.
    tall: bool,
    /// Whether it computes 8 columns instead of 4.
    wide: bool,
    /// Teams of invocations that share the depth.
    split: u8,
}

/// How deep the slabs are.
const DEPTH: usize = 8;
/// Instructions of an invocation for each element of its result, and once.
const STORE: usize = 6;
const START: usize = 300;
/// Instructions for each slab: the loop, barriers, addresses.
const SLAB: usize = 30;

const fn tile([down, across]: [u8; 2], [tall, wide]: [bool; 2], split: u8) -> Tile {
    Tile { down, across, tall, wide, split }
}

impl Tile {
    /// Every tile that products choose from. Each invocation of a team loads at most eight elements of either operand of a slab, and a
    /// tile's sides are not above the team's size.
    pub const ALL: [Self; 14] = [
        tile([16, 16], [true, true], 1),
        tile([8, 16], [true, true], 1),
        tile([8, 8], [true, true], 1),
        tile([8, 8], [true, true], 2),
        tile([8, 8], [false, true], 1),
        tile([8, 8], [false, true], 4),
        tile([8, 8], [false, false], 1),
        tile([8, 8], [false, false], 4),
        tile([4, 16], [false, false], 1),
        tile([4, 16], [false, false], 4),
        tile([16, 4], [false, false], 4),
        tile([4, 8], [false, false], 4),
        tile([4, 8], [false, false], 8),
        tile([8, 4], [false, false], 8),
    ];

    /// All tiles, first the one that an RTX 3090 would compute this product with in the least time; light ones are those of less than 8 x 8
    /// elements to an invocation.
    pub(super) fn ranked(product: &Product, light: bool) -> Vec<Self> {
        let seconds = |tile: &Self| {
            let (padded_multiply_adds, inner) = tile.work(product);
            let work = Work { padded_multiply_adds, inner, ..Work::default() };
            let groups = product.grid(tile.sides()).iter().product::<usize>() * product.depths.len();
            RTX_3090.arithmetic(&work, groups as f64)
        };
        let mut tiles: Vec<Self> = Self::ALL.into_iter().filter(|tile| !(light && tile.tall)).collect();
        tiles.sort_by(|a, b| seconds(a).total_cmp(&seconds(b)));
        tiles
    }

    /// Rows and columns that an invocation computes.
    fn elements(&self) -> [usize; 2] {
        [self.tall, self.wide].map(|more| if more { 8 } else { 4 })
    }

    /// Rows and columns of a tile.
    pub fn sides(&self) -> [usize; 2] {
        let [rows, columns] = self.elements();
        [usize::from(self.down) * rows, usize::from(self.across) * columns]
    }

    /// Multiply-adds of a product by this tile, and what an invocation makes of them.
    ///
    /// The instructions are counted from the shader; what RADV compiles of the inner loop differs by a tenth at most (docs/performance.md).
    pub(super) fn work(&self, product: &Product) -> (u64, Inner) {
        let [rows, columns] = self.elements();
        let (team, split) = (usize::from(self.down) * usize::from(self.across), usize::from(self.split));
        let loads = self.sides().iter().sum::<usize>() * DEPTH / team;
        let multiply_adds = DEPTH * rows * columns;
        let slab = multiply_adds + DEPTH * (rows + columns) / 4 + loads * product.find + SLAB;
        let slabs: usize = product.depths.iter().map(|depth| depth.div_ceil(DEPTH * split)).sum();
        // The sums of the other teams pass through memory one after the other.
        let rest = product.depths.len() * (rows * columns * (STORE + 2 * (split - 1)) + START);
        let inner = Inner {
            share: (slabs * multiply_adds) as f64 / (slabs * slab + rest) as f64,
            reads: (rows + columns) as f64 / (rows * columns) as f64,
            invocations: (team * split) as f64,
        };
        (product.padded(self.sides(), DEPTH * split), inner)
    }

    /// Tells the loop.
    pub(super) fn constants(&self, shader: Shader) -> Shader {
        shader
            .constant("DOWN", u32::from(self.down))
            .constant("ACROSS", u32::from(self.across))
            .constant("TALL", self.tall)
            .constant("WIDE", self.wide)
            .constant("SPLIT", u32::from(self.split))
    }
}

/// Its sides, and by how many teams of invocations.
impl fmt::Display for Tile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [height, width] = self.sides();
        match self.split {
            1 => write!(f, "{height}x{width}"),
            teams => write!(f, "{height}x{width} by {teams}"),
        }
    }
}

impl From<Tile> for String {
    fn from(tile: Tile) -> Self {
        tile.to_string()
    }
}

impl TryFrom<String> for Tile {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        Self::ALL.into_iter().find(|tile| tile.to_string() == name).ok_or_else(|| format!("there is no tile `{name}`"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn best(size: [usize; 3]) -> Tile {
        Tile::ranked(&Product::whole(String::new(), size, 6), false)[0]
    }

    #[test]
    fn a_tile_keeps_within_what_its_shader_takes_for_granted() {
        for tile in Tile::ALL {
            let [height, width] = tile.sides();
            let team = usize::from(tile.down) * usize::from(tile.across);
            assert!(height.max(width) <= team, "{tile:?}: a row of a slab is one load of the team at most");
            assert!(height.max(width) * DEPTH <= 8 * team, "{tile:?}: loads");
            assert!(height.min(width) * DEPTH >= team, "{tile:?}: every invocation loads");
            assert!(team * usize::from(tile.split) <= 256, "{tile:?}: WebGPU's default limit of invocations");
        }
    }

    #[test]
    fn a_tile_is_read_by_its_name_and_no_other() {
        for tile in Tile::ALL {
            assert_eq!(serde_json::from_value::<Tile>(serde_json::json!(tile)).expect("a tile"), tile);
        }
        assert_eq!(serde_json::json!(Tile::ALL[3]), "64x64 by 2");
        for wrong in ["\"64x64 by 3\"", "\"8x8\"", "64", "null"] {
            assert!(serde_json::from_str::<Tile>(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn tiles_follow_the_product() {
        let large = best([4096, 4096, 4096]);
        assert!(large.elements() == [8, 8] && large.split == 1, "{large:?}: the loop with the most multiply-adds");
        let few = best([128, 500, 2000]);
        assert!(
            few.sides()[0] <= 32 && few.split >= 4,
            "{few:?}: small tiles, whose teams share the depth, to occupy a card"
        );
        assert_eq!(best([3, 131_072, 784]).sides()[0], 16, "few rows are not padded to many");
    }
}
