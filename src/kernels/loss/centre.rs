//! Twin of `shaders/loss/centre.wgsl`: columns with mean zero.

use crate::kernels::{Access, Args, Binding, Kernel, Launch, Tuning};
use crate::math::Real;
use encase::ShaderType;

/// Subtracts the mean of each column. Tensors: matrix `[rows, columns]`, centred `[rows, columns]`.
#[derive(Clone, Debug)]
pub struct Centre {
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

impl Kernel for Centre {
    type Params = Params;

    fn bindings(&self) -> Vec<Binding> {
        let count = self.rows * self.columns;
        vec![Binding::real("matrix", Access::Read, count), Binding::real("centred", Access::Write, count)]
    }

    fn params(&self) -> Params {
        Params { rows: self.rows as u32, columns: self.columns as u32 }
    }

    fn launch(&self, _tuning: &Tuning) -> Launch {
        Launch::groups(shader!("loss/centre"), self.columns.div_ceil(16))
    }

    fn twin<T: Real>(&self, mut args: Args<'_, T>) {
        let (matrix, centred) = (&args.real(0)[..self.rows * self.columns], args.real_mut(1));
        let mut means = vec![T::ZERO; self.columns];
        for row in matrix.chunks_exact(self.columns) {
            means.iter_mut().zip(row).for_each(|(mean, &x)| *mean += x);
        }
        let share = T::of(1.0 / self.rows as f64);
        means.iter_mut().for_each(|mean| *mean *= share);
        for (out, row) in centred.chunks_exact_mut(self.columns).zip(matrix.chunks_exact(self.columns)) {
            out.iter_mut().zip(row.iter().zip(&means)).for_each(|(out, (&x, &mean))| *out = x - mean);
        }
    }

    fn examples() -> Vec<Self> {
        [(1, 1), (7, 3), (65, 131)].map(|(rows, columns)| Self { rows, columns }).into()
    }
}
