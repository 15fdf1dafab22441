//! Twin of `shaders/augment/blur.wgsl`: one direction of a Gaussian blur.

use crate::kernels::common::effects::{self, EFFECT_NUMBERS, SIGMA};
use crate::kernels::{Access, Args, Binding, Kernel, Launch, Tuning, common};
use crate::math::pieces::{rows, rows_mut, side_by_side};
use crate::math::{Real, simd};
use encase::ShaderType;

/// Blurs the rows that have a sigma across or down, and copies the others. One after the other is torchvision's
/// `gaussian_blur`, with its reflected border; pictures smaller than half the kernel, which it refuses, are reflected again.
///
/// Tensors: effects `[rows, 8]`, sharp and blurred `[rows, channels, height, width]`.
#[derive(Clone, Debug)]
pub struct Blur {
    /// Rows.
    pub rows: usize,
    /// Colour channels.
    pub channels: usize,
    /// Height in pixels.
    pub height: usize,
    /// Width in pixels.
    pub width: usize,
    /// Taps, odd.
    pub kernel: usize,
    /// Down rather than across.
    pub vertical: bool,
}

/// The shader's uniform block.
#[derive(ShaderType)]
pub struct Params {
    rows: u32,
    channels: u32,
    height: u32,
    width: u32,
    kernel: u32,
}

impl Blur {
    fn pixels_of_row(&self) -> usize {
        self.channels * self.height * self.width
    }

    /// The taps' weights, of sum one.
    fn weights<T: Real>(&self, sigma: T) -> Vec<T> {
        let half = (self.kernel / 2) as f64;
        let weight = |tap: usize| {
            let distance = T::of(tap as f64 - half) / sigma;
            (T::of(-0.5) * distance * distance).exp()
        };
        let weights: Vec<T> = (0..self.kernel).map(weight).collect();
        let sum = weights.iter().copied().sum::<T>();
        weights.iter().map(|&weight| weight / sum).collect()
    }
}

impl Kernel for Blur {
    type Params = Params;

    fn bindings(&self) -> Vec<Binding> {
        let count = self.rows * self.pixels_of_row();
        vec![
            effects::binding(Access::Read, self.rows),
            Binding::real("sharp", Access::Read, count).within(0.0, 1.0),
            Binding::real("blurred", Access::Write, count),
        ]
    }

    fn params(&self) -> Params {
        Params {
            rows: self.rows as u32,
            channels: self.channels as u32,
            height: self.height as u32,
            width: self.width as u32,
            kernel: self.kernel as u32,
        }
    }

    fn launch(&self, _tuning: &Tuning) -> Launch {
        let shader = shader!("augment/blur").with(common::effects::WGSL).constant("VERTICAL", self.vertical);
        Launch::elementwise(shader, self.rows * self.pixels_of_row())
    }

    fn twin<T: Real>(&self, mut args: Args<'_, T>) {
        let (effects, sharp, blurred) = (args.real(0), args.real(1), args.real_mut(2));
        let (width, half) = (self.width, self.kernel / 2);
        let pixels = self.pixels_of_row();
        let blurred = rows_mut(&mut blurred[..self.rows * pixels], pixels);
        let images = (blurred, rows(sharp, pixels), rows(effects, EFFECT_NUMBERS));
        side_by_side(images, 1, |_, (blurred, sharp, effects)| {
            let sigma = effects[SIGMA];
            if sigma <= T::ZERO {
                blurred.copy_from_slice(sharp);
                return;
            }
            let weights = self.weights(sigma);
            let mut padded = vec![T::ZERO; width + 2 * half];
            let planes = blurred.chunks_exact_mut(self.height * width).zip(sharp.chunks_exact(self.height * width));
            for (blurred, sharp) in planes {
                for (y, out) in blurred.chunks_exact_mut(width).enumerate() {
                    out.fill(T::ZERO);
                    if self.vertical {
                        for (tap, &weight) in weights.iter().enumerate() {
                            let from = reflect_at(y as isize + tap as isize - half as isize, self.height);
                            add(out, weight, &sharp[from * width..]);
                        }
                    } else {
                        let line = &sharp[y * width..][..width];
                        for (x, padded) in padded.iter_mut().enumerate() {
                            *padded = line[reflect_at(x as isize - half as isize, width)];
                        }
                        for (tap, &weight) in weights.iter().enumerate() {
                            add(out, weight, &padded[tap..]);
                        }
                    }
                }
            }
        });
    }

    fn examples() -> Vec<Self> {
        let mut all = Vec::new();
        for (rows, height, width) in [(1, 1, 1), (3, 2, 5), (7, 9, 8), (29, 28, 17)] {
            for channels in [1, 3] {
                for (kernel, vertical) in [(1, false), (3, false), (3, true), (23, false), (23, true)] {
                    all.push(Self { rows, channels, height, width, kernel, vertical });
                }
            }
        }
        all
    }
}

/// `out += weight * x`, over as many elements as `out` has.
fn add<T: Real>(out: &mut [T], weight: T, x: &[T]) {
    simd::vectorize(
        #[inline(always)]
        || out.iter_mut().zip(x).for_each(|(out, &x)| *out += weight * x),
    );
}

/// The position inside that a mirror at either end shows; pictures smaller than the kernel are mirrored again.
fn reflect_at(at: isize, size: usize) -> usize {
    let period = (2 * (size - 1)).max(1);
    let within = at.unsigned_abs() % period;
    within.min(period - within)
}
