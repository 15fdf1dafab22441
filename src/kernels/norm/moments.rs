//! Twin of `shaders/norm/moments.wgsl`: sums of what a batch normalisation normalises with.

use super::{Normalisation, Params};
use crate::kernels::{Access, Args, Binding, Kernel, Launch, Tuning};
use crate::math::pieces::{rows_mut, side_by_side};
use crate::math::{Real, simd};

/// Of each part of each channel the sum, the sum of the squared distances from the part's own mean, and the number of its elements.
///
/// Tensors: x, moments `[channels, parts, 3]`.
#[derive(Clone, Debug)]
pub struct Moments {
    /// Sizes.
    pub norm: Normalisation,
}

impl Kernel for Moments {
    type Params = Params;

    fn bindings(&self) -> Vec<Binding> {
        vec![
            Binding::real("x", Access::Read, self.norm.planes.count()),
            Binding::real("moments", Access::Write, self.norm.moments()),
        ]
    }

    fn params(&self) -> Params {
        self.norm.params()
    }

    fn launch(&self, _tuning: &Tuning) -> Launch {
        self.norm.by_part(shader!("norm/moments"))
    }

    fn twin<T: Real>(&self, mut args: Args<'_, T>) {
        let (x, moments) = (args.real(0), args.real_mut(1));
        let (parts, block) = (self.norm.parts, self.norm.planes.block());
        side_by_side(rows_mut(&mut moments[..self.norm.moments()], 3 * parts * block), 1, |index, moments| {
            let channels = index * block..index * block + moments.len() / (3 * parts);
            simd::vectorize(
                #[inline(always)]
                || {
                    for part in 0..parts {
                        let (planes, x) = self.norm.planes.piece(part, x);
                        let count = T::of(planes.per_channel() as f64);
                        let mut sums = planes.over_images(x, channels.clone());
                        let totals: Vec<T> = planes.total(&sums).collect();
                        let means: Vec<T> = totals.iter().map(|&sum| sum / count.max(T::ONE)).collect();
                        let centres = planes.spread(&means);
                        sums.fill(T::ZERO);
                        for x in planes.runs(x, channels.clone()) {
                            for (sum, (&x, &centre)) in sums.iter_mut().zip(x.iter().zip(&centres)) {
                                *sum += (x - centre) * (x - centre);
                            }
                        }
                        let results = moments.chunks_exact_mut(3).skip(part).step_by(parts);
                        for (result, (&sum, squares)) in results.zip(totals.iter().zip(planes.total(&sums))) {
                            result.copy_from_slice(&[sum, squares, count]);
                        }
                    }
                },
            );
        });
    }

    fn examples() -> Vec<Self> {
        Normalisation::examples().map(|norm| Self { norm }).collect()
    }
}
