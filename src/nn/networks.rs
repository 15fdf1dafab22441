//! The networks of a method: an encoder and what follows it.

use super::{Backbone, Mlp, Module, Param, Params};
use std::sync::Arc;

/// Sizes that do not depend on the method.
#[derive(Clone, Copy, Debug)]
pub struct Sizes<'a> {
    /// Channels, height and width of an image.
    pub image: [usize; 3],
    /// What the networks are made of.
    pub backbone: &'a dyn Backbone,
    /// Latent size, L: the width of the representation.
    pub latent: usize,
    /// Classes of the data set.
    pub classes: usize,
    /// Widths of the layers behind the encoder, for objectives that have a projector.
    pub projector: &'a [usize],
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
    /// Logarithm of the variance of the latents around what the views of an image share `[1]`, where an objective learns it.
    pub prior_logvar: Option<Param>,
}

impl Networks {
    /// An encoder to `2 latent`, whose output row is `[mu, logvar]`, and the decoder that mirrors it, to logits. As MLPs these
    /// are the networks of the paper's MNIST experiments.
    pub fn autoencoder(params: &mut Params, sizes: &Sizes) -> Self {
        let encoder = sizes.backbone.encoder(params, "enc", sizes.image, 2 * sizes.latent);
        let head = sizes.backbone.decoder(params, "dec", sizes.image, sizes.latent);
        Self { encoder, encoded: 2 * sizes.latent, latent: sizes.latent, head, generative: true, prior_logvar: None }
    }

    /// The same encoder without variances, to `latent`, and an MLP head `latent - widths` of this name.
    pub fn with_head(params: &mut Params, sizes: &Sizes, name: &str, widths: &[usize]) -> Self {
        let latent = sizes.latent;
        let encoder = sizes.backbone.encoder(params, "enc", sizes.image, latent);
        let head = Arc::new(Mlp::new(params, name, &[&[latent], widths].concat()));
        Self { encoder, encoded: latent, latent, head, generative: false, prior_logvar: None }
    }
}
