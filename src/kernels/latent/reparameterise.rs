//! Twin of `shaders/latent/reparameterise.wgsl`: a sample of the posterior, and its backward.

use crate::kernels::{Access, Args, Binding, Kernel, Launch, Tuning};
use crate::math::Real;
use crate::math::pieces::{rows, rows_mut, side_by_side};
use encase::ShaderType;

/// Rows and latent sizes of the examples.
const SIZES: [(usize, usize); 4] = [(1, 1), (7, 3), (31, 10), (2, 64)];

/// The shader's uniform block.
#[derive(ShaderType)]
pub struct Params {
    rows: u32,
    latent: u32,
}

fn launch(rows: usize, latent: usize, backward: bool, add: bool) -> Launch {
    let shader = shader!("latent/reparameterise").constant("BACKWARD", backward).constant("ADD", add);
    Launch::elementwise(shader, rows * latent)
}

/// `z = mu + exp(logvar / 2) * eps` (Kingma and Welling, 2014).
///
/// Tensors: encoded `[rows, 2 latent]` with rows `[mu, logvar]`, noise `[rows, latent]`, noise again, z `[rows, latent]`.
#[derive(Clone, Debug)]
pub struct Reparameterise {
    /// Rows.
    pub rows: usize,
    /// Latent size, L.
    pub latent: usize,
}

impl Kernel for Reparameterise {
    type Params = Params;

    fn bindings(&self) -> Vec<Binding> {
        let count = self.rows * self.latent;
        vec![
            Binding::real("encoded", Access::Read, 2 * count),
            Binding::real("noise", Access::Read, count),
            Binding::real("dz", Access::Read, count),
            Binding::real("result", Access::Write, count),
        ]
    }

    fn params(&self) -> Params {
        Params { rows: self.rows as u32, latent: self.latent as u32 }
    }

    fn launch(&self, _tuning: &Tuning) -> Launch {
        launch(self.rows, self.latent, false, false)
    }

    fn twin<T: Real>(&self, mut args: Args<'_, T>) {
        let (encoded, noise, z) = (args.real(0), args.real(1), args.real_mut(3));
        let latent = self.latent;
        let half = T::of(0.5);
        let z = rows_mut(&mut z[..self.rows * latent], latent);
        side_by_side((z, rows(encoded, 2 * latent), rows(noise, latent)), 64, |_, (z, encoded, noise)| {
            let (mu, logvar) = encoded.split_at(latent);
            for l in 0..latent {
                z[l] = mu[l] + (half * logvar[l]).exp() * noise[l];
            }
        });
    }

    fn examples() -> Vec<Self> {
        SIZES.map(|(rows, latent)| Self { rows, latent }).into()
    }
}

/// The backward of [`Reparameterise`]: `dmu = dz`, `dlogvar = dz * eps * exp(logvar / 2) / 2`.
///
/// Tensors: encoded, noise, dz `[rows, latent]`, d encoded `[rows, 2 latent]`.
#[derive(Clone, Debug)]
pub struct ReparameteriseBackward {
    /// Rows.
    pub rows: usize,
    /// Latent size, L.
    pub latent: usize,
    /// Add to what d encoded holds.
    pub accumulate: bool,
}

impl Kernel for ReparameteriseBackward {
    type Params = Params;

    fn bindings(&self) -> Vec<Binding> {
        let count = self.rows * self.latent;
        let result = if self.accumulate { Access::Update } else { Access::Write };
        vec![
            Binding::real("encoded", Access::Read, 2 * count),
            Binding::real("noise", Access::Read, count),
            Binding::real("dz", Access::Read, count),
            Binding::real("result", result, 2 * count),
        ]
    }

    fn params(&self) -> Params {
        Params { rows: self.rows as u32, latent: self.latent as u32 }
    }

    fn launch(&self, _tuning: &Tuning) -> Launch {
        launch(self.rows, self.latent, true, self.accumulate)
    }

    fn twin<T: Real>(&self, mut args: Args<'_, T>) {
        let (encoded, noise, dz) = (args.real(0), args.real(1), args.real(2));
        let dencoded = args.real_mut(3);
        let latent = self.latent;
        let half = T::of(0.5);
        let keep = |old: T| if self.accumulate { old } else { T::ZERO };
        let dencoded = rows_mut(&mut dencoded[..self.rows * 2 * latent], 2 * latent);
        let all = (dencoded, rows(encoded, 2 * latent), rows(noise, latent), rows(dz, latent));
        side_by_side(all, 64, |_, (dencoded, encoded, noise, dz)| {
            let (dmu, dlogvar) = dencoded.split_at_mut(latent);
            for l in 0..latent {
                let deviation = (half * encoded[latent + l]).exp();
                dmu[l] = keep(dmu[l]) + dz[l];
                dlogvar[l] = keep(dlogvar[l]) + half * dz[l] * noise[l] * deviation;
            }
        });
    }

    fn examples() -> Vec<Self> {
        let example = |(rows, latent)| [false, true].map(|accumulate| Self { rows, latent, accumulate });
        SIZES.into_iter().flat_map(example).collect()
    }
}
