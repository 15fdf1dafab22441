//! Twin of `shaders/conv/transposed.wgsl`: ConvTranspose2d's forward and Conv2d's input gradient.

use super::lower::gather_channels;
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

/// `image[n, c, y, x] = sum over f, ky, kx of weight[f, c, ky, kx] map[n, f, (y + p - ky) / s, (x + p - kx) / s]`, where
/// those are whole.
///
/// Tensors: map, weight, bias `[image channels]` (any tensor where the epilogue has none), image.
#[derive(Clone, Debug)]
pub struct Transposed {
    /// Sizes.
    pub shape: ConvShape,
    /// What happens beside the product.
    pub epilogue: ConvEpilogue,
}

impl Kernel for Transposed {
    type Params = Params;

    fn bindings(&self) -> Vec<Binding> {
        let bias = if self.epilogue == ConvEpilogue::Bias { self.shape.image[0] } else { 0 };
        let image = if self.epilogue == ConvEpilogue::Accumulate { Access::Update } else { Access::Write };
        vec![
            Binding::real("map", Access::Read, self.shape.map_len()),
            Binding::real("weight", Access::Read, self.shape.weight_len()),
            Binding::real("bias", Access::Read, bias),
            Binding::real("image", image, self.shape.image_len()),
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
        let (map, weight, bias, image) = (args.real(0), args.real(1), args.real(2), args.real_mut(3));
        if let Some(winograd) = Winograd::of(&self.shape) {
            return winograd.transposed(map, weight, Finish::new(self.epilogue, bias), image);
        }
        let (shape, task) = (&self.shape, self.shape.task());
        let [channels, height, width] = shape.image;
        let (filters, depth, positions) = (shape.map[0], shape.depth(), shape.positions());
        let weight = Matrix::new(&weight[..shape.weight_len()], filters, depth).t();
        let accumulate = self.epilogue == ConvEpilogue::Accumulate;
        let images = rows_mut(&mut image[..shape.image_len()], task * channels * height * width);
        let maps = rows(&map[..shape.map_len()], task * filters * positions);
        side_by_side((images, maps), 1, |_, (image, maps)| {
            let images = maps.len() / (filters * positions);
            let columns = images * positions;
            with_scratch((depth + filters) * columns, |scratch| {
                let (unfolded, gathered) = scratch.split_at_mut(depth * columns);
                let maps = if images == 1 {
                    maps
                } else {
                    gather_channels(maps, filters, positions, gathered);
                    &*gathered
                };
                let maps = Matrix::new(&maps[..filters * columns], filters, columns);
                let whole = shape.is_pointwise() && images == 1;
                if whole {
                    product(weight, maps, image, accumulate);
                } else if !accumulate {
                    image.fill(T::ZERO);
                }
                if self.epilogue == ConvEpilogue::Bias {
                    for (plane, &bias) in image.chunks_exact_mut(height * width).zip(bias[..channels].iter().cycle()) {
                        plane.iter_mut().for_each(|y| *y += bias);
                    }
                }
                if !whole {
                    product(weight, maps, unfolded, false);
                    shape.fold(unfolded, images, image);
                }
            });
        });
    }

    fn examples() -> Vec<Self> {
        let epilogues = [ConvEpilogue::None, ConvEpilogue::Bias, ConvEpilogue::Accumulate];
        ConvShape::examples().flat_map(|shape| epilogues.map(|epilogue| Self { shape, epilogue })).collect()
    }
}

impl Multiply for Transposed {
    const OPERANDS: [usize; 2] = [1, 0];
    const GRADIENTS: &'static [Option<Operand>] = &[None, Some(Operand::Right)];

    fn operands(&self) -> Shader {
        self.shape.tell(self.epilogue.tell(shader!("conv/transposed")))
    }

    /// One for each lattice that the stride makes of the pixels.
    fn sizes(&self) -> Product {
        let ConvShape { images, image: [channels, height, width], map: [filters, ..], kernel, stride, padding } =
            self.shape;
        let pixels = images * height.div_ceil(stride) * width.div_ceil(stride);
        // The first of a lattice's taps is where its pixels lie on the padded image, modulo the stride.
        let taps = |origin: usize| (kernel + stride - 1 - (origin + padding) % stride) / stride;
        let depths = (0..stride * stride).map(|slice| filters * taps(slice / stride) * taps(slice % stride));
        Product::sliced(self.shape.named("transposed"), [channels, pixels], depths.collect(), FIND)
            .by_fours(stride == 1 && (height * width).is_multiple_of(4))
    }
}
