//! Twin of `shaders/conv/weight_gradient.wgsl`: the weight gradient of both convolutions.

use super::lower::gather_channels;
use super::winograd::Winograd;
use super::{ConvShape, FIND, Params};
use crate::kernels::cost::{Machine, Work};
use crate::kernels::product::Multiply;
use crate::kernels::product::half::Operand;
use crate::kernels::{Access, Args, Binding, Kernel, Launch, Product, Shader, Tuning};
use crate::math::Real;
use crate::math::gemm::{Matrix, product};
use crate::math::pieces::{each_mut, rows_mut, side_by_side};
use crate::math::scratch::with_scratch;
use std::ops::Range;

/// `part[f, c, ky, kx] = sum over n, y, x of map[n, f, y, x] image[n, c, y s - p + ky, x s - p + kx]` over a slice of the
/// images. The sum of the parts, in order, is the gradient.
///
/// Tensors: image, map, parts `[parts, weight]`.
#[derive(Clone, Debug)]
pub struct WeightGradient {
    /// Sizes.
    pub shape: ConvShape,
    /// Images of a part.
    pub slice: usize,
}

/// Elements of the parts, together: small gradients are summed in many parts, so that a device is occupied.
const PART_ELEMENTS: usize = 1 << 20;
/// Parts, at most.
const MOST_PARTS: usize = 64;
/// Tasks of the twin for each thread: fewer parts than these are split by channels, and each task reads the whole map.
const TASKS_PER_THREAD: usize = 2;

impl Kernel for WeightGradient {
    type Params = Params;

    fn bindings(&self) -> Vec<Binding> {
        vec![
            Binding::real("image", Access::Read, self.shape.image_len()),
            Binding::real("map", Access::Read, self.shape.map_len()),
            Binding::real("parts", Access::Write, self.parts() * self.shape.weight_len()),
        ]
    }

    fn params(&self) -> Params {
        Params { slice: self.slice as u32, ..self.shape.params() }
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
        let (image, map, parts) = (args.real(0), args.real(1), args.real_mut(2));
        let shape = &self.shape;
        let parts = rows_mut(&mut parts[..self.parts() * shape.weight_len()], shape.weight_len());
        if let Some(winograd) = Winograd::of(shape).filter(|_| self.slice.is_multiple_of(Winograd::IMAGES)) {
            let [images, maps] = [shape.image, shape.map].map(|sides| sides.iter().product::<usize>());
            side_by_side(parts, 1, |index, part| {
                let Range { start, end } = self.part(index);
                let (image, map) = (&image[start * images..end * images], &map[start * maps..end * maps]);
                winograd.weight_gradient(end - start, image, map, part);
            });
            return;
        }
        let [channels, ..] = shape.image;
        let tasks = TASKS_PER_THREAD * rayon::current_num_threads();
        let step = channels.div_ceil(tasks.div_ceil(self.parts()));
        let groups: Vec<Range<usize>> = (0..channels).step_by(step).map(|c| c..(c + step).min(channels)).collect();
        side_by_side(parts, 1, |index, part| {
            let images = self.part(index);
            if let [all] = groups.as_slice() {
                return self.sum(image, map, images, all.clone(), part);
            }
            let taps = shape.kernel * shape.kernel;
            let sum_of = |group: &Range<usize>| vec![T::ZERO; shape.map[0] * group.len() * taps];
            let mut sums: Vec<Vec<T>> = groups.iter().map(sum_of).collect();
            side_by_side(each_mut(&mut sums), 1, |index, sum| {
                self.sum(image, map, images.clone(), groups[index].clone(), sum);
            });
            for (group, sum) in groups.iter().zip(&sums) {
                let rows = part.chunks_exact_mut(shape.depth()).zip(sum.chunks_exact(group.len() * taps));
                rows.for_each(|(row, sum)| row[group.start * taps..group.end * taps].copy_from_slice(sum));
            }
        });
    }

    fn examples() -> Vec<Self> {
        let machines = [Machine::Twins, Machine::Gpu];
        ConvShape::examples()
            .zip(machines.into_iter().cycle())
            .map(|(shape, machine)| Self::of(shape, machine))
            .collect()
    }
}

impl Multiply for WeightGradient {
    const OPERANDS: [usize; 2] = [1, 0];
    const GRADIENTS: &'static [Option<Operand>] = &[Some(Operand::Left), Some(Operand::Right)];

    fn operands(&self) -> Shader {
        self.shape.tell(shader!("conv/weight_gradient"))
    }

    fn sizes(&self) -> Product {
        let depth = |part| self.part(part).len() * self.shape.positions();
        let depths = (0..self.parts()).map(depth).collect();
        Product::sliced(self.shape.named("weight gradient"), [self.shape.map[0], self.shape.depth()], depths, FIND)
            .by_fours(self.shape.depth().is_multiple_of(4))
            .reading([self.shape.positions().is_multiple_of(4), false])
    }
}

impl WeightGradient {
    /// In parts that suit a machine: many for a GPU, and whole groups of images for the twins' own form of this product.
    pub fn of(shape: ConvShape, machine: Machine) -> Self {
        let slice = shape.images.div_ceil((PART_ELEMENTS / shape.weight_len()).clamp(1, MOST_PARTS).min(shape.images));
        let grouped = machine != Machine::Gpu && Winograd::of(&shape).is_some();
        Self { shape, slice: if grouped { slice.next_multiple_of(Winograd::IMAGES) } else { slice } }
    }

    /// Parts in which it is computed.
    pub fn parts(&self) -> usize {
        self.shape.images.div_ceil(self.slice)
    }

    /// The images of a part.
    fn part(&self, index: usize) -> Range<usize> {
        index * self.slice..((index + 1) * self.slice).min(self.shape.images)
    }

    /// Writes the gradient of these channels, `[filters, channels, taps]`, over these images.
    fn sum<T: Real>(&self, image: &[T], map: &[T], images: Range<usize>, group: Range<usize>, sum: &mut [T]) {
        let shape = &self.shape;
        let (filters, positions, pixels) = (shape.map[0], shape.positions(), shape.image.iter().product::<usize>());
        let depth = group.len() * shape.kernel * shape.kernel;
        let block = shape.block();
        // The product is of the transposed gradient: its vectors run along the filters, so that the small operand, the map, is the
        // one that must be rearranged for them.
        with_scratch((depth + filters) * block * positions + depth * filters, |scratch| {
            let (turned, scratch) = scratch.split_at_mut(depth * filters);
            for first in images.clone().step_by(block) {
                let count = block.min(images.end - first);
                let columns = count * positions;
                let (unfolded, gathered) = scratch.split_at_mut(depth * columns);
                let image = &image[first * pixels..][..count * pixels];
                let map = &map[first * filters * positions..][..filters * columns];
                let map = if count == 1 {
                    map
                } else {
                    gather_channels(map, filters, positions, gathered);
                    &gathered[..filters * columns]
                };
                shape.unfold(image, count, group.clone(), unfolded);
                let map = Matrix::new(map, filters, columns).t();
                product(Matrix::new(unfolded, depth, columns), map, turned, first > images.start);
            }
            for (filter, row) in sum.chunks_exact_mut(depth).enumerate() {
                row.iter_mut().zip(turned[filter..].iter().step_by(filters)).for_each(|(to, &x)| *to = x);
            }
        });
    }
}
