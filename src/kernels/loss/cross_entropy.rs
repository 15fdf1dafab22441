//! Twin of `shaders/loss/cross_entropy.wgsl`: softmax cross-entropy.

use crate::kernels::{Access, Args, Binding, Kernel, Launch, Tuning};
use crate::math::Real;
use encase::ShaderType;
use rayon::prelude::*;

/// `-log softmax(logits)[label]` of each row and its gradient.
///
/// Tensors: logits `[rows, classes]`, labels `[rows]` words below `classes`, terms `[rows]`, dlogits like logits.
#[derive(Clone, Debug)]
pub struct CrossEntropy {
    /// Rows.
    pub rows: usize,
    /// Classes.
    pub classes: usize,
    /// The loss's derivative with respect to one row's term, usually `1 / rows`.
    pub gradient_scale: f64,
}

/// The shader's uniform block.
#[derive(ShaderType)]
pub struct Params {
    rows: u32,
    classes: u32,
    gradient_scale: f32,
}

impl Kernel for CrossEntropy {
    type Params = Params;

    fn bindings(&self) -> Vec<Binding> {
        let count = self.rows * self.classes;
        vec![
            Binding::real("logits", Access::Read, count),
            Binding::uint("labels", Access::Read, self.rows).below(self.classes),
            Binding::real("terms", Access::Write, self.rows),
            Binding::real("dlogits", Access::Write, count),
        ]
    }

    fn params(&self) -> Params {
        Params { rows: self.rows as u32, classes: self.classes as u32, gradient_scale: self.gradient_scale as f32 }
    }

    fn launch(&self, _tuning: &Tuning) -> Launch {
        Launch::per_row(shader!("loss/cross_entropy").reducing(64), self.rows)
    }

    fn twin<T: Real>(&self, mut args: Args<'_, T>) {
        let (logits, labels) = (args.real(0), args.uint(1));
        let (terms, dlogits) = (args.real_mut(2), args.real_mut(3));
        let classes = self.classes;
        let scale = T::of(self.gradient_scale);
        terms
            .par_iter_mut()
            .zip(dlogits.par_chunks_exact_mut(classes))
            .zip(logits.par_chunks_exact(classes).zip(labels))
            .take(self.rows)
            .with_min_len(64)
            .for_each(|((term, dlogits), (logits, &label))| {
                let highest = logits.iter().copied().fold(T::LOWEST, T::max);
                let mut sum = T::ZERO;
                for (d, &logit) in dlogits.iter_mut().zip(logits) {
                    *d = (logit - highest).exp();
                    sum += *d;
                }
                for (c, d) in dlogits.iter_mut().enumerate() {
                    let wanted = if c == label as usize { T::ONE } else { T::ZERO };
                    *d = (*d / sum - wanted) * scale;
                }
                *term = sum.ln() + highest - logits[label as usize];
            });
    }

    fn examples() -> Vec<Self> {
        let example = |(rows, classes)| Self { rows, classes, gradient_scale: 1.0 / rows as f64 };
        [(1, 3), (7, 10), (67, 131)].map(example).into()
    }
}
