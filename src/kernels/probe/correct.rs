//! Twin of `shaders/probe/correct.wgsl`: the score of classification.

use crate::kernels::{Access, Args, Binding, Kernel, Launch, Tuning};
use crate::math::Real;
use encase::ShaderType;

/// 1 where the largest logit of a row is its label's, else 0; among equal logits the lowest class counts.
///
/// Tensors: logits `[rows, classes]`, labels `[rows]` words, hits `[rows]`.
#[derive(Clone, Debug)]
pub struct Correct {
    /// Rows.
    pub rows: usize,
    /// Classes.
    pub classes: usize,
}

/// The shader's uniform block.
#[derive(ShaderType)]
pub struct Params {
    rows: u32,
    classes: u32,
}

impl Kernel for Correct {
    type Params = Params;

    fn bindings(&self) -> Vec<Binding> {
        vec![
            Binding::real("logits", Access::Read, self.rows * self.classes),
            Binding::uint("labels", Access::Read, self.rows).below(self.classes),
            Binding::real("hits", Access::Write, self.rows),
        ]
    }

    fn params(&self) -> Params {
        Params { rows: self.rows as u32, classes: self.classes as u32 }
    }

    fn launch(&self, _tuning: &Tuning) -> Launch {
        Launch::elementwise(shader!("probe/correct"), self.rows)
    }

    fn twin<T: Real>(&self, mut args: Args<'_, T>) {
        let (logits, labels, hits) = (args.real(0), args.uint(1), args.real_mut(2));
        for (hit, (logits, &label)) in
            hits.iter_mut().zip(logits.chunks_exact(self.classes).zip(labels)).take(self.rows)
        {
            let best = (1..self.classes).fold(0, |best, c| if logits[c] > logits[best] { c } else { best });
            *hit = if best == label as usize { T::ONE } else { T::ZERO };
        }
    }

    fn examples() -> Vec<Self> {
        [(1, 3), (7, 10), (67, 131)].map(|(rows, classes)| Self { rows, classes }).into()
    }
}
