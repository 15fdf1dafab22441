//! Twin of `shaders/norm/batch_norm_sums.wgsl`: the gradients of scale and shift.

use crate::kernels::planes::{Params, Planes};
use crate::kernels::{Access, Args, Binding, Kernel, Launch, Tuning};
use crate::math::{Real, simd};
use rayon::prelude::*;

/// `dshift = sum of g`, `dscale = sum of g (x - mean) / deviation`, where g is dy, with a ReLU only where y is positive.
///
/// Tensors: dy, y, x, moments `[2, channels]`, scale `[channels]`, dscale `[channels]`, dshift `[channels]`, coefficients
/// `[channels, 4]`: mean of x, scale / deviation, mean of g, mean of g (x - mean) over the variance.
#[derive(Clone, Debug)]
pub struct BatchNormSums {
    /// Sizes of x.
    pub planes: Planes,
    /// Whether y was clipped at zero.
    pub relu: bool,
}

impl Kernel for BatchNormSums {
    type Params = Params;

    fn bindings(&self) -> Vec<Binding> {
        let (count, channels) = (self.planes.count(), self.planes.channels);
        vec![
            Binding::real("dy", Access::Read, count),
            Binding::real("y", Access::Read, if self.relu { count } else { 0 }),
            Binding::real("x", Access::Read, count),
            Binding::real("moments", Access::Read, 2 * channels),
            Binding::real("scale", Access::Read, channels),
            Binding::real("dscale", Access::Write, channels),
            Binding::real("dshift", Access::Write, channels),
            Binding::real("coefficients", Access::Write, 4 * channels),
        ]
    }

    fn params(&self) -> Params {
        self.planes.params()
    }

    fn launch(&self, _tuning: &Tuning) -> Launch {
        let shader =
            shader!("norm/batch_norm_sums").reducing(256).with(wgsl!("common/planes")).constant("RELU", self.relu);
        Launch::groups(shader, self.planes.channels)
    }

    fn twin<T: Real>(&self, mut args: Args<'_, T>) {
        let (dy, y, x, moments, scale) = (args.real(0), args.real(1), args.real(2), args.real(3), args.real(4));
        let (dscale, dshift, coefficients) = (args.real_mut(5), args.real_mut(6), args.real_mut(7));
        let (channels, block) = (self.planes.channels, self.planes.block());
        let (means, inverses) = moments.split_at(channels);
        let count = T::of(self.planes.per_channel() as f64);
        let gradients = dscale[..channels].par_chunks_mut(block).zip(dshift[..channels].par_chunks_mut(block));
        let results = gradients.zip(coefficients[..4 * channels].par_chunks_mut(4 * block)).enumerate();
        results.for_each(|(index, ((dscale, dshift), coefficients))| {
            let range = index * block..index * block + dscale.len();
            let (means, inverses, scale) = (&means[range.clone()], &inverses[range.clone()], &scale[range.clone()]);
            simd::vectorize(
                #[inline(always)]
                || {
                    let centres = self.planes.spread(means);
                    let mut plain = vec![T::ZERO; centres.len()];
                    let mut weighted = plain.clone();
                    let runs = |x| self.planes.runs(x, range.clone());
                    for (dy, (y, x)) in runs(dy).zip(runs(if self.relu { y } else { dy }).zip(runs(x))) {
                        let sums = plain.iter_mut().zip(&mut weighted).zip(&centres);
                        for (((plain, weighted), &centre), (&dy, (&y, &x))) in sums.zip(dy.iter().zip(y.iter().zip(x)))
                        {
                            let g = if !self.relu || y > T::ZERO { dy } else { T::ZERO };
                            *plain += g;
                            *weighted += g * (x - centre);
                        }
                    }
                    let totals = self.planes.total(&plain).zip(self.planes.total(&weighted));
                    for (c, (plain, weighted)) in totals.enumerate() {
                        let (mean, inverse) = (means[c], inverses[c]);
                        dshift[c] = plain;
                        dscale[c] = weighted * inverse;
                        coefficients[4 * c..4 * c + 4].copy_from_slice(&[
                            mean,
                            scale[c] * inverse,
                            plain / count,
                            weighted * inverse * inverse / count,
                        ]);
                    }
                },
            );
        });
    }

    fn examples() -> Vec<Self> {
        Planes::examples().flat_map(|planes| [false, true].map(|relu| Self { planes, relu })).collect()
    }
}
