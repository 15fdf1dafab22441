//! Twin of `shaders/loss/cross_entropy.wgsl`: softmax cross-entropy.

use crate::kernels::{Access, Args, Binding, Kernel, Launch, Tuning};
use crate::math::Real;
use crate::math::pieces::{each_mut, rows, rows_mut, side_by_side};
use encase::ShaderType;

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
        let terms = each_mut(&mut terms[..self.rows]);
        let all = (terms, rows_mut(dlogits, classes), rows(logits, classes));
        side_by_side(all, 64, |row, (term, dlogits, logits)| {
            let label = labels[row] as usize;
            let highest = logits.iter().copied().fold(T::LOWEST, T::max);
            let mut sum = T::ZERO;
            for (d, &logit) in dlogits.iter_mut().zip(logits) {
                *d = (logit - highest).exp();
                sum += *d;
            }
            for (c, d) in dlogits.iter_mut().enumerate() {
                let wanted = if c == label { T::ONE } else { T::ZERO };
                *d = (*d / sum - wanted) * scale;
            }
            *term = sum.ln() + highest - logits[label];
        });
    }

    fn examples() -> Vec<Self> {
        let example = |(rows, classes)| Self { rows, classes, gradient_scale: 1.0 / rows as f64 };
        [(1, 3), (7, 10), (67, 131)].map(example).into()
    }
}
