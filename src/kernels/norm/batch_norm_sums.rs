//! Twin of `shaders/norm/batch_norm_sums.wgsl`: the gradients of scale and shift.

use super::Planes;
use crate::kernels::{Access, Args, Binding, Kernel, Launch, Shader, Tuning, common};
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

    fn uniform(&self) -> Vec<u8> {
        self.planes.uniform()
    }

    fn launch(&self, _tuning: &Tuning) -> Launch {
        let shader = Shader::new("norm/batch_norm_sums", include_str!("../../../shaders/norm/batch_norm_sums.wgsl"))
            .with(common::total::WGSL)
            .constant("RELU", self.relu);
        Launch { shader, workgroups: [self.planes.channels as u32, 1, 1] }
    }

    fn twin<T: Real>(&self, mut args: Args<'_, T>) {
        let (dy, y, x, moments, scale) = (args.real(0), args.real(1), args.real(2), args.real(3), args.real(4));
        let (dscale, dshift, coefficients) = (args.real_mut(5), args.real_mut(6), args.real_mut(7));
        let Planes { channels, area, .. } = self.planes;
        let (means, inverses) = moments.split_at(channels);
        let count = T::of(self.planes.per_channel() as f64);
        let gradients = dscale[..channels].par_iter_mut().zip(dshift);
        gradients.zip(coefficients.par_chunks_exact_mut(4)).enumerate().for_each(|(c, ((dscale, dshift), at))| {
            let (mean, inverse) = (means[c], inverses[c]);
            let (mut plain, mut weighted) = (T::ZERO, T::ZERO);
            simd::vectorize(
                #[inline(always)]
                || {
                    for n in 0..self.planes.images {
                        let range = (n * channels + c) * area..(n * channels + c + 1) * area;
                        let (dy, x) = (&dy[range.clone()], &x[range.clone()]);
                        let [one, other] = if self.relu {
                            let y = &y[range];
                            sums(dy.len(), |i| (if y[i] > T::ZERO { dy[i] } else { T::ZERO }, x[i] - mean))
                        } else {
                            sums(dy.len(), |i| (dy[i], x[i] - mean))
                        };
                        plain += one;
                        weighted += other;
                    }
                },
            );
            *dshift = plain;
            *dscale = weighted * inverse;
            at.copy_from_slice(&[mean, scale[c] * inverse, plain / count, weighted * inverse * inverse / count]);
        });
    }
}

/// The sums of g and of g times distance, in a fixed order that vectorises.
#[inline(always)]
fn sums<T: Real>(len: usize, term: impl Fn(usize) -> (T, T)) -> [T; 2] {
    const LANES: usize = 16;
    let (mut plain, mut weighted) = ([T::ZERO; LANES], [T::ZERO; LANES]);
    let whole = len / LANES * LANES;
    for start in (0..whole).step_by(LANES) {
        for (lane, (plain, weighted)) in plain.iter_mut().zip(&mut weighted).enumerate() {
            let (g, distance) = term(start + lane);
            *plain += g;
            *weighted += g * distance;
        }
    }
    for i in whole..len {
        let (g, distance) = term(i);
        plain[i - whole] += g;
        weighted[i - whole] += g * distance;
    }
    [plain, weighted].map(|lanes| lanes.into_iter().sum())
}
