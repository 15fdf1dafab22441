//! Twin of `shaders/conv/channel_sum.wgsl`: the gradient of a convolution's bias.

use super::ConvShape;
use crate::kernels::planes::{Params, Planes};
use crate::kernels::{Access, Args, Binding, Kernel, Launch, Tuning};
use crate::math::pieces::{rows_mut, side_by_side};
use crate::math::{Real, simd};

/// Sums each channel of `[images, channels, area]`, in a fixed order, into `[parts, channels]`: the sums over the images of each part (see
/// [`Planes::parts`]).
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
            Binding::real("sums", Access::Write, self.planes.parts() * self.planes.channels),
        ]
    }

    fn params(&self) -> Params {
        self.planes.params()
    }

    fn launch(&self, _tuning: &Tuning) -> Launch {
        self.planes.by_part(shader!("conv/channel_sum"))
    }

    fn twin<T: Real>(&self, mut args: Args<'_, T>) {
        let (x, sums) = (args.real(0), args.real_mut(1));
        let (channels, block) = (self.planes.channels, self.planes.block());
        let sums = &mut sums[..self.planes.parts() * channels];
        side_by_side(rows_mut(sums, channels), 1, |part, sums| {
            let (planes, x) = self.planes.piece(part, x);
            side_by_side(rows_mut(sums, block), 1, |index, sums| {
                let channels = index * block..index * block + sums.len();
                simd::vectorize(
                    #[inline(always)]
                    || {
                        let positions = planes.over_images(x, channels);
                        sums.iter_mut().zip(planes.total(&positions)).for_each(|(sum, total)| *sum = total);
                    },
                );
            });
        });
    }

    fn examples() -> Vec<Self> {
        let planes = |shape: ConvShape| {
            let ConvShape { images, map: [channels, height, width], .. } = shape;
            Planes { images, channels, area: height * width }
        };
        ConvShape::examples().map(planes).chain(Planes::examples()).map(|planes| Self { planes }).collect()
    }
}
