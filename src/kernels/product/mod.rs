//! How a GPU computes a matrix product: one of the two loops in `shaders/product/`, around the operands that a kernel's own WGSL file
//! describes. That file declares the bindings and
//!
//! - `extent(slice)`: rows, columns and depth of the product (or of one slice of it);
//! - `row_at(row, slice) -> u32` and `column_at(column, slice) -> Column`: what the elements of a row of the left operand, and of a
//!   column of the right one, have in common; `Column` is a type of the file's own;
//! - `left(at, k, slice) -> Lefts`: the left operand's element at depth `k`, or, for a tile, four that are neighbours in memory
//!   (`Product::reading`); `LEFT_IS_DEEP` and `RIGHT_IS_DEEP` say whether those lie along the depth;
//! - `right_spot(at, k, slice) -> Spot`: where an element of the right operand lies, and whether it exists;
//!   `right(element) -> Rights`: it, or four. `RIGHT_ELSE` takes the place of one that does not exist, in a tile long after it was read;
//! - `place(column, slice) -> u32`: where the results of a column lie, and `store(row, place, sum)`: what becomes of one, or of four in
//!   neighbouring columns: `Stored` is a number or a vector of `STORED` of them (`Product::by_fours`).

pub mod half;
mod tile;

use super::cost::{Inner, Work};
use super::{Binding, Kernel, Launch, Shader, Tuning};
pub use tile::Tile;

/// The loops to choose from, see [`crate::device::gpu::tuning`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Variant {
    /// Tiles staged in workgroup memory, up to 8 x 8 elements to an invocation: real GPUs.
    #[default]
    Tile,
    /// The same with at most 4 x 8 elements to an invocation: real GPUs whose registers are too few for more.
    Light,
    /// Eight rows by eight columns to an invocation, no workgroup memory: software adapters, whose invocations are
    /// lanes of a CPU's vector unit.
    Strip,
}

/// A product as its loop sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Product {
    /// Its form and sizes in words: what a tuning calls it by.
    name: String,
    rows: usize,
    columns: usize,
    /// Length of the sums, of each slice.
    depths: Vec<usize>,
    /// Instructions that finding an operand's element takes, about: what a tile pays for each that it stages.
    find: usize,
    /// Whether results are stored four at a time.
    fours: bool,
    /// Whether the elements of its operands may be read four at a time.
    reads: [bool; 2],
    /// Whether its operands are rounded to half precision.
    half: bool,
}

/// A kernel that is a matrix product.
pub trait Multiply: Kernel {
    /// The bindings of the left operand and of the right one.
    const OPERANDS: [usize; 2];
    /// Which operand is a gradient, in the passes that it serves: none in a forward pass.
    const GRADIENTS: &'static [Option<half::Operand>];
    /// The operands and the end of the product, as this module's documentation says.
    fn operands(&self) -> Shader;
    /// Its sizes.
    fn sizes(&self) -> Product;
}

/// Workgroups along one dimension: WebGPU's default limit.
const MOST_GROUPS: usize = 65_535;
/// Elements that a tile reads at once, where it may.
const READ: usize = 4;
/// Rows and columns that a workgroup of the strip loop computes: 8 x 8 invocations of 8 x 8 elements.
const STRIP_SIDE: usize = 64;

impl Product {
    /// A product of so many rows and columns, and so deep.
    pub(super) fn whole(name: String, [rows, columns, depth]: [usize; 3], find: usize) -> Self {
        Self::sliced(name, [rows, columns], vec![depth], find)
    }

    /// Products side by side of at most so many rows and columns, one of each of these depths.
    pub(super) fn sliced(name: String, [rows, columns]: [usize; 2], depths: Vec<usize>, find: usize) -> Self {
        Self { name, rows, columns, depths, find, fours: false, reads: [false; 2], half: false }
    }

    /// Stores results four at a time, where those of four columns, from every fourth one on, are neighbours in memory that begin at a
    /// multiple of four. One by one, the neighbours of an invocation write every fourth word.
    pub(super) fn by_fours(self, fours: bool) -> Self {
        Self { fours, ..self }
    }

    /// Lets tiles read the left operand, and the right one, four elements at a time, where those are neighbours in memory along the one of
    /// its sides that is contiguous there, and begin at a multiple of four.
    pub(super) fn reading(self, reads: [bool; 2]) -> Self {
        Self { reads, ..self }
    }

