//! Twin of `shaders/loss/invariance.wgsl`: VICReg's invariance.

use crate::kernels::{Access, Args, Binding, Kernel, Launch, Tuning};
use crate::math::Real;
use crate::math::pieces::{rows, rows_mut, side_by_side};
use encase::ShaderType;

/// The mean squared distance of two views, and its gradient (VICReg: Bardes, Ponce and LeCun, 2022, equation 5). More than
/// two views are compared in all pairs.
///
/// Tensors: z `[images * views, width]`, terms `[images, width]` whose sum is the weighted term, dz like z.
#[derive(Clone, Debug)]
pub struct Invariance {
    /// Images.
    pub images: usize,
    /// Views of each image, at least 2.
    pub views: usize,
    /// Dimensions.
    pub width: usize,
    /// Weight of the term.
    pub weight: f64,
}

/// The shader's uniform block.
#[derive(ShaderType)]
pub struct Params {
    images: u32,
    views: u32,
    width: u32,
    weight: f32,
}

impl Kernel for Invariance {
    type Params = Params;

    fn bindings(&self) -> Vec<Binding> {
        let count = self.images * self.width;
        vec![
            Binding::real("z", Access::Read, count * self.views),
            Binding::real("terms", Access::Write, count),
            Binding::real("dz", Access::Write, count * self.views),
        ]
    }

    fn params(&self) -> Params {
        Params {
            images: self.images as u32,
            views: self.views as u32,
            width: self.width as u32,
            weight: self.weight as f32,
        }
    }

    fn launch(&self, _tuning: &Tuning) -> Launch {
        Launch::elementwise(shader!("loss/invariance"), self.images * self.width)
    }

    fn twin<T: Real>(&self, mut args: Args<'_, T>) {
        let (z, terms, dz) = (args.real(0), args.real_mut(1), args.real_mut(2));
        let (views, width) = (self.views, self.width);
        let count = (self.images * width) as f64;
        let scale = T::of(self.weight / count * 2.0 / (views - 1) as f64);
        let [two, share] = [2.0, 1.0 / views as f64].map(T::of);
        let terms = rows_mut(&mut terms[..self.images * width], width);
        let all = (terms, rows_mut(dz, views * width), rows(z, views * width));
        side_by_side(all, 64, |_, (terms, dz, z)| {
            for (k, term) in terms.iter_mut().enumerate() {
                let column = z.iter().skip(k).step_by(width);
                let mean = column.clone().copied().sum::<T>() * share;
                let mut sum = T::ZERO;
                for (d, &z) in dz.iter_mut().skip(k).step_by(width).zip(column) {
                    sum += (z - mean) * (z - mean);
                    *d = two * (z - mean) * scale;
                }
                *term = sum * scale;
            }
        });
    }

    fn examples() -> Vec<Self> {
        let example = |(images, views, width)| Self { images, views, width, weight: 25.0 };
        [(2, 2, 1), (5, 3, 7), (13, 2, 67)].map(example).into()
    }
}
