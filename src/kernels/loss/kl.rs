//! Twin of `shaders/loss/kl.wgsl`: the divergence of the posterior from a standard normal prior.

use crate::kernels::{Access, Args, Binding, Kernel, Launch, Tuning, common};
use crate::math::Real;
use crate::math::pieces::{rows, rows_mut, side_by_side};
use encase::ShaderType;

/// `beta * KL(q(z | x), N(0, I))` and its gradient with respect to the encoder's output (Kingma and Welling, 2014; Higgins
/// et al., 2017).
///
/// Tensors: encoded `[rows, 2 latent]` with rows `[mu, logvar]`, terms `[rows, latent]`, d encoded like encoded.
#[derive(Clone, Debug)]
pub struct Kl {
    /// Rows.
    pub rows: usize,
    /// Latent size, L.
    pub latent: usize,
    /// Weight of the divergence.
    pub beta: f64,
    /// The loss's derivative with respect to one term, usually `1 / rows`.
    pub gradient_scale: f64,
}

/// The shader's uniform block.
#[derive(ShaderType)]
pub struct Params {
    rows: u32,
    latent: u32,
    beta: f32,
    gradient_scale: f32,
}

impl Kernel for Kl {
    type Params = Params;

    fn bindings(&self) -> Vec<Binding> {
        let count = self.rows * self.latent;
        vec![
            Binding::real("encoded", Access::Read, 2 * count),
            Binding::real("terms", Access::Write, count),
            Binding::real("dencoded", Access::Write, 2 * count),
        ]
    }

    fn params(&self) -> Params {
        Params {
            rows: self.rows as u32,
            latent: self.latent as u32,
            beta: self.beta as f32,
            gradient_scale: self.gradient_scale as f32,
        }
    }

    fn launch(&self, _tuning: &Tuning) -> Launch {
        Launch::elementwise(shader!("loss/kl").with(common::math::WGSL), self.rows * self.latent)
    }

    fn twin<T: Real>(&self, mut args: Args<'_, T>) {
        let (encoded, terms, dencoded) = (args.real(0), args.real_mut(1), args.real_mut(2));
        let latent = self.latent;
        let [half, beta, scale] = [0.5, self.beta, self.beta * self.gradient_scale].map(T::of);
        let terms = rows_mut(&mut terms[..self.rows * latent], latent);
        let all = (terms, rows_mut(dencoded, 2 * latent), rows(encoded, 2 * latent));
        side_by_side(all, 64, |_, (terms, dencoded, encoded)| {
            let (mu, logvar) = encoded.split_at(latent);
            let (dmu, dlogvar) = dencoded.split_at_mut(latent);
            for l in 0..latent {
                let above = logvar[l].exp_above_line();
                terms[l] = beta * half * (mu[l] * mu[l] + above);
                dmu[l] = mu[l] * scale; // d kl / d mu = mu
                dlogvar[l] = half * (above + logvar[l]) * scale; // d kl / d logvar = (e^logvar - 1) / 2
            }
        });
    }

    fn examples() -> Vec<Self> {
        let example = |(rows, latent)| Self { rows, latent, beta: 4.0, gradient_scale: 1.0 / rows as f64 };
        [(1, 1), (7, 3), (31, 10)].map(example).into()
    }
}
