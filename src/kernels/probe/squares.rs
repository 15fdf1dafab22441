//! Twin of `shaders/probe/squares.wgsl`: the squared lengths of vectors.

use crate::kernels::{Access, Args, Binding, Kernel, Launch, Tuning};
use crate::math::Real;
use crate::math::pieces::{each_mut, rows, side_by_side};
use encase::ShaderType;

/// The squared length of each row of a matrix.
///
/// Tensors: matrix `[rows, width]`, squares `[rows]`.
#[derive(Clone, Debug)]
pub struct Squares {
    /// Rows.
    pub rows: usize,
    /// Columns.
    pub width: usize,
}

/// The shader's uniform block.
#[derive(ShaderType)]
pub struct Params {
    rows: u32,
    width: u32,
}

impl Kernel for Squares {
    type Params = Params;

    fn bindings(&self) -> Vec<Binding> {
        vec![
            Binding::real("matrix", Access::Read, self.rows * self.width),
            Binding::real("squares", Access::Write, self.rows),
        ]
    }

    fn params(&self) -> Params {
        Params { rows: self.rows as u32, width: self.width as u32 }
    }

    fn launch(&self, _tuning: &Tuning) -> Launch {
        Launch::elementwise(shader!("probe/squares"), self.rows)
    }

    fn twin<T: Real>(&self, mut args: Args<'_, T>) {
        let (matrix, squares) = (args.real(0), args.real_mut(1));
        let pairs = (each_mut(&mut squares[..self.rows]), rows(matrix, self.width));
        side_by_side(pairs, 64, |_, (square, row)| *square = row.iter().map(|&x| x * x).sum());
    }

    fn examples() -> Vec<Self> {
        [(1, 1), (7, 3), (65, 10), (130, 67)].map(|(rows, width)| Self { rows, width }).into()
    }
}
