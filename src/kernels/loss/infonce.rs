//! Twin of `shaders/loss/infonce.wgsl`: InfoNCE over a matrix of similarities.

use crate::kernels::{Access, Args, Binding, Kernel, Launch, Tuning};
use crate::math::Real;
use crate::math::pieces::{each_mut, rows_mut, side_by_side};
use encase::ShaderType;

/// InfoNCE, the NT-Xent loss of SimCLR (Chen et al., 2020): cross-entropy of each row with its positives, which are the
/// other views of the same image, among all other rows. More than two views share the probability equally.
///
/// Tensors: similarity `[rows, rows]` of unit vectors, replaced by the gradient; terms `[rows]`. A row is
/// `image * views + view`.
#[derive(Clone, Debug)]
pub struct InfoNce {
    /// Rows.
    pub rows: usize,
    /// Views of each image, at least 2.
    pub views: usize,
    /// Temperature, tau.
    pub temperature: f64,
    /// The loss's derivative with respect to one row's term, usually `1 / rows`.
    pub gradient_scale: f64,
}

/// The shader's uniform block.
#[derive(ShaderType)]
pub struct Params {
    rows: u32,
    views: u32,
    inverse_temperature: f32,
    gradient_scale: f32,
}

impl Kernel for InfoNce {
    type Params = Params;

    fn bindings(&self) -> Vec<Binding> {
        vec![
            Binding::real("similarity", Access::Update, self.rows * self.rows),
            Binding::real("terms", Access::Write, self.rows),
        ]
    }

    fn params(&self) -> Params {
        Params {
            rows: self.rows as u32,
            views: self.views as u32,
            inverse_temperature: (1.0 / self.temperature) as f32,
            gradient_scale: self.gradient_scale as f32,
        }
    }

    fn launch(&self, _tuning: &Tuning) -> Launch {
        Launch::per_row(shader!("loss/infonce").reducing(64), self.rows)
    }

    fn twin<T: Real>(&self, mut args: Args<'_, T>) {
        let (similarity, terms) = (args.real_mut(0), args.real_mut(1));
        let inverse_temperature = T::of(1.0 / self.temperature);
        let scale = T::of(self.gradient_scale / self.temperature);
        let share = T::of(1.0 / (self.views - 1) as f64);
        let terms = each_mut(&mut terms[..self.rows]);
        side_by_side((terms, rows_mut(similarity, self.rows)), 8, |i, (term, row)| {
            let first = i / self.views * self.views;
            let others = row.iter().enumerate().filter(|&(j, _)| j != i);
            let highest = others.map(|(_, &s)| s).fold(T::LOWEST, T::max);
            let mut positive = T::ZERO;
            for (j, s) in row.iter().enumerate().skip(first).take(self.views) {
                if j != i {
                    positive += (*s - highest) * inverse_temperature * share;
                }
            }
            let mut sum = T::ZERO;
            for (j, s) in row.iter_mut().enumerate() {
                *s = if j == i { T::ZERO } else { ((*s - highest) * inverse_temperature).exp() };
                sum += *s;
            }
            *term = sum.ln() - positive;
            let factor = scale / sum;
            row.iter_mut().for_each(|s| *s *= factor);
            for (j, s) in row.iter_mut().enumerate().skip(first).take(self.views) {
                if j != i {
                    *s -= share * scale;
                }
            }
        });
    }

    fn examples() -> Vec<Self> {
        let example = |(rows, views)| Self { rows, views, temperature: 0.7, gradient_scale: 1.0 / rows as f64 };
        [(2, 2), (10, 2), (21, 3), (134, 2)].map(example).into()
    }
}
