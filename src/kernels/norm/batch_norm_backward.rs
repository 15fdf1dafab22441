//! Twin of `shaders/norm/batch_norm_backward.wgsl`: the gradients of scale and shift, of what was normalised, and of the residual.

use super::{Normalisation, Params};
use crate::kernels::planes::Planes;
use crate::kernels::{Access, Args, Binding, Kernel, Launch, Tuning};
use crate::math::pieces::{rows_mut, side_by_side};
use crate::math::{Real, simd};

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

/// `dshift = sum of g`, `dscale = sum of g (x - mean) / deviation`, and
/// `dx = scale / deviation (g - mean of g - (x - mean) mean of (g (x - mean)) / variance)`, where g is dy, with a ReLU only where
/// y is positive. The sums are those of all devices, but for `dshift` and `dscale`, which the gradients' own sum makes whole.
///
/// Tensors: dy, y, x, sums (see [`Normalisation::sums_of_all`]), dscale `[channels]`, dshift `[channels]`, dx, and the residual's gradient, if any.
#[derive(Clone, Debug)]
pub struct BatchNormBackward {
    /// Sizes.
    pub norm: Normalisation,
    /// Whether y was clipped at zero.
    pub relu: bool,
    /// What becomes of the residual's gradient.
    pub residual: ResidualGradient,
}

impl Kernel for BatchNormBackward {
    type Params = Params;

    fn bindings(&self) -> Vec<Binding> {
        let (count, channels) = (self.norm.planes.count(), self.norm.planes.channels);
        let mut bindings = vec![
            Binding::real("dy", Access::Read, count),
            Binding::real("y", Access::Read, if self.relu { count } else { 0 }),
            Binding::real("x", Access::Read, count),
            Binding::real("sums", Access::Read, self.norm.sums_of_all()),
            Binding::real("dscale", Access::Write, channels),
            Binding::real("dshift", Access::Write, channels),
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
        self.norm.params()
    }

    fn launch(&self, tuning: &Tuning) -> Launch {
        let keep = match self.residual {
            ResidualGradient::None => wgsl!("norm/no_residual"),
            ResidualGradient::Write | ResidualGradient::Add => wgsl!("norm/residual"),
        };
        let shader = shader!("norm/batch_norm_backward")
            .with(keep)
            .constant("RESIDUAL", self.residual as u32)
            .constant("RELU", self.relu);
        self.norm.by_stretch(shader, tuning)
    }

    fn twin<T: Real>(&self, mut args: Args<'_, T>) {
        let (dy, y, x, sums) = (args.real(0), args.real(1), args.real(2), args.real(3));
        let (dscale, dshift, dx) = (args.real_mut(4), args.real_mut(5), args.real_mut(6));
        let Planes { channels, area, .. } = self.norm.planes;
        let row = channels * area;
        let count = self.norm.planes.count();
        let of_channel = T::of(self.norm.count() as f64);
        let results = dscale[..channels].iter_mut().zip(&mut dshift[..channels]).enumerate();
        let coefficient = |(channel, (dscale, dshift)): (usize, (&mut T, &mut T))| {
            let members = sums.chunks_exact(self.norm.sums_of_channel()).skip(channel).step_by(channels);
            let mut all = [T::ZERO; 2];
            let mut own = [T::ZERO; 5];
            for (member, sums) in members.take(self.norm.members).enumerate() {
                let add = |[plain, weighted]: [T; 2], part: &[T]| [plain + part[0], weighted + part[1]];
                let [plain, weighted] = sums[3..].chunks_exact(2).fold([T::ZERO; 2], add);
                all = [all[0] + plain, all[1] + weighted];
                if member == self.norm.member {
                    own = [sums[0], sums[1], sums[2], plain, weighted];
                }
            }
            let [mean, inverse, factor, plain, weighted] = own;
            (*dshift, *dscale) = (plain, weighted * inverse);
            [mean, factor, all[0] / of_channel, all[1] * inverse * inverse / of_channel]
        };
        let coefficients: Vec<[T; 4]> = results.map(coefficient).collect();
        let images = rows_mut(&mut dx[..count], row);
        let image = |n: usize, dx: &mut [T], dresidual: &mut [T]| {
            simd::vectorize(
                #[inline(always)]
                || {
                    for (c, dx) in dx.chunks_exact_mut(area).enumerate() {
                        let range = n * row + c * area..n * row + (c + 1) * area;
                        let (dy, x) = (&dy[range.clone()], &x[range.clone()]);
                        let y = if self.relu { &y[range] } else { dy };
                        let g = |dy: T, y: T| if !self.relu || y > T::ZERO { dy } else { T::ZERO };
                        let [mean, factor, plain, weighted] = coefficients[c];
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
            side_by_side(images, 1, |n, dx| image(n, dx, &mut []));
        } else {
            let residuals = rows_mut(&mut args.real_mut(7)[..count], row);
            side_by_side((images, residuals), 1, |n, (dx, dresidual)| image(n, dx, dresidual));
        }
    }

    fn examples() -> Vec<Self> {
        let mut all = Vec::new();
        for norm in Normalisation::examples() {
            for relu in [false, true] {
                for residual in [ResidualGradient::None, ResidualGradient::Write, ResidualGradient::Add] {
                    all.push(Self { norm, relu, residual });
                }
            }
        }
        all
    }
}
