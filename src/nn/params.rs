//! Parameters: declared by layers, laid out flat so that the optimiser is one dispatch.

use crate::device::{DeviceError, Executor, Values};
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
    /// Normal with mean zero and this deviation.
    Normal(f64),
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

/// The parameters of a model, in the order in which its layers declared them, and its buffers: what is stored with the
/// parameters but not trained, such as running statistics.
#[derive(Clone, Debug, Default)]
pub struct Params {
    specs: Vec<ParamSpec>,
    len: usize,
    buffers: Vec<ParamSpec>,
    buffers_len: usize,
}

impl Params {
    /// Declares a parameter.
    pub fn add(&mut self, name: &str, shape: impl Into<Shape>, init: Init) -> Param {
        let param = Param { shape: shape.into(), offset: self.len };
        self.len += param.shape.len().next_multiple_of(ALIGNMENT);
        self.specs.push(ParamSpec { name: name.to_owned(), param, init });
        param
    }

    /// Declares a buffer that begins with one value everywhere.
    pub fn add_buffer(&mut self, name: &str, shape: impl Into<Shape>, value: f64) -> Param {
        let param = Param { shape: shape.into(), offset: self.buffers_len };
        self.buffers_len += param.shape.len().next_multiple_of(ALIGNMENT);
        self.buffers.push(ParamSpec { name: name.to_owned(), param, init: Init::Constant(value) });
        param
    }

    /// All buffers; their offsets are in the flat layout of the buffers.
    pub fn buffers(&self) -> &[ParamSpec] {
        &self.buffers
    }

    /// The initial buffers in their flat layout.
    pub fn initial_buffers(&self) -> Vec<f32> {
        let mut flat = vec![0.0; self.buffers_len];
        for spec in &self.buffers {
            if let Init::Constant(value) = spec.init {
                flat[spec.param.offset..][..spec.param.shape.len()].fill(value as f32);
            }
        }
        flat
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
                        for (weight, word) in weights.iter_mut().zip(words(seed, index, block)) {
                            *weight = (bound * (2.0 * unit(word) - 1.0)) as f32;
                        }
                    }
                }
                Init::Normal(deviation) => {
                    // Box and Muller (1958): two uniform numbers are the length and the direction of two normal ones.
                    for (block, weights) in weights.chunks_mut(4).enumerate() {
                        let [a, b, c, d] = words(seed, index, block).map(unit);
                        let pair = |u: f64, turns: f64| {
                            let length = deviation * (-2.0 * (1.0 - u).ln()).sqrt();
                            let (sin, cos) = (std::f64::consts::TAU * turns).sin_cos();
                            [length * cos, length * sin]
                        };
                        let normal = [pair(a, b), pair(c, d)].concat();
                        weights.iter_mut().zip(normal).for_each(|(weight, x)| *weight = x as f32);
                    }
                }
            }
        }
        flat
    }

    /// Adds the regions for weights, gradients, Adam's moments and buffers.
    pub fn allocate(&self, layout: &mut Layout) -> ParamMemory {
        let mut region = |name, len| layout.add(name, DType::Real, [len]);
        ParamMemory {
            weights: region("weights", self.len),
            gradients: region("gradients", self.len),
            first: region("Adam's first moment", self.len),
            second: region("Adam's second moment", self.len),
            buffers: region("buffers", self.buffers_len),
        }
    }
}

/// Four random words of a block of a parameter.
fn words(seed: u64, index: usize, block: usize) -> [u32; 4] {
    philox(split(seed), [block as u32, index as u32, 0, Purpose::Weights as u32])
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
    /// What is kept but not trained.
    pub buffers: Tensor,
}

impl ParamMemory {
    /// One parameter's weights.
    pub fn weight(&self, param: Param) -> Tensor {
        self.weights.slice(param.offset, param.shape)
    }

    /// Writes all buffers in their flat layout.
    ///
    /// # Errors
    /// When the device fails.
    pub fn write_buffers(&self, executor: &mut dyn Executor, flat: Vec<f32>) -> Result<(), DeviceError> {
        if flat.is_empty() { Ok(()) } else { executor.write(self.buffers, &Values::F32(flat)) }
    }

    /// Reads all buffers in their flat layout.
    ///
    /// # Errors
    /// When the device fails.
    pub fn read_buffers(&self, executor: &mut dyn Executor) -> Result<Vec<f32>, DeviceError> {
        if self.buffers.is_empty() { Ok(Vec::new()) } else { Ok(executor.read(self.buffers)?.into_f32()) }
    }

    /// One buffer.
    pub fn buffer(&self, param: Param) -> Tensor {
        self.buffers.slice(param.offset, param.shape)
    }

    /// One parameter's gradient.
    pub fn gradient(&self, param: Param) -> Tensor {
        self.gradients.slice(param.offset, param.shape)
    }
}
