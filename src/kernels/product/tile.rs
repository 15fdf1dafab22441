//! The tiles of `shaders/product/tile.wgsl`, and which suits a product.

use super::Product;
use crate::kernels::Shader;
use crate::kernels::cost::{Inner, RTX_3090, Work};
use std::fmt;

/// What a workgroup computes of a product at once, and by how many invocations. In files it is its name, which only those of [`Tile::ALL`]
/// and [`Tile::COOPERATIVE`] have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Tile {
    /// Invocations down the rows of a tile; subgroups, where they cooperate.
    down: u8,
    /// Those across its columns.
    across: u8,
    /// Rows that each computes.
    rows: u8,
    /// Columns that each computes.
    columns: u8,
    /// Teams that share the depth.
    split: u8,
    /// How deep the slabs are.
    depth: u8,
    /// Whether subgroups compute it by cooperative matrices: a product in half precision.
    cooperative: bool,
}

/// How deep the slabs are, unless it is by cooperative matrices.
const DEPTH: u8 = 8;
/// Side of a cooperative matrix, and invocations that compute it.
const SQUARE: usize = 16;
const LANES: usize = 32;
/// Multiply-adds that a unit does by cooperative matrices in the time of one by an invocation.
const MATRIX: f64 = 16.0;
/// Instructions of an invocation for each element of its result, and once.
const STORE: usize = 6;
const START: usize = 300;
/// Instructions that round an element to half precision.
const ROUND: usize = 10;
/// Instructions for each slab: the loop, barriers, addresses.
const SLAB: usize = 30;
/// The same where matrices cooperate, whose invocations wait for each other longer than they multiply.
const COOPERATIVE_SLAB: usize = 150;

const fn tile([down, across]: [u8; 2], [rows, columns]: [u8; 2], split: u8) -> Tile {
    Tile { down, across, rows, columns, split, depth: DEPTH, cooperative: false }
}

const fn cooperative([down, across]: [u8; 2], [rows, columns]: [u8; 2], split: u8, depth: u8) -> Tile {
    Tile { down, across, rows, columns, split, depth, cooperative: true }
}

impl Tile {
    /// Every tile that products choose from. Each invocation of a team loads at most eight elements of either operand of a slab, and a
    /// tile's sides are not above the team's size.
    pub const ALL: [Self; 14] = [
        tile([16, 16], [8, 8], 1),
        tile([8, 16], [8, 8], 1),
        tile([8, 8], [8, 8], 1),
        tile([8, 8], [8, 8], 2),
        tile([8, 8], [4, 8], 1),
        tile([8, 8], [4, 8], 4),
        tile([8, 8], [4, 4], 1),
        tile([8, 8], [4, 4], 4),
        tile([4, 16], [4, 4], 1),
        tile([4, 16], [4, 4], 4),
        tile([16, 4], [4, 4], 4),
        tile([4, 8], [4, 4], 4),
        tile([4, 8], [4, 4], 8),
        tile([8, 4], [4, 4], 8),
    ];

    /// Those by cooperative matrices, for products in half precision where an adapter has such. Each invocation loads at most sixteen
    /// elements of either operand.
    pub const COOPERATIVE: [Self; 13] = [
        cooperative([2, 2], [64, 64], 1, 16),
        cooperative([2, 4], [64, 32], 1, 32),
        cooperative([2, 4], [32, 32], 1, 32),
        cooperative([4, 2], [32, 32], 1, 32),
        cooperative([2, 2], [64, 32], 1, 16),
        cooperative([2, 2], [32, 64], 1, 16),
        cooperative([2, 2], [32, 32], 1, 32),
        cooperative([2, 2], [32, 32], 1, 16),
        cooperative([2, 2], [32, 32], 2, 32),
        cooperative([2, 1], [16, 32], 4, 16),
        cooperative([2, 2], [16, 16], 1, 64),
        cooperative([2, 2], [16, 16], 2, 32),
        cooperative([2, 2], [16, 16], 2, 64),
    ];

