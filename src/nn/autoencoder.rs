//! An encoder and its mirrored decoder.

use super::{Mlp, Params};

/// The MLP pair of the paper's MNIST experiments: encoder `pixels - hidden - 2 latent`, whose output row is
/// `[mu, logvar]`, and decoder `latent - hidden reversed - pixels`, whose output are logits.
#[derive(Clone, Debug)]
pub struct AutoEncoder {
    /// `[rows, pixels]` to `[rows, 2 latent]`.
    pub encoder: Mlp,
    /// `[rows, latent]` to `[rows, pixels]`.
    pub decoder: Mlp,
    /// Latent size, L.
    pub latent: usize,
    /// Pixels of an image, all channels.
    pub pixels: usize,
}

impl AutoEncoder {
    /// Declares both networks, as `enc` and `dec`.
    pub fn new(params: &mut Params, pixels: usize, hidden: &[usize], latent: usize) -> Self {
        let mut down = vec![pixels];
        down.extend(hidden);
        let mut up: Vec<usize> = down.iter().rev().copied().collect();
        down.push(2 * latent);
        up.insert(0, latent);
        Self { encoder: Mlp::new(params, "enc", &down), decoder: Mlp::new(params, "dec", &up), latent, pixels }
    }
}
