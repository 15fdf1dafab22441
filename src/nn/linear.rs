//! A fully connected layer.

use super::params::{Init, Param, ParamMemory, Params};
use crate::kernels::linear::gradients::Gradients;
use crate::kernels::linear::matmul::{Epilogue, Form, Matmul};
use crate::kernels::product::half::Operand;
use crate::plan::{Graph, Tensor};

/// `y = x W^T + b`, with W `[outputs, inputs]`, initialised as PyTorch's `nn.Linear`.
#[derive(Clone, Debug)]
pub struct Linear {
    name: String,
    weight: Param,
    bias: Param,
    inputs: usize,
    outputs: usize,
}

/// What to do with the gradient of a layer's input.
#[derive(Clone, Copy, Debug)]
pub(super) enum InputGradient {
    /// It is not wanted.
    Skip,
    /// Store it.
    Write(Tensor),
    /// Add it to what the tensor holds.
    Add(Tensor),
    /// Store it where the input, the output of a ReLU, is positive; zero elsewhere: the ReLU's own backward.
    ThroughRelu(Tensor),
}

impl InputGradient {
    /// The gradient of `x`, stored or added to what others contributed.
    pub(super) fn of(g: &mut Graph, x: Tensor) -> Self {
        match g.grad_target(x) {
            (dx, true) => Self::Add(dx),
            (dx, false) => Self::Write(dx),
        }
    }
}

impl Linear {
    /// Declares the layer's parameters, `NAME.weight` and `NAME.bias`.
    pub fn new(params: &mut Params, name: &str, inputs: usize, outputs: usize) -> Self {
        let init = Init::Uniform(1.0 / (inputs as f64).sqrt());
        Self {
            name: name.to_owned(),
            weight: params.add(&format!("{name}.weight"), [outputs, inputs], init),
            bias: params.add(&format!("{name}.bias"), [outputs], init),
            inputs,
            outputs,
        }
    }

    /// Emits the forward product; `relu` clips its result at zero.
    pub(super) fn forward(&self, g: &mut Graph, memory: &ParamMemory, x: Tensor, relu: bool) -> Tensor {
        let (rows, _) = x.shape.as_matrix();
        let y = g.tensor(&self.name, [rows, self.outputs]);
        let product =
            Matmul { form: Form::Nt, m: rows, n: self.outputs, k: self.inputs, epilogue: Epilogue::Bias { relu } };
        let tensors = [x, memory.weight(self.weight), memory.weight(self.bias), y];
        g.push_product(&format!("{} forward", self.name), product, &tensors, None);
        y
    }

    /// Emits the layer by itself and remembers its backward.
    pub(super) fn apply(&self, g: &mut Graph, memory: &ParamMemory, x: Tensor, differentiate_input: bool) -> Tensor {
        let y = self.forward(g, memory, x, false);
        let (layer, memory) = (self.clone(), *memory);
        g.on_backward(move |g| {
            let Some(dy) = g.grad(y) else { return };
            let dx = if differentiate_input { InputGradient::of(g, x) } else { InputGradient::Skip };
            layer.backward(g, &memory, x, dy, dx);
        });
        y
    }

    /// Emits the gradients of weight, bias and input from `dy`.
    pub(super) fn backward(&self, g: &mut Graph, memory: &ParamMemory, x: Tensor, dy: Tensor, dx: InputGradient) {
        let (rows, _) = x.shape.as_matrix();
        let (inputs, outputs) = (self.inputs, self.outputs);
        // dW = dy^T x, db = sum over rows of dy
        let tensors = [dy, x, memory.gradient(self.weight), memory.gradient(self.bias)];
        let label = format!("{} d weight, bias", self.name);
        g.push_product(&label, Gradients { rows, inputs, outputs }, &tensors, Some(Operand::Left));
        // dx = dy W
        let (epilogue, aux, dx) = match dx {
            InputGradient::Skip => return,
            InputGradient::Write(dx) => (Epilogue::None, dy, dx),
            InputGradient::Add(dx) => (Epilogue::Accumulate, dy, dx),
            InputGradient::ThroughRelu(dx) => (Epilogue::ReluMask, x, dx),
        };
        let input = Matmul { form: Form::Nn, m: rows, n: inputs, k: outputs, epilogue };
        let tensors = [dy, memory.weight(self.weight), aux, dx];
        g.push_product(&format!("{} d input", self.name), input, &tensors, Some(Operand::Left));
    }
}