    /// The tiles of [`Tile::ALL`] with less than 8 x 8 elements to an invocation.
    pub(super) fn light() -> Vec<Self> {
        Self::ALL.into_iter().filter(|tile| tile.rows < 8).collect()
    }

    /// These tiles, first the one that an RTX 3090 would compute this product with in the least time.
    pub(super) fn ranked(product: &Product, mut tiles: Vec<Self>) -> Vec<Self> {
        let seconds = |tile: &Self| {
            let (padded_multiply_adds, inner) = tile.work(product);
            let work = Work { padded_multiply_adds, inner, ..Work::default() };
            let groups = product.grid(tile.sides()).iter().product::<usize>() * product.depths.len();
            RTX_3090.arithmetic(&work, groups as f64)
        };
        tiles.sort_by(|a, b| seconds(a).total_cmp(&seconds(b)));
        tiles
    }

    /// Whether subgroups compute it by cooperative matrices.
    pub fn is_cooperative(&self) -> bool {
        self.cooperative
    }

    /// Invocations of a workgroup.
    pub fn invocations(&self) -> usize {
        self.team() * usize::from(self.split)
    }

    /// Rows and columns that an invocation computes, or a subgroup.
    fn elements(&self) -> [usize; 2] {
        [self.rows, self.columns].map(usize::from)
    }

    /// Invocations of a team.
    fn team(&self) -> usize {
        usize::from(self.down) * usize::from(self.across) * if self.cooperative { LANES } else { 1 }
    }

    /// Rows and columns of a tile.
    pub fn sides(&self) -> [usize; 2] {
        let [rows, columns] = self.elements();
        [usize::from(self.down) * rows, usize::from(self.across) * columns]
    }

    /// Elements of the left operand that an invocation loads of each slab, and of the right one.
    pub(super) fn loads(&self) -> [usize; 2] {
        self.sides().map(|side| side * usize::from(self.depth) / self.team())
    }

    /// Multiply-adds of a product by this tile, and what an invocation makes of them.
    pub(super) fn work(&self, product: &Product) -> (u64, Inner) {
        if self.cooperative { self.work_of_matrices(product) } else { self.work_of_numbers(product) }
    }

    /// The instructions are counted from the shader; what RADV compiles of the inner loop differs by a tenth at most (docs/performance.md).
    fn work_of_numbers(&self, product: &Product) -> (u64, Inner) {
        let [rows, columns] = self.elements();
        let (split, depth) = (usize::from(self.split), usize::from(self.depth));
        let loads = self.loads().iter().sum::<usize>();
        let multiply_adds = depth * rows * columns;
        let find = product.find + if product.half { ROUND } else { 0 };
        let slab = multiply_adds + depth * (rows + columns) / 4 + loads * find + SLAB;
        let slabs: usize = product.depths.iter().map(|sum| sum.div_ceil(depth * split)).sum();
        // The sums of half of the teams pass through memory, then those of a quarter, to the last one.
        let rest = product.depths.len() * (rows * columns * (STORE + 2 * split.ilog2() as usize) + START);
        let inner = Inner {
            share: (slabs * multiply_adds) as f64 / (slabs * slab + rest) as f64,
            reads: (rows + columns) as f64 / (rows * columns) as f64,
            invocations: self.invocations() as f64,
            ..Inner::default()
        };
        (product.padded(self.sides(), depth * split), inner)
    }

    /// The same by cooperative matrices: what is left for an invocation is to stage elements and to store results.
    fn work_of_matrices(&self, product: &Product) -> (u64, Inner) {
        let [rows, columns] = self.elements();
        let (split, depth) = (usize::from(self.split), usize::from(self.depth));
        let loads = self.loads().iter().sum::<usize>();
        let multiply_adds = depth * rows * columns / LANES;
        let slab = multiply_adds as f64 / MATRIX + (loads * (product.find + 2) + COOPERATIVE_SLAB) as f64;
        let slabs: usize = product.depths.iter().map(|sum| sum.div_ceil(depth * split)).sum();
        let rest = product.depths.len() * (rows * columns / LANES * (STORE + 2 * split) + START);
        let inner = Inner {
            share: (slabs * multiply_adds) as f64 / (slabs as f64 * slab + rest as f64),
            reads: 0.0,
            invocations: self.invocations() as f64,
            most: MATRIX,
        };
        (product.padded(self.sides(), depth * split), inner)
    }

