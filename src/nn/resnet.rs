//! ResNet-18 (He et al., 2016), the paper's encoder.

use super::batch_norm::{BatchNorm2d, Then};
use super::conv::{Conv2d, ConvSettings};
use super::linear::Linear;
use super::params::{ParamMemory, Params};
use super::pool::{MaxPool2d, average_pool};
use super::residual::{BasicBlock, kaiming};
use super::{Backbone, ConvDecoder, DecoderShortcuts, Module, Pass};
use crate::plan::{Graph, Tensor};
use std::sync::Arc;

/// Smaller images begin with a 3x3 convolution and no pooling, as is usual for CIFAR-10 (Chen et al., 2020, appendix B.9).
const LARGE: usize = 64;

/// Four stages of two blocks, the mean over all positions, and a linear layer; parameters are named as torchvision's.
#[derive(Clone, Debug)]
pub struct ResNet18 {
    image: [usize; 3],
    stem: (Conv2d, BatchNorm2d),
    pool: Option<MaxPool2d>,
    blocks: Arc<[BasicBlock]>,
    head: Linear,
}

impl ResNet18 {
    /// Declares the layers for images `[channels, height, width]`; `width` is that of the first stage.
    pub fn new(params: &mut Params, name: &str, image: [usize; 3], width: usize, outputs: usize) -> Self {
        let [inputs, rows, columns] = image;
        let (kernel, stride, pool) = if rows.min(columns) < LARGE {
            (3, 1, None)
        } else {
            (7, 2, Some(MaxPool2d { kernel: 3, stride: 2, padding: 1 }))
        };
        let settings = ConvSettings { inputs, outputs: width, kernel, stride, padding: kernel / 2, bias: false };
        let conv = Conv2d::new(params, &format!("{name}.conv1"), settings, Some(kaiming(width, kernel)));
        let stem = (conv, BatchNorm2d::new(params, &format!("{name}.bn1"), width));
        let mut blocks = Vec::new();
        let mut inputs = width;
        for stage in 0..4 {
            let outputs = width << stage;
            for block in 0..2 {
                let stride = if stage > 0 && block == 0 { 2 } else { 1 };
                let label = format!("{name}.layer{}.{block}", stage + 1);
                blocks.push(BasicBlock::new(params, &label, [inputs, outputs], stride, inputs != outputs));
                inputs = outputs;
            }
        }
        let head = Linear::new(params, &format!("{name}.fc"), inputs, outputs);
        Self { image, stem, pool, blocks: blocks.into(), head }
    }
}

impl Module for ResNet18 {
    fn forward(&self, g: &mut Graph, memory: &ParamMemory, x: Tensor, pass: Pass) -> Tensor {
        let (rows, _) = x.shape.as_matrix();
        let [channels, height, width] = self.image;
        let x = x.reshape([rows, channels, height, width]);
        let h = self.stem.0.forward(g, memory, x, pass.differentiate_input);
        let h = self.stem.1.forward(g, memory, h, Then { add: None, relu: true }, pass);
        let h = self.pool.map_or(h, |pool| pool.forward(g, h));
        let h = self.blocks.iter().fold(h, |h, block| block.forward(g, memory, h, pass.mode));
        let features = average_pool(g, h);
        self.head.apply(g, memory, features, true)
    }
}

/// A ResNet-18 whose first stage is this wide, and the authors' decoder with all its shortcuts.
#[derive(Clone, Copy, Debug)]
pub struct ResNetBackbone {
    /// Channels of the first stage, even.
    pub width: usize,
}

impl Backbone for ResNetBackbone {
    fn encoder(&self, params: &mut Params, name: &str, image: [usize; 3], outputs: usize) -> Arc<dyn Module> {
        Arc::new(ResNet18::new(params, name, image, self.width, outputs))
    }

    fn decoder(&self, params: &mut Params, name: &str, image: [usize; 3], latent: usize) -> Arc<dyn Module> {
        Arc::new(ConvDecoder::new(params, name, image, self.width, latent, DecoderShortcuts::All))
    }

    fn grid(&self) -> usize {
        ConvDecoder::GRID
    }
}
