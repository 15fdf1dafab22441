//! Twin of `shaders/winograd/join.wgsl`: tiles of products transformed back and put together to planes.

use super::{Params, Planes, Side, Tile, square};
use crate::kernels::conv::ConvEpilogue;
use crate::kernels::conv::winograd::tile::{Four, Two};
use crate::kernels::{Access, Args, Binding, Kernel, Launch, Tuning};
use crate::math::Real;
use crate::math::pieces::{rows_mut, side_by_side};

/// The results of a convolution. Tensors: places `[place, channel, image, tile down, tile across]`, bias `[channels]` (any tensor where
/// the epilogue has none), planes `[images, channels, height, width]`.
#[derive(Clone, Debug)]
pub struct Join {
    /// Sizes.
    pub planes: Planes,
    /// What happens beside the product.
    pub epilogue: ConvEpilogue,
}

impl Kernel for Join {
    type Params = Params;

    fn bindings(&self) -> Vec<Binding> {
        let bias = if self.epilogue == ConvEpilogue::Bias { self.planes.channels } else { 0 };
        let planes = if self.epilogue == ConvEpilogue::Accumulate { Access::Update } else { Access::Write };
        vec![
            Binding::real("places", Access::Read, self.planes.places_len()),
            Binding::real("bias", Access::Read, bias),
            Binding::real("planes", planes, self.planes.len()),
        ]
    }

    fn params(&self) -> Params {
        self.planes.params()
    }

    fn launch(&self, _tuning: &Tuning) -> Launch {
        let shader = self.planes.side.with(shader!("winograd/join").with(wgsl!("winograd/planes")));
        // One by one, the neighbours of an invocation would write every fourth word.
        let fours = self.planes.side == Side::Four && self.planes.plane[1].is_multiple_of(4);
        let shader = if fours {
            shader.with(wgsl!("winograd/join_fours"))
        } else {
            shader.with(wgsl!("winograd/join_numbers")).with(wgsl!("winograd/numbers"))
        };
        let shader = self.epilogue.tell(shader.stored(fours));
        Launch::elementwise(shader, self.planes.channels * self.planes.per_channel())
    }

    fn twin<T: Real>(&self, mut args: Args<'_, T>) {
        let (places, bias, planes) = (args.real(0), args.real(1), args.real_mut(2));
        let planes = &mut planes[..self.planes.len()];
        match self.planes.side {
            Side::Two => self.tiles::<T, Two, 2, 4>(places, bias, planes),
            Side::Four => self.tiles::<T, Four, 4, 6>(places, bias, planes),
        }
    }

    fn examples() -> Vec<Self> {
        let epilogues = [ConvEpilogue::None, ConvEpilogue::Bias, ConvEpilogue::Accumulate];
        Planes::examples(false).flat_map(|planes| epilogues.map(|epilogue| Self { planes, epilogue })).collect()
    }
}

impl Join {
    fn tiles<T: Real, A: Tile<M, N>, const M: usize, const N: usize>(
        &self,
        places: &[T],
        bias: &[T],
        planes: &mut [T],
    ) {
        let Planes { channels, plane: [height, width], tiles: [down, across], .. } = self.planes;
        let (per_channel, per_plane) = (self.planes.per_channel(), down * across);
        side_by_side(rows_mut(planes, height * width), 1, |plane, to| {
            let (image, channel) = (plane / channels, plane % channels);
            let bias = if self.epilogue == ConvEpilogue::Bias { bias[channel] } else { T::ZERO };
            for index in image * per_plane..(image + 1) * per_plane {
                let from =
                    |row: usize, column: usize| places[((row * N + column) * channels + channel) * per_channel + index];
                let values = square(from, A::result);
                let (_, [top, left]) = self.planes.tile(index);
                for (y, values) in (top..height).zip(&values) {
                    for (x, &value) in (left..width).zip(values) {
                        let to = &mut to[y * width + x];
                        *to = if self.epilogue == ConvEpilogue::Accumulate { *to + value } else { value + bias };
                    }
                }
            }
        });
    }
}
