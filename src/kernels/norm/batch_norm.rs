//! Twin of `shaders/norm/batch_norm.wgsl`: normalise, scale and shift, then add and clip.

use super::{Normalisation, Params};
use crate::kernels::planes::Planes;
use crate::kernels::{Access, Args, Binding, Kernel, Launch, Tuning};
use crate::math::pieces::{rows_mut, side_by_side};
use crate::math::{Real, simd};

/// `y = (x - mean) / deviation * scale + shift`, plus a residual, clipped at zero.
///
/// In training mean and deviation are the batch's, which the running mean and variance (unbiased) follow, in evaluation the running ones.
///
/// Tensors: x, moments (see [`Normalisation::moments_of_all`]; any tensor in evaluation), scale `[channels]`, shift `[channels]`, residual like x
/// (any tensor where there is none), running mean `[channels]`, running variance `[channels]`, y.
#[derive(Clone, Debug)]
pub struct BatchNorm {
    /// Sizes, momentum and epsilon.
    pub norm: Normalisation,
    /// Training, or evaluation.
    pub training: bool,
    /// Add a residual.
    pub residual: bool,
    /// Clip at zero.
    pub relu: bool,
}

impl Kernel for BatchNorm {
    type Params = Params;

    fn bindings(&self) -> Vec<Binding> {
        let (count, channels) = (self.norm.planes.count(), self.norm.planes.channels);
        let moments = if self.training { self.norm.moments_of_all() } else { 0 };
        vec![
            Binding::real("x", Access::Read, count),
            Binding::real("moments", Access::Read, moments).within(0.1, 10.0),
            Binding::real("scale", Access::Read, channels),
            Binding::real("shift", Access::Read, channels),
            Binding::real("residual", Access::Read, if self.residual { count } else { 0 }),
            Binding::real("running_mean", Access::Update, channels),
            Binding::real("running_var", Access::Update, channels).within(1e-3, 1.0),
            Binding::real("y", Access::Write, count),
        ]
    }

    fn params(&self) -> Params {
        self.norm.params()
    }

    fn launch(&self, tuning: &Tuning) -> Launch {
        let shader = shader!("norm/batch_norm")
            .with(wgsl!("norm/whole"))
            .constant("TRAINING", self.training)
            .constant("RESIDUAL", self.residual)
            .constant("RELU", self.relu);
        self.norm.by_stretch(shader, tuning)
    }

    fn twin<T: Real>(&self, mut args: Args<'_, T>) {
        let (x, moments, scale, shift) = (args.real(0), args.real(1), args.real(2), args.real(3));
        let (residual, running_mean, running_var) = (args.real(4), args.real_mut(5), args.real_mut(6));
        let y = args.real_mut(7);
        let Planes { channels, area, .. } = self.norm.planes;
        let running = running_mean[..channels].iter_mut().zip(&mut running_var[..channels]).enumerate();
        let normalised: Vec<[T; 2]> = running.map(|(c, running)| self.moments(moments, c, running)).collect();
        let floor = if self.relu { T::ZERO } else { T::LOWEST };
        side_by_side(rows_mut(&mut y[..self.norm.planes.count()], channels * area), 1, |n, y| {
            simd::vectorize(
                #[inline(always)]
                || {
                    for (c, y) in y.chunks_exact_mut(area).enumerate() {
                        let at = (n * channels + c) * area;
                        let [mean, inverse] = normalised[c];
                        let (factor, shift) = (inverse * scale[c], shift[c]);
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
        let mut all = Vec::new();
        for norm in Normalisation::examples() {
            for (relu, residual) in [(false, false), (false, true), (true, false), (true, true)] {
                all.extend([false, true].map(|training| Self { norm, training, residual, relu }));
            }
        }
        all
    }
}

impl BatchNorm {
    /// Mean and 1 / deviation that a channel is normalised with; in training its running mean and variance follow.
    fn moments<T: Real>(&self, moments: &[T], channel: usize, (mean, var): (&mut T, &mut T)) -> [T; 2] {
        if !self.training {
            return [*mean, self.norm.inverse(*var)];
        }
        let count = self.norm.count();
        let momentum = T::of(self.norm.momentum);
        let [batch_mean, squares] = self.norm.whole(moments, channel);
        *mean += momentum * (batch_mean - *mean);
        *var += momentum * (squares / T::of((count.max(2) - 1) as f64) - *var);
        [batch_mean, self.norm.inverse(squares / T::of(count as f64))]
    }
}
