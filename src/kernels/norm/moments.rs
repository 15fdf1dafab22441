//! Twin of `shaders/norm/moments.wgsl`: what a batch normalisation normalises with.

use crate::kernels::planes::Planes;
use crate::kernels::{Access, Args, Binding, Kernel, Launch, Tuning};
use crate::math::{Real, simd};
use encase::ShaderType;
use rayon::prelude::*;

/// Mean and `1 / sqrt(variance + epsilon)` of each channel: in training the batch's, which the running mean and variance
/// (unbiased) follow, in evaluation the running ones.
///
/// Tensors: x, running mean `[channels]`, running variance `[channels]`, moments `[2, channels]`.
#[derive(Clone, Debug)]
pub struct Moments {
    /// Sizes of x.
    pub planes: Planes,
    /// Part of the way that the running values go toward the batch's.
    pub momentum: f64,
    /// Added to the variance.
    pub epsilon: f64,
    /// Training, or evaluation.
    pub training: bool,
}

/// The shader's uniform block.
#[derive(ShaderType)]
pub struct Params {
    images: u32,
    channels: u32,
    area: u32,
    momentum: f32,
    epsilon: f32,
}

impl Kernel for Moments {
    type Params = Params;

    fn bindings(&self) -> Vec<Binding> {
        vec![
            Binding::real("x", Access::Read, self.planes.count()),
            Binding::real("running_mean", Access::Update, self.planes.channels),
            Binding::real("running_var", Access::Update, self.planes.channels).within(1e-3, 1.0),
            Binding::real("moments", Access::Write, 2 * self.planes.channels),
        ]
    }

    fn params(&self) -> Params {
        let Planes { images, channels, area } = self.planes;
        Params {
            images: images as u32,
            channels: channels as u32,
            area: area as u32,
            momentum: self.momentum as f32,
            epsilon: self.epsilon as f32,
        }
    }

    fn launch(&self, _tuning: &Tuning) -> Launch {
        let shader =
            shader!("norm/moments").reducing(256).with(wgsl!("common/planes")).constant("TRAINING", self.training);
        Launch::groups(shader, self.planes.channels)
    }

    fn twin<T: Real>(&self, mut args: Args<'_, T>) {
        let (x, running_mean, running_var, moments) =
            (args.real(0), args.real_mut(1), args.real_mut(2), args.real_mut(3));
        let channels = self.planes.channels;
        let (means, inverses) = moments[..2 * channels].split_at_mut(channels);
        let epsilon = T::of(self.epsilon);
        if !self.training {
            means.copy_from_slice(&running_mean[..channels]);
            inverses.iter_mut().zip(running_var).for_each(|(inverse, &mut v)| *inverse = T::ONE / (v + epsilon).sqrt());
            return;
        }
        let count = T::of(self.planes.per_channel() as f64);
        let degrees = T::of((self.planes.per_channel().max(2) - 1) as f64);
        let momentum = T::of(self.momentum);
        let block = self.planes.block();
        let running = running_mean[..channels].par_chunks_mut(block).zip(running_var[..channels].par_chunks_mut(block));
        let results = means.par_chunks_mut(block).zip(inverses.par_chunks_mut(block)).zip(running).enumerate();
        results.for_each(|(index, ((means, inverses), (running_means, running_vars)))| {
            let channels = index * block..index * block + means.len();
            simd::vectorize(
                #[inline(always)]
                || {
                    let mut sums = self.planes.over_images(x, channels.clone());
                    means.iter_mut().zip(self.planes.total(&sums)).for_each(|(mean, sum)| *mean = sum / count);
                    let centres = self.planes.spread(means);
                    sums.fill(T::ZERO);
                    for x in self.planes.runs(x, channels) {
                        for (sum, (&x, &centre)) in sums.iter_mut().zip(x.iter().zip(&centres)) {
                            *sum += (x - centre) * (x - centre);
                        }
                    }
                    let results = means.iter().zip(inverses).zip(running_means.iter_mut().zip(running_vars));
                    for (((&mean, inverse), running), squares) in results.zip(self.planes.total(&sums)) {
                        *inverse = T::ONE / (squares / count + epsilon).sqrt();
                        *running.0 += momentum * (mean - *running.0);
                        *running.1 += momentum * (squares / degrees - *running.1);
                    }
                },
            );
        });
    }

    fn examples() -> Vec<Self> {
        let example = |planes, training| Self { planes, momentum: 0.1, epsilon: 1e-5, training };
        Planes::examples().flat_map(|planes| [false, true].map(|training| example(planes, training))).collect()
    }
}
