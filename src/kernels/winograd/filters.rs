//! Twins of `shaders/winograd/filters.wgsl` and `filter_gradients.wgsl`: filters transformed, and their gradient transformed back.

use super::{Side, Tile, square};
use crate::kernels::conv::winograd::pass::by_row;
use crate::kernels::conv::winograd::tile::{Four, Two};
use crate::kernels::{Access, Args, Binding, Kernel, Launch, Tuning};
use crate::math::Real;
use crate::math::pieces::{each_mut, rows, rows_mut, side_by_side};
use encase::ShaderType;

/// The transformed filters. Tensors: weight `[outer, inner, 3, 3]`, places `[place, outer, inner]`.
#[derive(Clone, Debug)]
pub struct Filters {
    /// Results of a tile.
    pub side: Side,
    /// Channels of the filters' first dimension, and of the second.
    pub channels: [usize; 2],
    /// Whether the filters are turned by half a circle, as a transposed convolution needs them.
    pub turned: bool,
}

/// The gradient of filters. Tensors: that of their places `[place, outer, inner]`, gradient `[outer, inner, 3, 3]`.
#[derive(Clone, Debug)]
pub struct FilterGradients {
    /// Results of a tile.
    pub side: Side,
    /// Channels of the filters' first dimension, and of the second.
    pub channels: [usize; 2],
}

/// The shader's uniform block.
#[derive(ShaderType)]
pub struct Params {
    count: u32,
}

fn count([outer, inner]: [usize; 2]) -> usize {
    outer * inner
}

/// Sizes for the examples.
fn sizes() -> impl Iterator<Item = (Side, [usize; 2])> {
    let channels = [[1, 1], [3, 5], [64, 2], [17, 67]];
    channels.into_iter().flat_map(|channels| [Side::Two, Side::Four].map(|side| (side, channels)))
}

impl Kernel for Filters {
    type Params = Params;

    fn bindings(&self) -> Vec<Binding> {
        let count = count(self.channels);
        vec![
            Binding::real("weight", Access::Read, 9 * count),
            Binding::real("places", Access::Write, self.side.places() * count),
        ]
    }

    fn params(&self) -> Params {
        Params { count: count(self.channels) as u32 }
    }

    fn launch(&self, _tuning: &Tuning) -> Launch {
        let shader =
            self.side.with(shader!("winograd/filters")).with(wgsl!("winograd/numbers")).constant("TURNED", self.turned);
        Launch::elementwise(shader, count(self.channels))
    }

    fn twin<T: Real>(&self, mut args: Args<'_, T>) {
        let (weight, places) = (args.real(0), args.real_mut(1));
        match self.side {
            Side::Two => self.transform::<T, Two, 2, 4>(weight, places),
            Side::Four => self.transform::<T, Four, 4, 6>(weight, places),
        }
    }

    fn examples() -> Vec<Self> {
        sizes().flat_map(|(side, channels)| [false, true].map(|turned| Self { side, channels, turned })).collect()
    }
}

impl Filters {
    fn transform<T: Real, A: Tile<M, N>, const M: usize, const N: usize>(&self, weight: &[T], places: &mut [T]) {
        let [outer, inner] = self.channels;
        let mut filters = by_row(&mut places[..N * N * outer * inner], N * N, inner);
        side_by_side((each_mut(&mut filters), rows(weight, inner * 9)), 1, |_, (to, weight)| {
            for (index, weight) in weight.chunks_exact(9).enumerate() {
                let tap = |row: usize, column: usize| {
                    let tap = 3 * row + column;
                    weight[if self.turned { 8 - tap } else { tap }]
                };
                let values = square(tap, A::filter);
                for (to, value) in to.iter_mut().zip(values.as_flattened()) {
                    to[index] = *value;
                }
            }
        });
    }
}

impl Kernel for FilterGradients {
    type Params = Params;

    fn bindings(&self) -> Vec<Binding> {
        let count = count(self.channels);
        vec![
            Binding::real("places", Access::Read, self.side.places() * count),
            Binding::real("gradient", Access::Write, 9 * count),
        ]
    }

    fn params(&self) -> Params {
        Params { count: count(self.channels) as u32 }
    }

    fn launch(&self, _tuning: &Tuning) -> Launch {
        let shader = self.side.with(shader!("winograd/filter_gradients")).with(wgsl!("winograd/numbers"));
        Launch::elementwise(shader, count(self.channels))
    }

    fn twin<T: Real>(&self, mut args: Args<'_, T>) {
        let (places, gradient) = (args.real(0), args.real_mut(1));
        match self.side {
            Side::Two => self.transform::<T, Two, 2, 4>(places, gradient),
            Side::Four => self.transform::<T, Four, 4, 6>(places, gradient),
        }
    }

    fn examples() -> Vec<Self> {
        sizes().map(|(side, channels)| Self { side, channels }).collect()
    }
}

impl FilterGradients {
    fn transform<T: Real, A: Tile<M, N>, const M: usize, const N: usize>(&self, places: &[T], gradient: &mut [T]) {
        let count = count(self.channels);
        side_by_side(rows_mut(&mut gradient[..9 * count], 9), 1, |index, gradient| {
            let values = square(|row, column| places[(row * N + column) * count + index], A::filter_gradient);
            gradient.copy_from_slice(values.as_flattened());
        });
    }
}
