//! Residual blocks, as the encoder and the decoder have them.

use super::batch_norm::{BatchNorm2d, Then};
use super::conv::{Conv2d, ConvSettings, ConvTranspose2d};
use super::params::{Init, ParamMemory, Params};
use super::{Mode, Pass};
use crate::plan::{Graph, Tensor};

/// ResNet's BasicBlock: two 3x3 convolutions and a shortcut, the input itself or a 1x1 convolution of it.
#[derive(Clone, Debug)]
pub struct BasicBlock {
    first: (Conv2d, BatchNorm2d),
    second: (Conv2d, BatchNorm2d),
    downsample: Option<(Conv2d, BatchNorm2d)>,
}

impl BasicBlock {
    /// Declares `NAME.conv1`, `NAME.bn1`, `NAME.conv2`, `NAME.bn2` and, where `project` asks for a 1x1 convolution as the
    /// shortcut, `NAME.downsample.0` and `.1`. `stride` is the first convolution's.
    pub fn new(params: &mut Params, name: &str, [inputs, outputs]: [usize; 2], stride: usize, project: bool) -> Self {
        let mut unit = |conv: &str, norm: &str, inputs, kernel, stride| {
            let settings = ConvSettings { inputs, outputs, kernel, stride, padding: kernel / 2, bias: false };
            let conv = Conv2d::new(params, &format!("{name}.{conv}"), settings, Some(kaiming(outputs, kernel)));
            (conv, BatchNorm2d::new(params, &format!("{name}.{norm}"), outputs))
        };
        Self {
            first: unit("conv1", "bn1", inputs, 3, stride),
            second: unit("conv2", "bn2", outputs, 3, 1),
            downsample: project.then(|| unit("downsample.0", "downsample.1", inputs, 1, stride)),
        }
    }

    /// Emits the forward pass and remembers the backward.
    pub fn forward(&self, g: &mut Graph, memory: &ParamMemory, x: Tensor, mode: Mode) -> Tensor {
        let pass = Pass { mode, differentiate_input: true };
        let h = self.first.0.forward(g, memory, x, true);
        let h = self.first.1.forward(g, memory, h, Then { add: None, relu: true }, pass);
        let h = self.second.0.forward(g, memory, h, true);
        let shortcut = match &self.downsample {
            None => x,
            Some((conv, norm)) => {
                let s = conv.forward(g, memory, x, true);
                norm.forward(g, memory, s, Then::default(), pass)
            }
        };
        self.second.1.forward(g, memory, h, Then { add: Some(shortcut), relu: true }, pass)
    }
}

/// He et al. (2015): a normal distribution of variance 2 / fan-out.
pub(super) fn kaiming(outputs: usize, kernel: usize) -> Init {
    Init::Normal((2.0 / (outputs * kernel * kernel) as f64).sqrt())
}

/// What is added to the result of a decoder's block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shortcut {
    /// Nothing.
    None,
    /// The input.
    Identity,
    /// A transposed 1x1 convolution of the input.
    Upsample,
}

/// The decoder's block: two transposed 3x3 convolutions, of which the first may double the sides, and a shortcut.
#[derive(Clone, Debug)]
pub struct DecoderBlock {
    first: (ConvTranspose2d, BatchNorm2d),
    second: (ConvTranspose2d, BatchNorm2d),
    shortcut: Shortcut,
    upsample: Option<(ConvTranspose2d, BatchNorm2d)>,
}

impl DecoderBlock {
    /// Declares `NAME.conv3`, `NAME.bn3`, `NAME.conv1`, `NAME.bn1` and, for [`Shortcut::Upsample`], `NAME.upsample.0` and
    /// `.1`. `stride` is the first convolution's, 1 or 2.
    pub fn new(
        params: &mut Params,
        name: &str,
        [inputs, outputs]: [usize; 2],
        stride: usize,
        shortcut: Shortcut,
    ) -> Self {
        let mut unit = |conv: &str, norm: &str, inputs, kernel, stride| {
            let settings = ConvSettings { inputs, outputs, kernel, stride, padding: kernel / 2, bias: false };
            let conv = ConvTranspose2d::new(params, &format!("{name}.{conv}"), settings, stride - 1);
            (conv, BatchNorm2d::new(params, &format!("{name}.{norm}"), outputs))
        };
        Self {
            first: unit("conv3", "bn3", inputs, 3, stride),
            second: unit("conv1", "bn1", outputs, 3, 1),
            upsample: (shortcut == Shortcut::Upsample).then(|| unit("upsample.0", "upsample.1", inputs, 1, stride)),
            shortcut,
        }
    }

    /// Emits the forward pass and remembers the backward.
    pub fn forward(&self, g: &mut Graph, memory: &ParamMemory, x: Tensor, mode: Mode) -> Tensor {
        let pass = Pass { mode, differentiate_input: true };
        let h = self.first.0.forward(g, memory, x);
        let h = self.first.1.forward(g, memory, h, Then { add: None, relu: true }, pass);
        let h = self.second.0.forward(g, memory, h);
        let add = match (&self.upsample, self.shortcut) {
            (Some((conv, norm)), _) => {
                let s = conv.forward(g, memory, x);
                Some(norm.forward(g, memory, s, Then::default(), pass))
            }
            (None, Shortcut::Identity) => Some(x),
            (None, _) => None,
        };
        self.second.1.forward(g, memory, h, Then { add, relu: true }, pass)
    }
}
