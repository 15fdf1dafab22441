//! Twin of `shaders/winograd/split.wgsl`: planes cut into tiles and transformed.

use super::{Params, Planes, Side, Tile, square};
use crate::kernels::conv::winograd::pass::by_row;
use crate::kernels::conv::winograd::tile::{Four, Two};
use crate::kernels::{Access, Args, Binding, Kernel, Launch, Tuning};
use crate::math::Real;
use crate::math::pieces::{each_mut, side_by_side};

/// What planes are to a convolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// What it reads: tiles overlap by two rows and columns.
    Data,
    /// The gradient of its result, for that of the filters.
    Gradient,
}

/// The transformed tiles of planes. Tensors: planes `[images, channels, height, width]`, places
/// `[place, channel, image, tile down, tile across]`.
#[derive(Clone, Debug)]
pub struct Split {
    /// Sizes.
    pub planes: Planes,
    /// What the planes are.
    pub role: Role,
}

impl Kernel for Split {
    type Params = Params;

    fn bindings(&self) -> Vec<Binding> {
        vec![
            Binding::real("planes", Access::Read, self.planes.len()),
            Binding::real("places", Access::Write, self.planes.places_len()),
        ]
    }

    fn params(&self) -> Params {
        self.planes.params()
    }

    fn launch(&self, _tuning: &Tuning) -> Launch {
        let shader = self.planes.side.with(shader!("winograd/split").with(wgsl!("winograd/planes")));
        let shader = shader.with(wgsl!("winograd/numbers")).constant("GRADIENT", self.role == Role::Gradient);
        Launch::elementwise(shader, self.planes.channels * self.planes.per_channel())
    }

    fn twin<T: Real>(&self, mut args: Args<'_, T>) {
        let (planes, places) = (args.real(0), args.real_mut(1));
        let places = &mut places[..self.planes.places_len()];
        match (self.planes.side, self.role) {
            (Side::Two, Role::Data) => self.tiles(planes, places, Two::data),
            (Side::Two, Role::Gradient) => self.tiles(planes, places, Two::result_gradient),
            (Side::Four, Role::Data) => self.tiles(planes, places, Four::data),
            (Side::Four, Role::Gradient) => self.tiles(planes, places, Four::result_gradient),
        }
    }

    fn examples() -> Vec<Self> {
        let roles = [(Role::Data, true), (Role::Gradient, false)];
        roles
            .into_iter()
            .flat_map(|(role, read)| Planes::examples(read).map(move |planes| Self { planes, role }))
            .collect()
    }
}

impl Split {
    fn tiles<T: Real, const I: usize, const O: usize>(
        &self,
        from: &[T],
        places: &mut [T],
        transform: impl Fn([T; I]) -> [T; O] + Copy + Sync,
    ) {
        let Planes { channels, plane: [height, width], padding, .. } = self.planes;
        let mut rows = by_row(places, O * O, self.planes.per_channel());
        side_by_side(each_mut(&mut rows), 1, |channel, to| {
            for index in 0..self.planes.per_channel() {
                let (image, [top, left]) = self.planes.tile(index);
                let plane = (image * channels + channel) * height * width;
                let element = |row: usize, column: usize| {
                    let (y, x) = ((top + row).wrapping_sub(padding), (left + column).wrapping_sub(padding));
                    if y < height && x < width { from[plane + y * width + x] } else { T::ZERO }
                };
                let values = square(element, transform);
                for (to, value) in to.iter_mut().zip(values.as_flattened()) {
                    to[index] = *value;
                }
            }
        });
    }
}
