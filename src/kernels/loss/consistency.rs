//! Twin of `shaders/loss/consistency.wgsl`: the divergence between the posteriors of an image and its view.

use crate::kernels::{Access, Args, Binding, Kernel, Launch, Tuning, common};
use crate::math::Real;
use crate::math::pieces::{rows, rows_mut, side_by_side};
use encase::ShaderType;

/// `lambda * KL(q(z | view), q(z | image))` and its gradient with respect to both posteriors (CR-VAE: Sinha and Dieng,
/// 2021).
///
/// Tensors: encoded `[2 pairs, 2 latent]` with rows `[mu, logvar]`, the image's before its view's; terms
/// `[pairs, latent]`; d encoded like encoded, to which the gradient is added.
#[derive(Clone, Debug)]
pub struct Consistency {
    /// Pairs of an image and its view.
    pub pairs: usize,
    /// Latent size, L.
    pub latent: usize,
    /// Weight of the divergence.
    pub lambda: f64,
    /// The loss's derivative with respect to one pair's term, usually `1 / pairs`.
    pub gradient_scale: f64,
}

/// The shader's uniform block.
#[derive(ShaderType)]
pub struct Params {
    pairs: u32,
    latent: u32,
    lambda: f32,
    gradient_scale: f32,
}

impl Kernel for Consistency {
    type Params = Params;

    fn bindings(&self) -> Vec<Binding> {
        let count = self.pairs * self.latent;
        vec![
            Binding::real("encoded", Access::Read, 4 * count),
            Binding::real("terms", Access::Write, count),
            Binding::real("dencoded", Access::Update, 4 * count),
        ]
    }

    fn params(&self) -> Params {
        Params {
            pairs: self.pairs as u32,
            latent: self.latent as u32,
            lambda: self.lambda as f32,
            gradient_scale: self.gradient_scale as f32,
        }
    }

    fn launch(&self, _tuning: &Tuning) -> Launch {
        Launch::elementwise(shader!("loss/consistency").with(common::math::WGSL), self.pairs * self.latent)
    }

    fn twin<T: Real>(&self, mut args: Args<'_, T>) {
        let (encoded, terms, dencoded) = (args.real(0), args.real_mut(1), args.real_mut(2));
        let latent = self.latent;
        let [half, lambda, scale] = [0.5, self.lambda, self.lambda * self.gradient_scale].map(T::of);
        let terms = rows_mut(&mut terms[..self.pairs * latent], latent);
        let all = (terms, rows_mut(dencoded, 4 * latent), rows(encoded, 4 * latent));
        side_by_side(all, 64, |_, (terms, dencoded, encoded)| {
            for (l, term) in terms.iter_mut().enumerate() {
                let [image, image_log, view, view_log] = [0, 1, 2, 3].map(|i| i * latent + l);
                let inverse_variance = (-encoded[image_log]).exp();
                let apart = encoded[view] - encoded[image];
                let logs = encoded[view_log] - encoded[image_log];
                let above = logs.exp_above_line();
                let square = apart * apart * inverse_variance;
                *term = lambda * half * (above + square);
                dencoded[image] -= apart * inverse_variance * scale;
                dencoded[view] += apart * inverse_variance * scale;
                dencoded[image_log] -= half * (above + logs + square) * scale;
                dencoded[view_log] += half * (above + logs) * scale;
            }
        });
    }

    fn examples() -> Vec<Self> {
        let example = |(pairs, latent)| Self { pairs, latent, lambda: 0.1, gradient_scale: 1.0 / pairs as f64 };
        [(1, 1), (7, 3), (31, 10)].map(example).into()
    }
}
