//! Twin of `shaders/probe/normalise.wgsl`: directions for the cosine distance.

use crate::kernels::{Access, Args, Binding, Kernel, Launch, Shader, Tuning, encode, groups_for};
use crate::math::Real;
use encase::ShaderType;
use rayon::prelude::*;

/// Scales each row of a matrix to length one, in place. A row of zeros stays.
///
/// Tensors: matrix `[rows, width]`.
#[derive(Clone, Debug)]
pub struct Normalise {
    /// Rows.
    pub rows: usize,
    /// Columns.
    pub width: usize,
}

#[derive(ShaderType)]
struct Params {
    rows: u32,
    width: u32,
}

impl Kernel for Normalise {
    fn bindings(&self) -> Vec<Binding> {
        vec![Binding::real("matrix", Access::Update, self.rows * self.width)]
    }

    fn uniform(&self) -> Vec<u8> {
        encode(&Params { rows: self.rows as u32, width: self.width as u32 })
    }

    fn launch(&self, _tuning: &Tuning) -> Launch {
        let shader = Shader::new("probe/normalise", include_str!("../../../shaders/probe/normalise.wgsl"));
        Launch { shader, workgroups: groups_for(self.rows) }
    }

    fn twin<T: Real>(&self, mut args: Args<'_, T>) {
        let rows = args.real_mut(0).par_chunks_exact_mut(self.width).take(self.rows);
        rows.with_min_len(64).for_each(|row| {
            let sum: T = row.iter().map(|&x| x * x).sum();
            let length = if sum > T::ZERO { sum.sqrt() } else { T::ONE };
            row.iter_mut().for_each(|x| *x /= length);
        });
    }
}
