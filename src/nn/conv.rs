//! Convolution and transposed convolution.

use super::params::{Init, Param, ParamMemory, Params};
use super::winograd::{correlate, tiled_gradient, transposed};
use crate::kernels::conv::channel_sum::ChannelSum;
use crate::kernels::conv::correlate::Correlate;
use crate::kernels::conv::transposed::Transposed;
use crate::kernels::conv::weight_gradient::WeightGradient;
use crate::kernels::conv::{ConvEpilogue, ConvShape};
use crate::kernels::linear::column_sum::ColumnSum;
use crate::kernels::planes::Planes;
use crate::kernels::product::half::Operand;
use crate::kernels::winograd::convolution::Gradient;
use crate::plan::{Graph, Tensor};

/// Sizes and settings of a convolution, as PyTorch names them; kernels are square.
#[derive(Clone, Copy, Debug)]
pub struct ConvSettings {
    /// Channels that it reads.
    pub inputs: usize,
    /// Channels that it writes.
    pub outputs: usize,
    /// Side of the kernel.
    pub kernel: usize,
    /// Pixels between neighbouring windows.
    pub stride: usize,
    /// Rows and columns of zeros around the image side.
    pub padding: usize,
    /// Whether a bias is added.
    pub bias: bool,
}

/// `nn.Conv2d`, weight `[outputs, inputs, kernel, kernel]`.
#[derive(Clone, Debug)]
pub struct Conv2d {
    name: String,
    settings: ConvSettings,
    weight: Param,
    bias: Option<Param>,
}

/// `nn.ConvTranspose2d`, weight `[inputs, outputs, kernel, kernel]`.
#[derive(Clone, Debug)]
pub struct ConvTranspose2d {
    name: String,
    settings: ConvSettings,
    output_padding: usize,
    weight: Param,
    bias: Option<Param>,
}

impl Conv2d {
    /// Declares the layer's parameters with PyTorch's initialisation, or the weight with this one.
    pub fn new(params: &mut Params, name: &str, settings: ConvSettings, weight: Option<Init>) -> Self {
        let ConvSettings { inputs, outputs, kernel, bias, .. } = settings;
        let init = Init::Uniform(1.0 / ((inputs * kernel * kernel) as f64).sqrt());
        Self {
            name: name.to_owned(),
            settings,
            weight: params.add(&format!("{name}.weight"), [outputs, inputs, kernel, kernel], weight.unwrap_or(init)),
            bias: bias.then(|| params.add(&format!("{name}.bias"), [outputs], init)),
        }
    }

    /// Emits the forward pass of `x` `[rows, inputs, height, width]` and remembers the backward. The gradient of `x` is
    /// computed only if `differentiate_input` is set.
    pub fn forward(&self, g: &mut Graph, memory: &ParamMemory, x: Tensor, differentiate_input: bool) -> Tensor {
        let ConvSettings { inputs, outputs, kernel, stride, padding, .. } = self.settings;
        let [images, _, height, width] = four(x);
        let side = |side: usize| (side + 2 * padding - kernel) / stride + 1;
        let map = [outputs, side(height), side(width)];
        let shape = ConvShape { images, image: [inputs, height, width], map, kernel, stride, padding };
        let y = g.tensor(&self.name, [images, outputs, map[1], map[2]]);
        let weight = memory.weight(self.weight);
        let (epilogue, bias) = with_bias(memory, self.bias, weight);
        correlate(g, &format!("{} forward", self.name), Correlate { shape, epilogue }, [x, weight, bias, y], None);

        let (layer, memory) = (self.clone(), *memory);
        g.on_backward(move |g| {
            let Some(dy) = g.grad(y) else { return };
            weight_gradient(g, &layer.name, shape, [x, dy, memory.gradient(layer.weight)], Operand::Left);
            bias_gradient(g, &layer.name, dy, layer.bias.map(|bias| memory.gradient(bias)));
            if differentiate_input {
                let (dx, epilogue) = target(g, x);
                transposed(
                    g,
                    &format!("{} d input", layer.name),
                    Transposed { shape, epilogue },
                    [dy, weight, weight, dx],
                    Some(Operand::Right),
                );
            }
        });
        y
    }
}

