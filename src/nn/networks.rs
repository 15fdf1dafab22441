//! The networks of a method: an encoder and what follows it.

use super::official::{ConvDecoder, ConvEncoder, DecoderShortcuts};
use super::{Mlp, Module, Params, ResNet18};
use std::sync::Arc;

/// What the encoder and the decoder are made of.
#[derive(Clone, Copy, Debug)]
pub enum Backbone<'a> {
    /// Linear layers of these hidden widths, mirrored in the decoder.
    Mlp(&'a [usize]),
    /// The convolutional networks of the authors' code, whose first convolution is this wide.
    Official(usize),
    /// A ResNet-18 whose first stage is this wide, and the authors' decoder with all its shortcuts.
    ResNet18(usize),
}

/// Sizes that do not depend on the method.
#[derive(Clone, Copy, Debug)]
pub struct Sizes<'a> {
    /// Channels, height and width of an image.
    pub image: [usize; 3],
    /// What the networks are made of.
    pub backbone: Backbone<'a>,
    /// Latent size, L: the width of the representation.
    pub latent: usize,
    /// Classes of the data set.
    pub classes: usize,
}

/// An encoder and its head.
#[derive(Clone, Debug)]
pub struct Networks {
    /// `[rows, channels, height, width]` to `[rows, encoded]`.
    pub encoder: Arc<dyn Module>,
    /// Width of the encoder's output: `2 latent` where a row is `[mu, logvar]`, else `latent`.
    pub encoded: usize,
    /// Latent size, L. The first L columns of the encoder's output are the representation.
    pub latent: usize,
    /// What follows: the decoder to `pixels` logits, a projector, a classifier, or no layer.
    pub head: Arc<dyn Module>,
    /// Whether the head is a decoder.
    pub generative: bool,
}

impl Sizes<'_> {
    /// The encoder, named `enc`.
    fn encoder(&self, params: &mut Params, outputs: usize) -> Arc<dyn Module> {
        let pixels = self.image.iter().product();
        match self.backbone {
            Backbone::Mlp(hidden) => Arc::new(Mlp::new(params, "enc", &[&[pixels], hidden, &[outputs]].concat())),
            Backbone::Official(width) => Arc::new(ConvEncoder::new(params, "enc", self.image, width, outputs)),
            Backbone::ResNet18(width) => Arc::new(ResNet18::new(params, "enc", self.image, width, outputs)),
        }
    }

    /// The decoder, named `dec`, whose outputs are the pixels' logits.
    fn decoder(&self, params: &mut Params) -> Arc<dyn Module> {
        let (width, shortcuts) = match self.backbone {
            Backbone::Mlp(hidden) => {
                let up = std::iter::once(self.latent).chain(hidden.iter().rev().copied());
                let widths: Vec<usize> = up.chain([self.image.iter().product()]).collect();
                return Arc::new(Mlp::new(params, "dec", &widths));
            }
            Backbone::Official(width) => (width, DecoderShortcuts::Upsampling),
            Backbone::ResNet18(width) => (width, DecoderShortcuts::All),
        };
        Arc::new(ConvDecoder::new(params, "dec", self.image, width, self.latent, shortcuts))
    }
}

impl Networks {
    /// An encoder to `2 latent`, whose output row is `[mu, logvar]`, and the decoder that mirrors it, to logits. As MLPs these
    /// are the networks of the paper's MNIST experiments.
    pub fn autoencoder(params: &mut Params, sizes: &Sizes) -> Self {
        let encoder = sizes.encoder(params, 2 * sizes.latent);
        let head = sizes.decoder(params);
        Self { encoder, encoded: 2 * sizes.latent, latent: sizes.latent, head, generative: true }
    }

    /// The same encoder without variances, to `latent`, and an MLP head `latent - widths` of this name.
    pub fn with_head(params: &mut Params, sizes: &Sizes, name: &str, widths: &[usize]) -> Self {
        let latent = sizes.latent;
        let encoder = sizes.encoder(params, latent);
        let head = Arc::new(Mlp::new(params, name, &[&[latent], widths].concat()));
        Self { encoder, encoded: latent, latent, head, generative: false }
    }
}
