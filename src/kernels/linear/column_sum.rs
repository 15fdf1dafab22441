//! Twin of `shaders/linear/column_sum.wgsl`: sums of the rows of a matrix.

use crate::kernels::{Access, Args, Binding, Kernel, Launch, Tuning};
use crate::math::pieces::{rows_mut, side_by_side};
use crate::math::{Real, simd};
use encase::ShaderType;

/// Sums the columns of a matrix `[rows, columns]` into `[columns]`, in a fixed order.
#[derive(Clone, Debug)]
pub struct ColumnSum {
    /// Rows.
    pub rows: usize,
    /// Columns.
    pub columns: usize,
}

/// The shader's uniform block.
#[derive(ShaderType)]
pub struct Params {
    rows: u32,
    columns: u32,
}

/// Columns that a WGSL workgroup sums.
const SIDE: usize = 16;
/// Columns that one task of the twin sums: enough for the vector unit, few enough for its cache.
const BLOCK: usize = 256;

impl Kernel for ColumnSum {
    type Params = Params;

    fn bindings(&self) -> Vec<Binding> {
        vec![
            Binding::real("matrix", Access::Read, self.rows * self.columns),
            Binding::real("sums", Access::Write, self.columns),
        ]
    }

    fn params(&self) -> Params {
        Params { rows: self.rows as u32, columns: self.columns as u32 }
    }

    fn launch(&self, _tuning: &Tuning) -> Launch {
        Launch::groups(shader!("linear/column_sum"), self.columns.div_ceil(SIDE))
    }

    fn twin<T: Real>(&self, mut args: Args<'_, T>) {
        let (matrix, sums) = (args.real(0), args.real_mut(1));
        column_sums(&matrix[..self.rows * self.columns], &mut sums[..self.columns]);
    }

    fn examples() -> Vec<Self> {
        let sizes =
            [(1, 1), (5, 7), (64, 64), (65, 130), (128, 20), (3, 200), (67, 10), (8, 36), (600, 1000), (1300, 1450)];
        sizes.map(|(rows, columns)| Self { rows, columns }).into()
    }
}

/// The sum of each column, in the order of the rows.
pub(super) fn column_sums<T: Real>(matrix: &[T], sums: &mut [T]) {
    let columns = sums.len();
    side_by_side(rows_mut(sums, BLOCK), 1, |block, sums| {
        simd::vectorize(
            #[inline(always)]
            || {
                sums.fill(T::ZERO);
                for row in matrix.chunks_exact(columns) {
                    for (sum, &x) in sums.iter_mut().zip(&row[block * BLOCK..]) {
                        *sum += x;
                    }
                }
            },
        );
    });
}