impl ConvTranspose2d {
    /// Declares the layer's parameters with PyTorch's initialisation. `output_padding` rows and columns are added at the
    /// result's end, to choose among the sizes that a convolution of this stride would shrink to the input's.
    pub fn new(params: &mut Params, name: &str, settings: ConvSettings, output_padding: usize) -> Self {
        let ConvSettings { inputs, outputs, kernel, bias, .. } = settings;
        // PyTorch takes the second dimension of the weight for its fan-in.
        let init = Init::Uniform(1.0 / ((outputs * kernel * kernel) as f64).sqrt());
        Self {
            name: name.to_owned(),
            settings,
            output_padding,
            weight: params.add(&format!("{name}.weight"), [inputs, outputs, kernel, kernel], init),
            bias: bias.then(|| params.add(&format!("{name}.bias"), [outputs], init)),
        }
    }

    /// Emits the forward pass of `x` `[rows, inputs, height, width]` and remembers the backward.
    pub fn forward(&self, g: &mut Graph, memory: &ParamMemory, x: Tensor) -> Tensor {
        let ConvSettings { inputs, outputs, kernel, stride, padding, .. } = self.settings;
        let [images, _, height, width] = four(x);
        let side = |side: usize| (side - 1) * stride + kernel + self.output_padding - 2 * padding;
        let image = [outputs, side(height), side(width)];
        let shape = ConvShape { images, image, map: [inputs, height, width], kernel, stride, padding };
        let y = g.tensor(&self.name, [images, outputs, image[1], image[2]]);
        let weight = memory.weight(self.weight);
        let (epilogue, bias) = with_bias(memory, self.bias, weight);
        transposed(g, &format!("{} forward", self.name), Transposed { shape, epilogue }, [x, weight, bias, y], None);

        let (layer, memory) = (self.clone(), *memory);
        g.on_backward(move |g| {
            let Some(dy) = g.grad(y) else { return };
            weight_gradient(g, &layer.name, shape, [dy, x, memory.gradient(layer.weight)], Operand::Right);
            bias_gradient(g, &layer.name, dy, layer.bias.map(|bias| memory.gradient(bias)));
            let (dx, epilogue) = target(g, x);
            let tensors = [dy, weight, weight, dx];
            let label = format!("{} d input", layer.name);
            correlate(g, &label, Correlate { shape, epilogue }, tensors, Some(Operand::Right));
        });
        y
    }
}

/// The dimensions of `[rows, channels, height, width]`; what is missing is one.
pub(super) fn four(x: Tensor) -> [usize; 4] {
    let mut dims = [1; 4];
    dims.iter_mut().zip(x.shape.dims()).for_each(|(to, &dim)| *to = dim);
    dims
}

fn with_bias(memory: &ParamMemory, bias: Option<Param>, none: Tensor) -> (ConvEpilogue, Tensor) {
    bias.map_or((ConvEpilogue::None, none), |bias| (ConvEpilogue::Bias, memory.weight(bias)))
}

fn target(g: &mut Graph, x: Tensor) -> (Tensor, ConvEpilogue) {
    let (dx, accumulate) = g.grad_target(x);
    (dx, if accumulate { ConvEpilogue::Accumulate } else { ConvEpilogue::None })
}

/// Emits the gradient of a weight from images and maps, of which one operand is a gradient: its parts, and their sum where there are several.
fn weight_gradient(g: &mut Graph, name: &str, shape: ConvShape, [image, map, gradient]: [Tensor; 3], operand: Operand) {
    let label = format!("{name} d weight");
    let plain = WeightGradient::of(shape, g.machine());
    if let Some(kernels) = Gradient::of(&plain, g.machine()) {
        tiled_gradient(g, &label, kernels, [image, map, gradient]);
    } else {
        let sizes = [plain.parts(), shape.weight_len()];
        sum_of_parts(g, &label, sizes, gradient, |g, to| {
            g.push_product(&label, plain, &[image, map, to], Some(operand));
        });
    }
}

fn bias_gradient(g: &mut Graph, name: &str, dy: Tensor, gradient: Option<Tensor>) {
    let Some(gradient) = gradient else { return };
    let [images, channels, height, width] = four(dy);
    let planes = Planes { images, channels, area: height * width };
    let label = format!("{name} d bias");
    sum_of_parts(g, &label, [planes.parts(), channels], gradient, |g, to| {
        g.push(&label, ChannelSum { planes }, &[dy, to])
    });
}

/// Emits what computes parts of a gradient, `[parts, elements]`, and their sum where there are several.
fn sum_of_parts(
    g: &mut Graph,
    label: &str,
    [rows, columns]: [usize; 2],
    gradient: Tensor,
    emit: impl FnOnce(&mut Graph, Tensor),
) {
    if rows == 1 {
        return emit(g, gradient);
    }
    let parts = g.tensor("parts", [rows, columns]);
    emit(g, parts);
    g.push(&format!("{label} sum"), ColumnSum { rows, columns }, &[parts, gradient]);
}
