//! Parameters: declared by layers, laid out flat so that the optimiser is one dispatch.

use crate::kernels::DType;
use crate::kernels::common::philox::{Purpose, philox, split, unit};
use crate::plan::{Layout, Shape, Tensor};

/// Parameters begin at multiples of this many elements: storage bindings begin at multiples of 256 bytes.
const ALIGNMENT: usize = 64;

/// How a parameter begins.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Init {
    /// Uniform between minus and plus this bound.
    Uniform(f64),
    /// One value everywhere.
    Constant(f64),
}

/// A declared parameter.
#[derive(Clone, Debug)]
pub struct ParamSpec {
    /// Name as in a PyTorch state dict, such as `enc.0.weight`.
    pub name: String,
    /// Where it lies and its shape.
    pub param: Param,
    /// How it begins.
    pub init: Init,
}

/// A handle to a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Param {
    /// Dimensions.
    pub shape: Shape,
    /// First element in the flat layout.
    pub offset: usize,
}

/// The parameters of a model, in the order in which its layers declared them.
#[derive(Clone, Debug, Default)]
pub struct Params {
    specs: Vec<ParamSpec>,
    len: usize,
}

impl Params {
    /// Declares a parameter.
    pub fn add(&mut self, name: &str, shape: impl Into<Shape>, init: Init) -> Param {
        let param = Param { shape: shape.into(), offset: self.len };
        self.len += param.shape.len().next_multiple_of(ALIGNMENT);
        self.specs.push(ParamSpec { name: name.to_owned(), param, init });
        param
    }

    /// All parameters.
    pub fn specs(&self) -> &[ParamSpec] {
        &self.specs
    }

    /// Elements of the flat layout, alignment gaps included.
    pub fn flat_len(&self) -> usize {
        self.len
    }

    /// Number of trainable numbers.
    pub fn count(&self) -> usize {
        self.specs.iter().map(|spec| spec.param.shape.len()).sum()
    }

    /// The initial weights in the flat layout; each parameter's depend on its place among the others and the seed.
    pub fn initial(&self, seed: u64) -> Vec<f32> {
        let mut flat = vec![0.0; self.len];
        for (index, spec) in self.specs.iter().enumerate() {
            let weights = &mut flat[spec.param.offset..][..spec.param.shape.len()];
            match spec.init {
                Init::Constant(value) => weights.fill(value as f32),
                Init::Uniform(bound) => {
                    for (block, weights) in weights.chunks_mut(4).enumerate() {
                        let counter = [block as u32, index as u32, 0, Purpose::Weights as u32];
                        let words = philox(split(seed), counter);
                        for (weight, word) in weights.iter_mut().zip(words) {
                            *weight = (bound * (2.0 * unit(word) - 1.0)) as f32;
                        }
                    }
                }
            }
        }
        flat
    }

    /// Adds the regions for weights, gradients and Adam's moments.
    pub fn allocate(&self, layout: &mut Layout) -> ParamMemory {
        let mut region = |name| layout.add(name, DType::Real, [self.len]);
        ParamMemory {
            weights: region("weights"),
            gradients: region("gradients"),
            first: region("Adam's first moment"),
            second: region("Adam's second moment"),
        }
    }
}

/// The flat regions of a model's parameters.
#[derive(Clone, Copy, Debug)]
pub struct ParamMemory {
    /// The weights.
    pub weights: Tensor,
    /// Their gradients, overwritten in each step.
    pub gradients: Tensor,
    /// Adam's first moment.
    pub first: Tensor,
    /// Adam's second moment.
    pub second: Tensor,
}

impl ParamMemory {
    /// One parameter's weights.
    pub fn weight(&self, param: Param) -> Tensor {
        self.weights.slice(param.offset, param.shape)
    }

    /// One parameter's gradient.
    pub fn gradient(&self, param: Param) -> Tensor {
        self.gradients.slice(param.offset, param.shape)
    }
}
