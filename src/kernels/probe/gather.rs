//! Twin of `shaders/probe/gather.wgsl`: the embeddings of a step's images.

use crate::kernels::common::view::{self, VIEW_WORDS};
use crate::kernels::cost::Work;
use crate::kernels::{Access, Args, Binding, Kernel, Launch, Tuning};
use crate::math::Real;
use encase::ShaderType;

/// Looks up the matrix row of each drawn image.
///
/// Tensors: views `[rows, 8]` of [`Sample`](crate::kernels::augment::sample::Sample), matrix `[images, width]`, gathered
/// `[rows, width]`.
#[derive(Clone, Debug)]
pub struct Gather {
    /// Rows of the matrix.
    pub images: usize,
    /// Rows to look up.
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

impl Kernel for Gather {
    type Params = Params;

    fn bindings(&self) -> Vec<Binding> {
        vec![
            view::binding(Access::Read, self.rows),
            Binding::real("matrix", Access::Read, self.images * self.width),
            Binding::real("gathered", Access::Write, self.rows * self.width),
        ]
    }

    fn params(&self) -> Params {
        Params { rows: self.rows as u32, width: self.width as u32 }
    }

    fn launch(&self, _tuning: &Tuning) -> Launch {
        Launch::elementwise(shader!("probe/gather").with(view::WGSL), self.rows * self.width)
    }

    fn work(&self, _tuning: &Tuning) -> Work {
        Work::looking_up(self.bindings(), "matrix", 4 * (self.rows * self.width) as u64)
    }

    fn twin<T: Real>(&self, mut args: Args<'_, T>) {
        let (views, matrix, gathered) = (args.uint(0), args.real(1), args.real_mut(2));
        for (row, view) in gathered.chunks_exact_mut(self.width).zip(views.chunks_exact(VIEW_WORDS)).take(self.rows) {
            row.copy_from_slice(&matrix[view[view::IMAGE] as usize * self.width..][..self.width]);
        }
    }

    fn examples() -> Vec<Self> {
        [(6, 1, 1), (7, 5, 10), (11, 67, 33)].map(|(images, rows, width)| Self { images, rows, width }).into()
    }
}
