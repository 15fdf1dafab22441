//! Twin of `shaders/conv/channel_sum.wgsl`: the gradient of a convolution's bias.

use super::ConvShape;
use crate::kernels::planes::{Params, Planes};
use crate::kernels::{Access, Args, Binding, Kernel, Launch, Tuning};
use crate::math::{Real, simd};
use rayon::prelude::*;

/// Sums each channel of `[images, channels, area]` into `[channels]`, in a fixed order.
#[derive(Clone, Debug)]
pub struct ChannelSum {
    /// Sizes of x.
    pub planes: Planes,
}

impl Kernel for ChannelSum {
    type Params = Params;

    fn bindings(&self) -> Vec<Binding> {
        vec![
            Binding::real("x", Access::Read, self.planes.count()),
            Binding::real("sums", Access::Write, self.planes.channels),
        ]
    }

    fn params(&self) -> Params {
        self.planes.params()
    }

    fn launch(&self, _tuning: &Tuning) -> Launch {
        Launch::groups(shader!("conv/channel_sum").reducing(256).with(wgsl!("common/planes")), self.planes.channels)
    }

    fn twin<T: Real>(&self, mut args: Args<'_, T>) {
        let (x, sums) = (args.real(0), args.real_mut(1));
        let block = self.planes.block();
        sums[..self.planes.channels].par_chunks_mut(block).enumerate().for_each(|(index, sums)| {
            let channels = index * block..index * block + sums.len();
            simd::vectorize(
                #[inline(always)]
                || {
                    let positions = self.planes.over_images(x, channels);
                    sums.iter_mut().zip(self.planes.total(&positions)).for_each(|(sum, total)| *sum = total);
                },
            );
        });
    }

    fn examples() -> Vec<Self> {
        let planes = |shape: ConvShape| {
            let ConvShape { images, map: [channels, height, width], .. } = shape;
            Planes { images, channels, area: height * width }
        };
        ConvShape::examples().map(|shape| Self { planes: planes(shape) }).collect()
    }
}
