//! Twin of `shaders/norm/batch_norm_backward.wgsl`: the gradient of what was normalised, and of the residual.

use crate::kernels::planes::{Params, Planes};
use crate::kernels::{Access, Args, Binding, Kernel, Launch, Tuning};
use crate::math::{Real, simd};
use rayon::prelude::*;

/// What becomes of the residual's gradient, which is g.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum ResidualGradient {
    /// There is no residual.
    None = 0,
    /// Store it.
    Write = 1,
    /// Add it to what the tensor holds.
    Add = 2,
}

/// `dx = scale / deviation (g - mean of g - (x - mean) mean of (g (x - mean)) / variance)`, where g is dy, with a ReLU only where
/// y is positive.
///
/// Tensors: dy, y, x, coefficients `[channels, 4]` (see [`super::batch_norm_sums`]), dx, and the residual's gradient, if any.
#[derive(Clone, Debug)]
pub struct BatchNormBackward {
    /// Sizes of x.
    pub planes: Planes,
    /// Whether y was clipped at zero.
    pub relu: bool,
    /// What becomes of the residual's gradient.
    pub residual: ResidualGradient,
}

impl Kernel for BatchNormBackward {
    type Params = Params;

    fn bindings(&self) -> Vec<Binding> {
        let (count, channels) = (self.planes.count(), self.planes.channels);
        let mut bindings = vec![
            Binding::real("dy", Access::Read, count),
            Binding::real("y", Access::Read, if self.relu { count } else { 0 }),
            Binding::real("x", Access::Read, count),
            Binding::real("coefficients", Access::Read, 4 * channels),
            Binding::real("dx", Access::Write, count),
        ];
        match self.residual {
            ResidualGradient::None => {}
            ResidualGradient::Write => bindings.push(Binding::real("dresidual", Access::Write, count)),
            ResidualGradient::Add => bindings.push(Binding::real("dresidual", Access::Update, count)),
        }
        bindings
    }

    fn params(&self) -> Params {
        self.planes.params()
    }

    fn launch(&self, _tuning: &Tuning) -> Launch {
        let keep = match self.residual {
            ResidualGradient::None => wgsl!("norm/no_residual"),
            ResidualGradient::Write | ResidualGradient::Add => wgsl!("norm/residual"),
        };
        let shader = shader!("norm/batch_norm_backward")
            .with(keep)
            .constant("RESIDUAL", self.residual as u32)
            .constant("RELU", self.relu);
        Launch::elementwise(shader, self.planes.count())
    }

    fn twin<T: Real>(&self, mut args: Args<'_, T>) {
        let (dy, y, x, coefficients, dx) = (args.real(0), args.real(1), args.real(2), args.real(3), args.real_mut(4));
        let Planes { channels, area, .. } = self.planes;
        let row = channels * area;
        let count = self.planes.count();
        let rows = dx[..count].par_chunks_mut(row);
        let image = |n: usize, dx: &mut [T], dresidual: &mut [T]| {
            simd::vectorize(
                #[inline(always)]
                || {
                    for (c, dx) in dx.chunks_exact_mut(area).enumerate() {
                        let range = n * row + c * area..n * row + (c + 1) * area;
                        let (dy, x) = (&dy[range.clone()], &x[range.clone()]);
                        let y = if self.relu { &y[range] } else { dy };
                        let g = |dy: T, y: T| if !self.relu || y > T::ZERO { dy } else { T::ZERO };
                        let [mean, factor, plain, weighted] = [0, 1, 2, 3].map(|i| coefficients[4 * c + i]);
                        for ((dx, &x), (&dy, &y)) in dx.iter_mut().zip(x).zip(dy.iter().zip(y)) {
                            *dx = factor * (g(dy, y) - plain - (x - mean) * weighted);
                        }
                        if self.residual != ResidualGradient::None {
                            let dresidual = &mut dresidual[c * area..(c + 1) * area];
                            for (dr, (&dy, &y)) in dresidual.iter_mut().zip(dy.iter().zip(y)) {
                                let old = if self.residual == ResidualGradient::Add { *dr } else { T::ZERO };
                                *dr = old + g(dy, y);
                            }
                        }
                    }
                },
            );
        };
        if self.residual == ResidualGradient::None {
            rows.enumerate().for_each(|(n, dx)| image(n, dx, &mut []));
        } else {
            let residuals = args.real_mut(5)[..count].par_chunks_mut(row);
            rows.zip(residuals).enumerate().for_each(|(n, (dx, dresidual))| image(n, dx, dresidual));
        }
    }

    fn examples() -> Vec<Self> {
        let mut all = Vec::new();
        for planes in Planes::examples() {
            for relu in [false, true] {
                for residual in [ResidualGradient::None, ResidualGradient::Write, ResidualGradient::Add] {
                    all.push(Self { planes, relu, residual });
                }
            }
        }
        all
    }
}
