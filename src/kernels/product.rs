//! How a GPU computes a matrix product: one of the two loops in `shaders/product/`, around the operands that a kernel's own WGSL file
//! describes. That file declares the bindings and
//!
//! - `extent(slice)`: rows, columns and depth of the product (or of one slice of it);
//! - `row_at(row, slice) -> u32` and `column_at(column, slice) -> Column`: what the elements of a row of the left operand, and of a
//!   column of the right one, have in common; `Column` is a type of the file's own;
//! - `left(at, k)` and `right(at, k)`: the operands' elements at depth `k`; for a tile, `LEFT_IS_DEEP` and `RIGHT_IS_DEEP` say whether
//!   neighbours along the depth are neighbours in memory;
//! - `store(row, column, slice, sum)`: what becomes of an element.

use super::cost::{Inner, Work};
use super::{Binding, Constant, Launch, Shader, Tuning};

/// The loops to choose from, see [`crate::device::gpu::tuning`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Variant {
    /// Tiles staged in workgroup memory: real GPUs.
    #[default]
    Tile,
    /// Eight rows by eight columns to an invocation, no workgroup memory: software adapters, whose invocations are
    /// lanes of a CPU's vector unit.
    Strip,
}

/// Workgroups along one dimension: WebGPU's default limit.
const MOST_GROUPS: usize = 65_535;
/// Invocations along a side of a tile's workgroup.
const TILE_SIDE: usize = 16;
/// Rows and columns that a workgroup of the strip loop computes: 8 x 8 invocations of 8 x 8 elements.
const STRIP_SIDE: usize = 64;
/// Tiles that a product should have to occupy a large GPU.
const ENOUGH_TILES: usize = 96;

/// Starts a product of `rows` and `columns` of these operands, as a whole or in `slices`, each a product of its own.
///
/// An invocation of the tile loop computes the most elements along a side that still yield enough tiles.
pub(super) fn launch(operands: Shader, tuning: &Tuning, [rows, columns]: [usize; 2], slices: Option<usize>) -> Launch {
    let operands = operands.shared("SLICED", slices.is_some());
    let groups = |side: usize| [columns.div_ceil(side), rows.div_ceil(side)];
    let (shader, [across, down]) = match tuning.matmul {
        Variant::Tile => {
            let tiles = |span: usize| groups(TILE_SIDE * span).iter().product::<usize>() * slices.unwrap_or(1);
            let span = [8, 4].into_iter().find(|&span| tiles(span) >= ENOUGH_TILES).unwrap_or(2);
            (operands.constant("SPAN", span as u32).with(wgsl!("product/tile")), groups(TILE_SIDE * span))
        }
        Variant::Strip => (operands.with(wgsl!("product/strip")), groups(STRIP_SIDE)),
    };
    // More columns than a grid is wide go on in its depth, which is otherwise the slices'.
    let width = across.min(MOST_GROUPS);
    let depth = slices.unwrap_or(across.div_ceil(width));
    Launch { shader, workgroups: [width, down, depth].map(|x| x as u32) }
}

/// What a product costs that is started so: `multiply_adds` of it are useful, and its slices are so deep.
pub(super) fn work(bindings: Vec<Binding>, launch: &Launch, multiply_adds: u64, depths: &[usize]) -> Work {
    let span = launch.shader.constants.iter().find_map(|(name, value)| match value {
        Constant::Word(span) if *name == "SPAN" => Some(*span as usize),
        _ => None,
    });
    // Share of multiply-adds by what NVIDIA's compiler makes of the tile: docs/performance.md.
    let (side, slab, inner) = match span {
        Some(8) => (TILE_SIDE * 8, 8, Inner { share: 0.68, reads: 0.25 }),
        Some(span) => {
            let share = if span == 4 { 0.54 } else { 0.39 };
            (TILE_SIDE * span, 16, Inner { share, reads: 2.0 / span as f64 })
        }
        None => (STRIP_SIDE, 1, Inner::default()),
    };
    let groups = launch.workgroups.iter().map(|&count| u64::from(count)).product::<u64>() / depths.len() as u64;
    let depth = depths.iter().map(|depth| depth.next_multiple_of(slab) as u64).sum::<u64>();
    let padded_multiply_adds = groups * (side * side) as u64 * depth;
    Work { multiply_adds, padded_multiply_adds, inner, ..Work::moving(bindings) }
}
