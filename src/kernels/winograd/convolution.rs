//! Convolutions as the kernels of Winograd's algorithm, and where those cost less than the plain product.

use super::filters::{FilterGradients, Filters};
use super::join::Join;
use super::products::Products;
use super::split::{Role, Split};
use super::{ConvShape, Planes, Side};
use crate::kernels::AnyKernel;
use crate::kernels::conv::ConvEpilogue;
use crate::kernels::conv::correlate::Correlate;
use crate::kernels::conv::transposed::Transposed;
use crate::kernels::conv::weight_gradient::WeightGradient;
use crate::kernels::cost::Machine;
use crate::kernels::linear::column_sum::ColumnSum;
use crate::kernels::linear::matmul::Form;

/// Elements of a tensor of places, at most: WebGPU's default limit of a binding, 128 MiB.
const MOST_ELEMENTS: usize = 1 << 25;

/// A convolution forward, or the gradient of its input: the kernels in their order.
#[derive(Clone, Debug)]
pub struct Pass {
    /// Of what is read.
    pub data: Split,
    /// Of the weight.
    pub filters: Filters,
    /// Filters times data.
    pub products: Products,
    /// The result.
    pub join: Join,
}

/// The gradient of a convolution's weight: the kernels in their order.
#[derive(Clone, Debug)]
pub struct Gradient {
    /// Of the images.
    pub data: Split,
    /// Of the maps.
    pub results: Split,
    /// Results times data.
    pub products: Products,
    /// The gradient.
    pub filters: FilterGradients,
}

impl Pass {
    /// The kernels for this convolution where a machine needs less time for them.
    pub fn of_correlate(plain: &Correlate, machine: Machine) -> Option<Self> {
        let shape = plain.shape;
        cheaper(&shape, machine, &[plain], Self::kernels, |side| {
            Self::new([shape.image, shape.map], shape.images, shape.padding, (side, plain.epilogue, false))
        })
    }

    /// The kernels for this transposed convolution where a machine needs less time for them.
    pub fn of_transposed(plain: &Transposed, machine: Machine) -> Option<Self> {
        let shape = plain.shape;
        cheaper(&shape, machine, &[plain], Self::kernels, |side| {
            Self::new([shape.map, shape.image], shape.images, 2 - shape.padding, (side, plain.epilogue, true))
        })
    }

    fn new(
        [source, result]: [[usize; 3]; 2],
        images: usize,
        padding: usize,
        (side, epilogue, turned): (Side, ConvEpilogue, bool),
    ) -> Self {
        let data = planes(images, source, result, padding, side);
        let results = planes(images, result, result, 0, side);
        let (m, k) = (result[0], source[0]);
        // Filters are `[map channels, image channels]`, of which a transposed convolution reads the first and writes the second.
        let (channels, form) = if turned { ([k, m], Form::Tn) } else { ([m, k], Form::Nn) };
        Self {
            data: Split { planes: data, role: Role::Data },
            filters: Filters { side, channels, turned },
            products: Products { side, form, m, n: data.per_channel(), k },
            join: Join { planes: results, epilogue },
        }
    }

    fn kernels(&self) -> [&dyn AnyKernel; 4] {
        [&self.data, &self.filters, &self.products, &self.join]
    }
}

impl Gradient {
    /// The kernels for this gradient where a machine needs less time for them than for its parts and their sum.
    pub fn of(plain: &WeightGradient, machine: Machine) -> Option<Self> {
        let shape = plain.shape;
        let sum = ColumnSum { rows: plain.parts(), columns: shape.weight_len() };
        let plain: &[&dyn AnyKernel] = if sum.rows > 1 { &[plain, &sum] } else { &[plain] };
        cheaper(&shape, machine, plain, Self::kernels, |side| {
            let ConvShape { images, image, map, padding, .. } = shape;
            let data = planes(images, image, map, padding, side);
            Self {
                data: Split { planes: data, role: Role::Data },
                results: Split { planes: planes(images, map, map, 0, side), role: Role::Gradient },
                products: Products { side, form: Form::Nt, m: map[0], n: image[0], k: data.per_channel() },
                filters: FilterGradients { side, channels: [map[0], image[0]] },
            }
        })
    }

    fn kernels(&self) -> [&dyn AnyKernel; 4] {
        [&self.data, &self.results, &self.products, &self.filters]
    }
}

/// These planes, cut into the tiles that cover the results of a convolution.
fn planes(
    images: usize,
    [channels, height, width]: [usize; 3],
    results: [usize; 3],
    padding: usize,
    side: Side,
) -> Planes {
    let tiles = [results[1], results[2]].map(|length| length.div_ceil(side.results()));
    Planes { images, channels, plane: [height, width], tiles, side, padding }
}

/// The form that a machine needs the least time for by the cost model, unless that is the plain one.
fn cheaper<F>(
    shape: &ConvShape,
    machine: Machine,
    plain: &[&dyn AnyKernel],
    kernels: fn(&F) -> [&dyn AnyKernel; 4],
    form: impl Fn(Side) -> F,
) -> Option<F> {
    if machine == Machine::Twins || shape.kernel != 3 || shape.stride != 1 || shape.padding > 2 {
        return None;
    }
    let seconds = |all: &[&dyn AnyKernel]| all.iter().map(|kernel| machine.seconds(*kernel)).sum::<f64>();
    let fits = |kernel: &&dyn AnyKernel| kernel.bindings().iter().all(|binding| binding.len <= MOST_ELEMENTS);
    let forms = [Side::Two, Side::Four].map(form).into_iter().filter(|form| kernels(form).iter().all(fits));
    let timed = forms.map(|form| (seconds(&kernels(&form)), form));
    let (least, form) = timed.min_by(|(a, _), (b, _)| a.total_cmp(b))?;
    (least < seconds(plain)).then_some(form)
}
