//! Batch normalisation, with what may follow it: a residual and a ReLU.

use super::conv::four;
use super::params::{Init, Param, ParamMemory, Params};
use super::{Mode, Pass};
use crate::kernels::norm::Normalisation;
use crate::kernels::norm::batch_norm::BatchNorm as Apply;
use crate::kernels::norm::batch_norm_backward::{BatchNormBackward, ResidualGradient};
use crate::kernels::norm::batch_norm_sums::BatchNormSums;
use crate::kernels::norm::moments::Moments;
use crate::kernels::planes::Planes;
use crate::plan::{Graph, Tensor};

/// PyTorch's defaults.
const EPSILON: f64 = 1e-5;
const MOMENTUM: f64 = 0.1;

/// `nn.BatchNorm2d`: in training with the batch's moments, which the buffers follow, in evaluation with the buffers'.
#[derive(Clone, Debug)]
pub struct BatchNorm2d {
    name: String,
    scale: Param,
    shift: Param,
    running_mean: Param,
    running_var: Param,
}

/// What follows a normalisation in the same dispatch.
#[derive(Clone, Copy, Debug, Default)]
pub struct Then {
    /// A tensor to add.
    pub add: Option<Tensor>,
    /// A ReLU, after the addition.
    pub relu: bool,
}

impl BatchNorm2d {
    /// Declares `NAME.weight`, `NAME.bias`, and the buffers `NAME.running_mean` and `NAME.running_var`.
    pub fn new(params: &mut Params, name: &str, channels: usize) -> Self {
        Self {
            name: name.to_owned(),
            scale: params.add(&format!("{name}.weight"), [channels], Init::Constant(1.0)),
            shift: params.add(&format!("{name}.bias"), [channels], Init::Constant(0.0)),
            running_mean: params.add_buffer(&format!("{name}.running_mean"), [channels], 0.0),
            running_var: params.add_buffer(&format!("{name}.running_var"), [channels], 1.0),
        }
    }

    /// Emits the forward pass of `x` `[rows, channels, height, width]` and, in training, remembers the backward. Where several devices
    /// share a step, the moments are those of the rows of all.
    pub fn forward(&self, g: &mut Graph, memory: &ParamMemory, x: Tensor, then: Then, pass: Pass) -> Tensor {
        let [images, channels, height, width] = four(x);
        let planes = Planes { images, channels, area: height * width };
        let Then { add, relu } = then;
        let training = pass.mode != Mode::Evaluation;
        let momentum = if pass.mode == Mode::Rehearsal { 0.0 } else { MOMENTUM };
        let norm = Normalisation::alone(planes, momentum, EPSILON).among(&g.rows_of_all(images), g.share().rank);
        let moments = if training {
            let own = g.tensor("moments", [norm.moments()]);
            g.push(&format!("{} moments", self.name), Moments { norm }, &[x, own]);
            g.gather(own)
        } else {
            x
        };
        let y = g.tensor(&self.name, x.shape);
        let (scale, shift) = (memory.weight(self.scale), memory.weight(self.shift));
        let kernel = Apply { norm, training, residual: add.is_some(), relu };
        let (mean, var) = (memory.buffer(self.running_mean), memory.buffer(self.running_var));
        let tensors = [x, moments, scale, shift, add.unwrap_or(x), mean, var, y];
        g.push(&format!("{} forward", self.name), kernel, &tensors);
        if !training {
            return y;
        }

        let (layer, memory) = (self.clone(), *memory);
        g.on_backward(move |g| {
            let Some(dy) = g.grad(y) else { return };
            let sums = g.tensor("sums", [norm.sums()]);
            let (dscale, dshift) = (memory.gradient(layer.scale), memory.gradient(layer.shift));
            let tensors = [dy, y, x, moments, scale, sums];
            g.push(&format!("{} sums", layer.name), BatchNormSums { norm, relu }, &tensors);
            let sums = g.gather(sums);
            let dx = g.grad_first(x);
            let mut tensors = vec![dy, y, x, sums, dscale, dshift, dx];
            let residual = match add.map(|add| g.grad_target(add)) {
                None => ResidualGradient::None,
                Some((dresidual, accumulate)) => {
                    tensors.push(dresidual);
                    if accumulate { ResidualGradient::Add } else { ResidualGradient::Write }
                }
            };
            let kernel = BatchNormBackward { norm, relu, residual };
            g.push(&format!("{} d input, scale, shift", layer.name), kernel, &tensors);
        });
        y
    }
}
