//! Twin of `shaders/augment/labels.wgsl`: the labels of a step's images.

use crate::kernels::common::view::{self, VIEW_WORDS};
use crate::kernels::cost::Work;
use crate::kernels::{Access, Args, Binding, Kernel, Launch, Tuning};
use crate::math::Real;
use encase::ShaderType;

/// Looks up the label of each row's image.
///
/// Tensors: views `[rows, 8]` of [`Sample`](super::sample::Sample), known labels `[images]`, labels `[rows]`.
#[derive(Clone, Debug)]
pub struct Labels {
    /// Images in the data set.
    pub images: usize,
    /// Rows.
    pub rows: usize,
}

/// The shader's uniform block.
#[derive(ShaderType)]
pub struct Params {
    rows: u32,
}

impl Kernel for Labels {
    type Params = Params;

    fn bindings(&self) -> Vec<Binding> {
        vec![
            view::binding(Access::Read, self.rows),
            Binding::uint("known", Access::Read, self.images),
            Binding::uint("labels", Access::Write, self.rows),
        ]
    }

    fn params(&self) -> Params {
        Params { rows: self.rows as u32 }
    }

    fn launch(&self, _tuning: &Tuning) -> Launch {
        Launch::elementwise(shader!("augment/labels").with(view::WGSL), self.rows)
    }

    fn work(&self, _tuning: &Tuning) -> Work {
        Work::looking_up(self.bindings(), "known", 4 * self.rows as u64)
    }

    fn twin<T: Real>(&self, mut args: Args<'_, T>) {
        let (views, known, labels) = (args.uint(0), args.uint(1), args.uint_mut(2));
        for (label, view) in labels.iter_mut().zip(views.chunks_exact(VIEW_WORDS)).take(self.rows) {
            *label = known[view[view::IMAGE] as usize];
        }
    }

    fn examples() -> Vec<Self> {
        [(6, 1), (11, 67)].map(|(images, rows)| Self { images, rows }).into()
    }
}