    /// Gives a shader the loop, and tells it.
    pub(super) fn tell(&self, shader: Shader) -> Shader {
        let told = shader.constant("DOWN", u32::from(self.down)).constant("ACROSS", u32::from(self.across));
        let [rows, columns] = self.elements();
        let told = if self.cooperative {
            told.constant("DEPTH", u32::from(self.depth))
                .constant("ROWS", (rows / SQUARE) as u32)
                .constant("COLUMNS", (columns / SQUARE) as u32)
                .enable("f16")
                .enable("wgpu_cooperative_matrix")
                .with(wgsl!("product/cooperative"))
        } else {
            told.constant("TALL", rows == 8).constant("WIDE", columns == 8).with(wgsl!("product/tile"))
        };
        told.constant("SPLIT", u32::from(self.split))
    }
}

/// Its sides, those of what a subgroup computes where subgroups cooperate, and by how many teams.
impl fmt::Display for Tile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [height, width] = self.sides();
        write!(f, "{height}x{width}")?;
        if self.cooperative {
            write!(f, " of {}x{}, {} deep", self.rows, self.columns, self.depth)?;
        }
        if self.split > 1 { write!(f, " by {}", self.split) } else { Ok(()) }
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
        Self::ALL
            .into_iter()
            .chain(Self::COOPERATIVE)
            .find(|tile| tile.to_string() == name)
            .ok_or_else(|| format!("there is no tile `{name}`"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn best(size: [usize; 3]) -> Tile {
        Tile::ranked(&Product::whole(String::new(), size, 6), Tile::ALL.to_vec())[0]
    }

    #[test]
    fn a_tile_keeps_within_what_its_shader_takes_for_granted() {
        for tile in Tile::ALL {
            let [height, width] = tile.sides();
            let (team, depth) = (tile.team(), usize::from(tile.depth));
            assert!(height.max(width) <= team, "{tile:?}: a row of a slab is one load of the team at most");
            assert!(height.max(width) * depth <= 8 * team, "{tile:?}: loads");
            assert!(height.min(width) * depth >= team, "{tile:?}: every invocation loads");
            assert!(tile.invocations() <= 256, "{tile:?}: WebGPU's default limit of invocations");
            assert!(tile.split.is_power_of_two(), "{tile:?}: teams add their sums in pairs");
        }
    }

    #[test]
    fn a_cooperative_tile_keeps_within_what_its_shader_takes_for_granted() {
        for tile in Tile::COOPERATIVE {
            let [height, width] = tile.sides();
            let (team, depth, split) = (tile.team(), usize::from(tile.depth), usize::from(tile.split));
            assert!(
                height.max(width) <= team && team % depth == 0,
                "{tile:?}: a load of the team is a row of a slab, or whole columns"
            );
            assert!(height.max(width) * depth <= 16 * team && height.min(width) * depth >= team, "{tile:?}: loads");
            assert!(tile.invocations() <= 256, "{tile:?}: WebGPU's default limit of invocations");
            // Two slabs in half precision with their padding, whichever way they lie, and a square for each subgroup.
            let slab = |side: usize| (side * (depth + 8)).max(depth * (side + 8));
            let memory = 2 * split * 2 * (slab(height) + slab(width)) + 4 * SQUARE * SQUARE * team * split / LANES;
            assert!(memory <= 48 << 10, "{tile:?}: {memory} bytes of workgroup memory");
        }
    }

    #[test]
    fn a_tile_is_read_by_its_name_and_no_other() {
        for tile in Tile::ALL.into_iter().chain(Tile::COOPERATIVE) {
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
