//! The convolutional encoder and decoder of the authors' code: a ResNet-18 without its last stage and its pooling, and
//! transposed convolutions back.

use super::batch_norm::{BatchNorm2d, Then};
use super::conv::{Conv2d, ConvSettings, ConvTranspose2d};
use super::linear::Linear;
use super::params::{ParamMemory, Params};
use super::pool::MaxPool2d;
use super::residual::{BasicBlock, DecoderBlock, Shortcut, kaiming};
use super::{Backbone, Module, Pass};
use crate::plan::{Graph, Tensor};
use std::sync::Arc;

/// Images from this side on begin with a kernel of four instead of three, without a bias.
const LARGE: usize = 64;
/// The decoder doubles its sides this often: three stages and the last convolution.
const DOUBLINGS: u32 = 4;

/// The authors' encoder: convolution, pooling, three stages of two blocks that all begin with a projection, and a linear layer.
#[derive(Clone, Debug)]
pub struct ConvEncoder {
    image: [usize; 3],
    stem: (Conv2d, BatchNorm2d),
    blocks: Arc<[BasicBlock]>,
    head: Linear,
}

impl ConvEncoder {
    /// Declares the layers for images `[channels, height, width]`; `width` is that of the first convolution, even.
    pub fn new(params: &mut Params, name: &str, image: [usize; 3], width: usize, outputs: usize) -> Self {
        let [channels, rows, columns] = image;
        let (kernel, bias) = if rows.min(columns) < LARGE { (3, true) } else { (4, false) };
        let settings = ConvSettings { inputs: channels, outputs: width, kernel, stride: 1, padding: 0, bias };
        let conv = Conv2d::new(params, &format!("{name}.0"), settings, Some(kaiming(width, kernel)));
        let stem = (conv, BatchNorm2d::new(params, &format!("{name}.1"), width));
        let mut blocks = Vec::new();
        let mut inputs = width;
        for (stage, outputs) in [width / 2, width, 2 * width].into_iter().enumerate() {
            for block in 0..2 {
                let stride = if stage > 0 && block == 0 { 2 } else { 1 };
                let label = format!("{name}.{}.{block}", 4 + stage);
                blocks.push(BasicBlock::new(params, &label, [inputs, outputs], stride, block == 0));
                inputs = outputs;
            }
        }
        // The pooling and two stages halve the sides, rounding up.
        let side = |side: usize| (side + 1 - kernel).div_ceil(8);
        let features = inputs * side(rows) * side(columns);
        let head = Linear::new(params, &format!("{name}.head_c.1"), features, outputs);
        Self { image, stem, blocks: blocks.into(), head }
    }
}

impl Module for ConvEncoder {
    fn forward(&self, g: &mut Graph, memory: &ParamMemory, x: Tensor, pass: Pass) -> Tensor {
        let (rows, _) = x.shape.as_matrix();
        let [channels, height, width] = self.image;
        let x = x.reshape([rows, channels, height, width]);
        let h = self.stem.0.forward(g, memory, x, pass.differentiate_input);
        let h = self.stem.1.forward(g, memory, h, Then { add: None, relu: true }, pass);
        let h = MaxPool2d { kernel: 3, stride: 2, padding: 1 }.forward(g, h);
        let h = self.blocks.iter().fold(h, |h, block| block.forward(g, memory, h, pass.mode));
        self.head.apply(g, memory, h.reshape([rows, h.len() / rows]), true)
    }
}

/// Which of the decoder's blocks have a shortcut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecoderShortcuts {
    /// Those that double the sides: the authors' code.
    Upsampling,
    /// All of them.
    All,
}

/// The authors' decoder: a linear layer, four stages of two blocks, and a transposed convolution to the pixels' logits.
#[derive(Clone, Debug)]
pub struct ConvDecoder {
    seed: [usize; 3],
    linear: Linear,
    blocks: Arc<[DecoderBlock]>,
    last: ConvTranspose2d,
}

impl ConvDecoder {
    /// The sides of an image must be multiples of this.
    pub const GRID: usize = 1 << DOUBLINGS;

    /// Declares the layers for images `[channels, height, width]`; `width` is that of the last stage.
    pub fn new(
        params: &mut Params,
        name: &str,
        image: [usize; 3],
        width: usize,
        latent: usize,
        shortcuts: DecoderShortcuts,
    ) -> Self {
        let [channels, rows, columns] = image;
        let seed = [8 * width, rows / Self::GRID, columns / Self::GRID];
        let linear = Linear::new(params, &format!("{name}.linear"), latent, seed.iter().product());
        let mut blocks = Vec::new();
        for stage in (1..=4).rev() {
            let inputs = width << (stage - 1);
            for block in 0..2 {
                let (outputs, stride) = if block == 1 && stage > 1 { (inputs / 2, 2) } else { (inputs, 1) };
                let shortcut = match shortcuts {
                    _ if stride == 2 => Shortcut::Upsample,
                    DecoderShortcuts::All => Shortcut::Identity,
                    DecoderShortcuts::Upsampling => Shortcut::None,
                };
                let label = format!("{name}.layer{stage}.{block}");
                blocks.push(DecoderBlock::new(params, &label, [inputs, outputs], stride, shortcut));
            }
        }
        let settings = ConvSettings { inputs: width, outputs: channels, kernel: 7, stride: 2, padding: 3, bias: true };
        let last = ConvTranspose2d::new(params, &format!("{name}.conv1"), settings, 1);
        if shortcuts == DecoderShortcuts::Upsampling {
            // The authors' code declares a normalisation of the pixels that it never applies: its state dict has it.
            BatchNorm2d::new(params, &format!("{name}.bn1"), channels);
        }
        Self { seed, linear, blocks: blocks.into(), last }
    }
}

impl Module for ConvDecoder {
    fn forward(&self, g: &mut Graph, memory: &ParamMemory, x: Tensor, pass: Pass) -> Tensor {
        let (rows, _) = x.shape.as_matrix();
        let [channels, height, width] = self.seed;
        let h = self.linear.apply(g, memory, x, pass.differentiate_input);
        let h = h.reshape([rows, channels, height, width]);
        let h = self.blocks.iter().fold(h, |h, block| block.forward(g, memory, h, pass.mode));
        let y = self.last.forward(g, memory, h);
        y.reshape([rows, y.len() / rows])
    }
}

/// The convolutional networks of the authors' code, whose first convolution is this wide.
#[derive(Clone, Copy, Debug)]
pub struct OfficialConv {
    /// Channels of the first convolution, even.
    pub width: usize,
}

impl Backbone for OfficialConv {
    fn encoder(&self, params: &mut Params, name: &str, image: [usize; 3], outputs: usize) -> Arc<dyn Module> {
        Arc::new(ConvEncoder::new(params, name, image, self.width, outputs))
    }

    fn decoder(&self, params: &mut Params, name: &str, image: [usize; 3], latent: usize) -> Arc<dyn Module> {
        Arc::new(ConvDecoder::new(params, name, image, self.width, latent, DecoderShortcuts::Upsampling))
    }

    fn grid(&self) -> usize {
        ConvDecoder::GRID
    }
}
