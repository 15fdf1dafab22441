//! Twin of `shaders/norm/batch_norm_sums.wgsl`: what the gradients of a batch normalisation are made of.

use super::{Normalisation, Params};
use crate::kernels::{Access, Args, Binding, Kernel, Launch, Tuning};
use crate::math::pieces::{rows_mut, side_by_side};
use crate::math::{Real, simd};

/// Of each channel what it was normalised with, and of each of its parts the sum of g and the sum of g (x - mean), where g is dy, with a
/// ReLU only where y is positive.
///
/// Tensors: dy, y, x, moments (see [`Normalisation::moments_of_all`]), scale `[channels]`, sums (see [`Normalisation::sums`]).
#[derive(Clone, Debug)]
pub struct BatchNormSums {
    /// Sizes and epsilon.
    pub norm: Normalisation,
    /// Whether y was clipped at zero.
    pub relu: bool,
}

impl Kernel for BatchNormSums {
    type Params = Params;

    fn bindings(&self) -> Vec<Binding> {
        let (count, channels) = (self.norm.planes.count(), self.norm.planes.channels);
        vec![
            Binding::real("dy", Access::Read, count),
            Binding::real("y", Access::Read, if self.relu { count } else { 0 }),
            Binding::real("x", Access::Read, count),
            Binding::real("moments", Access::Read, self.norm.moments_of_all()).within(0.1, 10.0),
            Binding::real("scale", Access::Read, channels),
            Binding::real("sums", Access::Write, self.norm.sums()),
        ]
    }

    fn params(&self) -> Params {
        self.norm.params()
    }

    fn launch(&self, _tuning: &Tuning) -> Launch {
        let shader = shader!("norm/batch_norm_sums").with(wgsl!("norm/whole")).constant("RELU", self.relu);
        self.norm.by_part(shader)
    }

    fn twin<T: Real>(&self, mut args: Args<'_, T>) {
        let (dy, y, x, moments, scale) = (args.real(0), args.real(1), args.real(2), args.real(3), args.real(4));
        let sums = args.real_mut(5);
        let (row, block) = (self.norm.sums_of_channel(), self.norm.planes.block());
        let count = T::of(self.norm.count() as f64);
        side_by_side(rows_mut(&mut sums[..self.norm.sums()], row * block), 1, |index, sums| {
            let range = index * block..index * block + sums.len() / row;
            let whole: Vec<[T; 2]> = range.clone().map(|channel| self.norm.whole(moments, channel)).collect();
            let means: Vec<T> = whole.iter().map(|[mean, _]| *mean).collect();
            for ((sums, [mean, squares]), &scale) in sums.chunks_exact_mut(row).zip(whole).zip(&scale[range.clone()]) {
                let inverse = self.norm.inverse(squares / count);
                sums[..3].copy_from_slice(&[mean, inverse, scale * inverse]);
            }
            simd::vectorize(
                #[inline(always)]
                || {
                    for part in 0..self.norm.parts {
                        let (planes, x) = self.norm.planes.piece(part, x);
                        let [dy, y] = [dy, if self.relu { y } else { dy }].map(|x| self.norm.planes.piece(part, x).1);
                        let centres = planes.spread(&means);
                        let mut plain = vec![T::ZERO; centres.len()];
                        let mut weighted = plain.clone();
                        let runs = |x| planes.runs(x, range.clone());
                        for (dy, (y, x)) in runs(dy).zip(runs(y).zip(runs(x))) {
                            let sums = plain.iter_mut().zip(&mut weighted).zip(&centres);
                            for (((plain, weighted), &centre), (&dy, (&y, &x))) in
                                sums.zip(dy.iter().zip(y.iter().zip(x)))
                            {
                                let g = if !self.relu || y > T::ZERO { dy } else { T::ZERO };
                                *plain += g;
                                *weighted += g * (x - centre);
                            }
                        }
                        let totals = planes.total(&plain).zip(planes.total(&weighted));
                        for (sums, (plain, weighted)) in sums.chunks_exact_mut(row).zip(totals) {
                            sums[3 + 2 * part..5 + 2 * part].copy_from_slice(&[plain, weighted]);
                        }
                    }
                },
            );
        });
    }

    fn examples() -> Vec<Self> {
        Normalisation::examples().flat_map(|norm| [false, true].map(|relu| Self { norm, relu })).collect()
    }
}
