//! Twin of `shaders/conv/channel_sum.wgsl`: the gradient of a convolution's bias.

use crate::kernels::{Access, Args, Binding, Kernel, Launch, Shader, Tuning, common, encode};
use crate::math::{Real, simd};
use encase::ShaderType;
use rayon::prelude::*;

/// Sums each channel of `[images, channels, area]` into `[channels]`, in a fixed order.
#[derive(Clone, Debug)]
pub struct ChannelSum {
    /// Images.
    pub images: usize,
    /// Channels.
    pub channels: usize,
    /// Positions of a plane.
    pub area: usize,
}

#[derive(ShaderType)]
struct Params {
    images: u32,
    channels: u32,
    area: u32,
}

impl Kernel for ChannelSum {
    fn bindings(&self) -> Vec<Binding> {
        vec![
            Binding::real("x", Access::Read, self.images * self.channels * self.area),
            Binding::real("sums", Access::Write, self.channels),
        ]
    }

    fn uniform(&self) -> Vec<u8> {
        encode(&Params { images: self.images as u32, channels: self.channels as u32, area: self.area as u32 })
    }

    fn launch(&self, _tuning: &Tuning) -> Launch {
        let shader = Shader::new("conv/channel_sum", include_str!("../../../shaders/conv/channel_sum.wgsl"));
        Launch { shader: shader.with(common::total::WGSL), workgroups: [self.channels as u32, 1, 1] }
    }

    fn twin<T: Real>(&self, mut args: Args<'_, T>) {
        let (x, sums) = (args.real(0), args.real_mut(1));
        sums[..self.channels].par_iter_mut().enumerate().for_each(|(channel, sum)| {
            *sum = simd::vectorize(
                #[inline(always)]
                || {
                    let planes = x.chunks_exact(self.area).skip(channel).step_by(self.channels).take(self.images);
                    planes.map(|plane| simd::lane_sum(plane, |x| x)).sum()
                },
            );
        });
    }
}
