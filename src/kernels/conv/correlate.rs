//! Twin of `shaders/conv/correlate.wgsl`: Conv2d's forward and ConvTranspose2d's input gradient.

use super::winograd::{Finish, Winograd};
use super::{ConvEpilogue, ConvShape, FIND, Params};
use crate::kernels::cost::Work;
use crate::kernels::product::Multiply;
use crate::kernels::product::half::Operand;
use crate::kernels::{Access, Args, Binding, Kernel, Launch, Product, Shader, Tuning};
use crate::math::Real;
use crate::math::gemm::{Matrix, product};
use crate::math::pieces::{rows, rows_mut, side_by_side};
use crate::math::scratch::with_scratch;

/// `map[n, f, y, x] = sum over c, ky, kx of weight[f, c, ky, kx] image[n, c, y s - p + ky, x s - p + kx]`.
///
/// Tensors: image, weight, bias `[map channels]` (any tensor where the epilogue has none), map.
#[derive(Clone, Debug)]
pub struct Correlate {
    /// Sizes.
    pub shape: ConvShape,
    /// What happens beside the product.
    pub epilogue: ConvEpilogue,
}

impl Kernel for Correlate {
    type Params = Params;

    fn bindings(&self) -> Vec<Binding> {
        let bias = if self.epilogue == ConvEpilogue::Bias { self.shape.map[0] } else { 0 };
        let map = if self.epilogue == ConvEpilogue::Accumulate { Access::Update } else { Access::Write };
        vec![
            Binding::real("image", Access::Read, self.shape.image_len()),
            Binding::real("weight", Access::Read, self.shape.weight_len()),
            Binding::real("bias", Access::Read, bias),
            Binding::real("map", map, self.shape.map_len()),
        ]
    }

    fn params(&self) -> Params {
        self.shape.params()
    }

    fn launch(&self, tuning: &Tuning) -> Launch {
        self.sizes().launch(self.operands(), tuning)
    }

    fn work(&self, tuning: &Tuning) -> Work {
        self.sizes().work(self.bindings(), tuning, self.shape.multiply_adds())
    }

    fn product(&self) -> Option<Product> {
        Some(self.sizes())
    }

    fn twin<T: Real>(&self, mut args: Args<'_, T>) {
        let (image, weight, bias, map) = (args.real(0), args.real(1), args.real(2), args.real_mut(3));
        if let Some(winograd) = Winograd::of(&self.shape) {
            return winograd.correlate(image, weight, Finish::new(self.epilogue, bias), map);
        }
        let (shape, task) = (&self.shape, self.shape.task());
        let [channels, height, width] = shape.image;
        let (filters, depth, positions) = (shape.map[0], shape.depth(), shape.positions());
        let weight = Matrix::new(&weight[..shape.weight_len()], filters, depth);
        let accumulate = self.epilogue == ConvEpilogue::Accumulate;
        let images = rows(&image[..shape.image_len()], task * channels * height * width);
        let maps = rows_mut(&mut map[..shape.map_len()], task * filters * positions);
        side_by_side((maps, images), 1, |_, (maps, image)| {
            let images = maps.len() / (filters * positions);
            let columns = images * positions;
            with_scratch((depth + filters) * columns, |scratch| {
                let (unfolded, result) = scratch.split_at_mut(depth * columns);
                let unfolded = if shape.is_pointwise() && images == 1 {
                    image
                } else {
                    shape.unfold(image, images, 0..channels, unfolded);
                    &*unfolded
                };
                let unfolded = Matrix::new(unfolded, depth, columns);
                if images == 1 {
                    product(weight, unfolded, maps, accumulate);
                } else {
                    product(weight, unfolded, &mut result[..filters * columns], false);
                    scatter_channels(result, images, positions, accumulate, maps);
                }
                if self.epilogue == ConvEpilogue::Bias {
                    for (plane, &bias) in maps.chunks_exact_mut(positions).zip(bias[..filters].iter().cycle()) {
                        plane.iter_mut().for_each(|y| *y += bias);
                    }
                }
            });
        });
    }

    fn examples() -> Vec<Self> {
        let epilogues = [ConvEpilogue::None, ConvEpilogue::Bias, ConvEpilogue::Accumulate];
        ConvShape::examples().flat_map(|shape| epilogues.map(|epilogue| Self { shape, epilogue })).collect()
    }
}

/// Writes `[channel, image, position]` as maps `[image, channel, position]`, or adds it to them.
fn scatter_channels<T: Real>(gathered: &[T], images: usize, positions: usize, accumulate: bool, maps: &mut [T]) {
    let channels = maps.len() / (images * positions);
    for (n, map) in maps.chunks_exact_mut(channels * positions).enumerate() {
        for (channel, plane) in map.chunks_exact_mut(positions).enumerate() {
            let from = &gathered[(channel * images + n) * positions..][..positions];
            if accumulate {
                plane.iter_mut().zip(from).for_each(|(to, &x)| *to += x);
            } else {
                plane.copy_from_slice(from);
            }
        }
    }
}

impl Multiply for Correlate {
    const OPERANDS: [usize; 2] = [1, 0];
    const GRADIENTS: &'static [Option<Operand>] = &[None, Some(Operand::Right)];

    fn operands(&self) -> Shader {
        self.shape.tell(self.epilogue.tell(shader!("conv/correlate")))
    }

    fn sizes(&self) -> Product {
        Product::whole(
            self.shape.named("correlate"),
            [self.shape.map[0], self.shape.images * self.shape.positions(), self.shape.depth()],
            FIND,
        )
        .by_fours(self.shape.positions().is_multiple_of(4))
        .reading([self.shape.depth().is_multiple_of(4), false])
    }
}
