//! A multi-layer perceptron with ReLU between its layers.

use super::linear::{InputGradient, Linear};
use super::params::{ParamMemory, Params};
use super::{Backbone, Module, Pass};
use crate::plan::{Graph, Tensor};
use std::sync::Arc;

/// Linear layers with ReLU after each but the last. Parameters are named as those of PyTorch's
/// `nn.Sequential(Linear, ReLU, Linear, ...)`: `NAME.0.weight`, `NAME.2.weight`, ...
#[derive(Clone, Debug)]
pub struct Mlp {
    layers: Arc<[Linear]>,
}

impl Mlp {
    /// Declares the layers between consecutive `widths`.
    pub fn new(params: &mut Params, name: &str, widths: &[usize]) -> Self {
        let layers = widths.windows(2).enumerate();
        Self {
            layers: layers
                .map(|(i, pair)| Linear::new(params, &format!("{name}.{}", 2 * i), pair[0], pair[1]))
                .collect(),
        }
    }

    /// Emits the forward pass of `x` `[rows, inputs]` and remembers the backward. The gradient of `x` is computed only if
    /// `differentiate_input` is set: pixels need none.
    pub fn forward(&self, g: &mut Graph, memory: &ParamMemory, x: Tensor, differentiate_input: bool) -> Tensor {
        let mut inputs = vec![x];
        let mut y = x;
        for (i, layer) in self.layers.iter().enumerate() {
            let last = i + 1 == self.layers.len();
            y = layer.forward(g, memory, y, !last);
            inputs.push(y);
        }
        let (layers, memory) = (self.layers.clone(), *memory);
        g.on_backward(move |g| {
            let Some(mut dy) = g.grad(y) else { return };
            for (i, layer) in layers.iter().enumerate().rev() {
                let x = inputs[i];
                let dx = if i > 0 {
                    InputGradient::ThroughRelu(g.grad_first(x))
                } else if !differentiate_input {
                    InputGradient::Skip
                } else {
                    InputGradient::of(g, x)
                };
                layer.backward(g, &memory, x, dy, dx);
                if let InputGradient::ThroughRelu(dx) = dx {
                    dy = dx;
                }
            }
        });
        y
    }
}

/// Linear layers of these hidden widths, mirrored in the decoder: the networks of the paper's MNIST experiments.
#[derive(Clone, Debug)]
pub struct MlpBackbone {
    /// Widths of the encoder's hidden layers.
    pub hidden: Vec<usize>,
}

impl Backbone for MlpBackbone {
    fn encoder(&self, params: &mut Params, name: &str, image: [usize; 3], outputs: usize) -> Arc<dyn Module> {
        Arc::new(Mlp::new(params, name, &[&[image.iter().product()], &self.hidden[..], &[outputs]].concat()))
    }

    fn decoder(&self, params: &mut Params, name: &str, image: [usize; 3], latent: usize) -> Arc<dyn Module> {
        let up = std::iter::once(latent).chain(self.hidden.iter().rev().copied());
        let widths: Vec<usize> = up.chain([image.iter().product()]).collect();
        Arc::new(Mlp::new(params, name, &widths))
    }
}

impl Module for Mlp {
    fn forward(&self, g: &mut Graph, memory: &ParamMemory, x: Tensor, pass: Pass) -> Tensor {
        Mlp::forward(self, g, memory, x, pass.differentiate_input)
    }
}
