//! The networks of a method: an encoder and what follows it.

use super::{Mlp, Params};

/// Sizes that do not depend on the method.
#[derive(Clone, Copy, Debug)]
pub struct Sizes<'a> {
    /// Pixels of an image, all channels.
    pub pixels: usize,
    /// Widths of the encoder's hidden layers.
    pub hidden: &'a [usize],
    /// Latent size, L: the width of the representation.
    pub latent: usize,
    /// Classes of the data set.
    pub classes: usize,
}

/// An encoder and its head.
#[derive(Clone, Debug)]
pub struct Networks {
    /// `[rows, pixels]` to `[rows, encoded]`.
    pub encoder: Mlp,
    /// Width of the encoder's output: `2 latent` where a row is `[mu, logvar]`, else `latent`.
    pub encoded: usize,
    /// Latent size, L. The first L columns of the encoder's output are the representation.
    pub latent: usize,
    /// What follows: the decoder to `pixels` logits, a projector, a classifier, or no layer.
    pub head: Mlp,
    /// Whether the head is a decoder.
    pub generative: bool,
}

impl Networks {
    /// The MLP pair of the paper's MNIST experiments, named `enc` and `dec`: encoder `pixels - hidden - 2 latent`, whose
    /// output row is `[mu, logvar]`, and decoder `latent - hidden reversed - pixels`, whose outputs are logits.
    pub fn autoencoder(params: &mut Params, sizes: &Sizes) -> Self {
        let Sizes { pixels, hidden, latent, .. } = *sizes;
        let down: Vec<usize> = [&[pixels], hidden, &[2 * latent]].concat();
        let up: Vec<usize> = [latent].into_iter().chain(hidden.iter().rev().copied()).chain([pixels]).collect();
        let encoder = Mlp::new(params, "enc", &down);
        Self { encoder, encoded: 2 * latent, latent, head: Mlp::new(params, "dec", &up), generative: true }
    }

    /// The same encoder without variances, `pixels - hidden - latent`, and a head `latent - widths` of this name.
    pub fn with_head(params: &mut Params, sizes: &Sizes, name: &str, widths: &[usize]) -> Self {
        let Sizes { pixels, hidden, latent, .. } = *sizes;
        let encoder = Mlp::new(params, "enc", &[&[pixels], hidden, &[latent]].concat());
        let head = Mlp::new(params, name, &[&[latent], widths].concat());
        Self { encoder, encoded: latent, latent, head, generative: false }
    }
}
