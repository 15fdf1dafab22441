//! Twin of `shaders/norm/batch_norm.wgsl`: normalise, scale and shift, then add and clip.

use crate::kernels::planes::{Params, Planes};
use crate::kernels::{Access, Args, Binding, Kernel, Launch, Tuning};
use crate::math::{Real, simd};
use rayon::prelude::*;

/// `y = (x - mean) / deviation * scale + shift`, plus a residual, clipped at zero.
///
/// Tensors: x, moments `[2, channels]` (mean, 1 / deviation), scale `[channels]`, shift `[channels]`, residual like x (any
/// tensor where there is none), y.
#[derive(Clone, Debug)]
pub struct BatchNorm {
    /// Sizes of x.
    pub planes: Planes,
    /// Add a residual.
    pub residual: bool,
    /// Clip at zero.
    pub relu: bool,
}

impl Kernel for BatchNorm {
    type Params = Params;

    fn bindings(&self) -> Vec<Binding> {
        let (count, channels) = (self.planes.count(), self.planes.channels);
        vec![
            Binding::real("x", Access::Read, count),
            Binding::real("moments", Access::Read, 2 * channels),
            Binding::real("scale", Access::Read, channels),
            Binding::real("shift", Access::Read, channels),
            Binding::real("residual", Access::Read, if self.residual { count } else { 0 }),
            Binding::real("y", Access::Write, count),
        ]
    }

    fn params(&self) -> Params {
        self.planes.params()
    }

    fn launch(&self, _tuning: &Tuning) -> Launch {
        let shader = shader!("norm/batch_norm").constant("RESIDUAL", self.residual).constant("RELU", self.relu);
        Launch::elementwise(shader, self.planes.count())
    }

    fn twin<T: Real>(&self, mut args: Args<'_, T>) {
        let (x, moments, scale, shift) = (args.real(0), args.real(1), args.real(2), args.real(3));
        let (residual, y) = (args.real(4), args.real_mut(5));
        let Planes { channels, area, .. } = self.planes;
        let (means, inverses) = moments.split_at(channels);
        let floor = if self.relu { T::ZERO } else { T::LOWEST };
        y[..self.planes.count()].par_chunks_mut(channels * area).enumerate().for_each(|(n, y)| {
            simd::vectorize(
                #[inline(always)]
                || {
                    for (c, y) in y.chunks_exact_mut(area).enumerate() {
                        let at = (n * channels + c) * area;
                        let (mean, factor, shift) = (means[c], inverses[c] * scale[c], shift[c]);
                        let x = &x[at..at + area];
                        if self.residual {
                            for (y, (&x, &r)) in y.iter_mut().zip(x.iter().zip(&residual[at..at + area])) {
                                *y = ((x - mean) * factor + shift + r).max(floor);
                            }
                        } else {
                            y.iter_mut().zip(x).for_each(|(y, &x)| *y = ((x - mean) * factor + shift).max(floor));
                        }
                    }
                },
            );
        });
    }

    fn examples() -> Vec<Self> {
        let choices = [(false, false), (false, true), (true, false), (true, true)];
        let example = |planes| choices.map(|(relu, residual)| Self { planes, residual, relu });
        Planes::examples().flat_map(example).collect()
    }
}
