//! Twin of `shaders/loss/simvae.wgsl`: SimVAE's latent terms.

use super::variance::Variance;
use crate::kernels::{Access, Args, Binding, Kernel, Launch, Tuning};
use crate::math::Real;
use crate::math::pieces::{rows, rows_mut, side_by_side};
use encase::ShaderType;

/// The prior over the content y that the views of an image share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ContentPrior {
    /// Uniform: only the views' spread around their mean is penalised (the paper).
    Uniform,
    /// Standard Gaussian: half the squared mean is added (the authors' code).
    Gaussian,
}

impl ContentPrior {
    /// The words for it in the settings.
    pub fn names() -> Vec<&'static str> {
        vec!["uniform", "gaussian"]
    }
}

/// `L_prior` and `L_H` of SimVAE with their gradients with respect to z and to the encoder's output.
///
/// Tensors: encoded `[images * views, 2 latent]`, z `[images * views, latent]`, prior `[images, latent]`, entropy
/// `[images, latent]`, dz like z, d encoded like encoded; of a learned variance also its logarithm `[1]`, and the derivatives of the prior with
/// respect to it, `[images, latent]`.
#[derive(Clone, Debug)]
pub struct SimVae {
    /// Images of a batch.
    pub images: usize,
    /// Views of each image, J.
    pub views: usize,
    /// Latent size, L.
    pub latent: usize,
    /// Variance s^2 of p(z | y).
    pub variance: Variance,
    /// The prior over y.
    pub prior: ContentPrior,
    /// Factor of the entropy term: 1 in the paper, 2 pi in the authors' code.
    pub entropy_scale: f64,
    /// The loss's derivative with respect to one term, usually `1 / rows`.
    pub gradient_scale: f64,
}

/// The shader's uniform block.
#[derive(ShaderType)]
pub struct Params {
    images: u32,
    views: u32,
    latent: u32,
    inverse_variance: f32,
    mean_weight: f32,
    entropy_scale: f32,
    gradient_scale: f32,
}

impl SimVae {
    fn mean_weight(&self) -> f64 {
        f64::from(u8::from(self.prior == ContentPrior::Gaussian))
    }
}

impl Kernel for SimVae {
    type Params = Params;

    fn bindings(&self) -> Vec<Binding> {
        let (terms, rows) = (self.images * self.latent, self.images * self.views * self.latent);
        let mut all = vec![
            Binding::real("encoded", Access::Read, 2 * rows),
            Binding::real("z", Access::Read, rows),
            Binding::real("prior", Access::Write, terms),
            Binding::real("entropy", Access::Write, terms),
            Binding::real("dz", Access::Write, rows),
            Binding::real("dencoded", Access::Write, 2 * rows),
        ];
        all.extend(self.variance.bindings(terms));
        all
    }

    fn params(&self) -> Params {
        Params {
            images: self.images as u32,
            views: self.views as u32,
            latent: self.latent as u32,
            inverse_variance: self.variance.inverse() as f32,
            mean_weight: self.mean_weight() as f32,
            entropy_scale: self.entropy_scale as f32,
            gradient_scale: self.gradient_scale as f32,
        }
    }

    fn launch(&self, _tuning: &Tuning) -> Launch {
        let shader = self.variance.of_shader(shader!("loss/simvae"), wgsl!("loss/simvae_variance"));
        Launch::elementwise(shader, self.images * self.latent)
    }

    fn twin<T: Real>(&self, mut args: Args<'_, T>) {
        let (encoded, z) = (args.real(0), args.real(1));
        let (prior, entropy) = (args.real_mut(2), args.real_mut(3));
        let (dz, dencoded) = (args.real_mut(4), args.real_mut(5));
        let (views, latent) = (self.views, self.latent);
        let (count, half) = (T::of(views as f64), T::of(0.5));
        let logvar = if self.variance == Variance::Learned { args.real(6)[0] } else { T::ZERO };
        let precision = self.variance.precision(logvar);
        let [mean_weight, entropy_scale, scale] =
            [self.mean_weight(), self.entropy_scale, self.gradient_scale].map(T::of);
        let block = views * latent; // one image's rows
        let terms = (rows_mut(&mut prior[..self.images * latent], latent), rows_mut(entropy, latent));
        let gradients = (rows_mut(dz, block), rows_mut(dencoded, 2 * block));
        let inputs = (rows(z, block), rows(encoded, 2 * block));
        side_by_side((terms, gradients, inputs), 16, |_, ((prior, entropy), (dz, dencoded), (z, encoded))| {
            for l in 0..latent {
                let (mean, squares) = spread(z, latent, l);
                let mut logvars = T::ZERO;
                for j in 0..views {
                    let deviation = z[j * latent + l] - mean;
                    logvars += encoded[(2 * j + 1) * latent + l];
                    // The deviations sum to zero, so the mean's own derivative drops out of the first term.
                    dz[j * latent + l] = (deviation * precision + mean * mean_weight / count) * scale;
                    dencoded[2 * j * latent + l] = T::ZERO;
                    dencoded[(2 * j + 1) * latent + l] = -half * entropy_scale * scale;
                }
                prior[l] = half * (squares * precision + mean * mean * mean_weight);
                entropy[l] = -half * entropy_scale * logvars;
            }
        });
        if self.variance == Variance::Learned {
            let (others, variance) = (count - T::ONE, logvar.exp());
            let rows = prior.chunks_exact_mut(latent).zip(args.real_mut(7).chunks_exact_mut(latent));
            for ((prior, slopes), z) in rows.zip(z.chunks_exact(block)).take(self.images) {
                for l in 0..latent {
                    let (_, squares) = spread(z, latent, l);
                    let whole = variance + count;
                    slopes[l] = half * (others + variance / whole - squares * precision) * scale;
                    prior[l] += half * (others * logvar + whole.ln());
                }
            }
        }
    }

    fn examples() -> Vec<Self> {
        let mut all = Vec::new();
        for prior in [ContentPrior::Uniform, ContentPrior::Gaussian] {
            for (images, views, latent) in [(1, 2, 1), (5, 3, 7), (13, 10, 10)] {
                let gradient_scale = 1.0 / (images * views) as f64;
                let variance = Variance::Fixed(0.15);
                let fixed = Self { images, views, latent, variance, prior, entropy_scale: 1.5, gradient_scale };
                all.push(Self { variance: Variance::Learned, ..fixed.clone() });
                all.push(fixed);
            }
        }
        all
    }
}

/// The mean of one dimension of an image's latents, `[views, latent]`, and the squares around it.
fn spread<T: Real>(z: &[T], latent: usize, l: usize) -> (T, T) {
    let own = || z.iter().skip(l).step_by(latent).copied();
    let mean = own().sum::<T>() / T::of(own().len() as f64);
    let mut squares = T::ZERO;
    for z in own() {
        squares += (z - mean) * (z - mean);
    }
    (mean, squares)
}