    /// Whether its operands are rounded to half precision.
    pub fn is_half(&self) -> bool {
        self.half
    }

    /// Rounds its operands to half precision.
    fn halved(self) -> Self {
        Self { name: format!("half {}", self.name), half: true, ..self }
    }

    /// Its form and sizes in words; products of one name take the same time.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Every tile that it may be computed by, best first by the cost model; none where it is computed by strips.
    pub fn tiles(&self, tuning: &Tuning) -> Vec<Tile> {
        let tiles = match tuning.matmul {
            _ if self.half && tuning.cooperative => Tile::COOPERATIVE.to_vec(),
            Variant::Tile => Tile::ALL.to_vec(),
            Variant::Light => Tile::light(),
            Variant::Strip => Vec::new(),
        };
        Tile::ranked(self, tiles)
    }

    /// The tile that it is computed by, unless it is by strips.
    fn tile(&self, tuning: &Tuning) -> Option<Tile> {
        let cooperative = self.half && tuning.cooperative;
        if tuning.matmul == Variant::Strip && !cooperative {
            return None;
        }
        let chosen = tuning.tile.or_else(|| tuning.tiles.get(&self.name).copied());
        let suits = |tile: &Tile| tile.is_cooperative() == cooperative;
        chosen.filter(suits).or_else(|| self.tiles(tuning).first().copied())
    }

    /// Tiles of these sides across and down a slice.
    fn grid(&self, [height, width]: [usize; 2]) -> [usize; 2] {
        [self.columns.div_ceil(width), self.rows.div_ceil(height)]
    }

    /// Starts this product of the operands that a shader describes.
    pub(super) fn launch(&self, operands: Shader, tuning: &Tuning) -> Launch {
        let store = if self.fours { wgsl!("product/fours") } else { wgsl!("product/numbers") };
        let operands = operands
            .stored(self.fours)
            .with(wgsl!("product/spot"))
            .with(wgsl!("product/grid"))
            .with(wgsl!("product/sums"))
            .with(store);
        let tile = self.tile(tuning);
        let [left, right] = match tile {
            Some(tile) => [0, 1].map(|side| self.reads[side] && tile.loads()[side].is_multiple_of(READ)),
            None => [false; 2],
        };
        let at_once = |fours| if fours { READ as u32 } else { 1 };
        let operands = operands
            .constant("LEFTS", at_once(left))
            .constant("RIGHTS", at_once(right))
            .with(if left { wgsl!("product/left_fours") } else { wgsl!("product/left_single") })
            .with(if right { wgsl!("product/right_fours") } else { wgsl!("product/right_single") });
        let operands = match self.half {
            true => operands.constant("STAGED", tile.is_some_and(|tile| tile.is_cooperative())),
            false => operands.with(wgsl!("product/exact")).with(wgsl!("product/unscaled")),
        };
        let (shader, sides) = match tile {
            Some(tile) => (tile.tell(operands).with(wgsl!("product/slabs")), tile.sides()),
            None => (operands.with(wgsl!("product/strip")), [STRIP_SIDE; 2]),
        };
        let [across, down] = self.grid(sides);
        // More columns than a grid is wide go on below, as `grid.wgsl` has it.
        let width = across.min(MOST_GROUPS);
        let height = down * across.div_ceil(width);
        Launch { shader, workgroups: [width, height, self.depths.len()].map(|x| x as u32) }
    }

    /// What it costs, where so many multiply-adds of it are useful.
    pub(super) fn work(&self, bindings: Vec<Binding>, tuning: &Tuning, multiply_adds: u64) -> Work {
        let (padded_multiply_adds, inner) = match self.tile(tuning) {
            Some(tile) => tile.work(self),
            None => (self.padded([STRIP_SIDE; 2], 1), Inner::default()),
        };
        Work { multiply_adds, padded_multiply_adds, inner, ..Work::moving(bindings) }
    }

    /// Multiply-adds by whole tiles of these sides and whole slabs so deep.
    fn padded(&self, sides: [usize; 2], slab: usize) -> u64 {
        let depth: usize = self.depths.iter().map(|depth| depth.next_multiple_of(slab)).sum();
        self.grid(sides).into_iter().chain(sides).chain([depth]).map(|x| x as u64).product()
    }
}
