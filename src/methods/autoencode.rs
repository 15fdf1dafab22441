//! What every variational objective begins with: encode, sample, decode, and the reconstruction term.

use super::{Batch, Forward, Model};
use crate::kernels::latent::reparameterise::{Reparameterise, ReparameteriseBackward};
use crate::kernels::linear::column_sum::ColumnSum;
use crate::kernels::loss::kl::Kl;
use crate::kernels::loss::likelihood::{Likelihood, LikelihoodKind};
use crate::kernels::loss::simvae::SimVae;
use crate::kernels::loss::variance::Variance;
use crate::nn::Param;
use crate::plan::{Graph, Tensor};
use crate::setting::settings_table;

settings_table! {
    /// Distribution of the pixels given the latent.
    #[derive(Copy)]
    pub struct LikelihoodSettings("likelihood") {
        /// Pixels given the latent: gaussian around the decoder's output, or bernoulli.
        pub kind: LikelihoodKind = LikelihoodKind::Gaussian => Allowed::Words(LikelihoodKind::names),
        /// Variance of the pixels, s_x^2.
        pub variance: f64 = 0.02 => Allowed::real(1e-6, 1e6),
        /// Whether the variance of gaussian pixels is trained, one for all, from `variance` on (sigma-VAE).
        pub learn_variance: bool = false => Allowed::Switch,
    }
}

impl LikelihoodSettings {
    /// What the reconstruction term of a row leaves out of log p(x given z), in nats: a Gaussian's normaliser, but for a variance that is
    /// learned, and nothing of a Bernoulli.
    pub fn constant(&self, pixels: usize) -> f64 {
        let variance = if self.learn_variance { 1.0 } else { self.variance };
        match self.kind {
            LikelihoodKind::Gaussian => -0.5 * pixels as f64 * (std::f64::consts::TAU * variance).ln(),
            LikelihoodKind::Bernoulli => 0.0,
        }
    }
}

impl Model {
    /// Emits encoder, sample, decoder and reconstruction, whose terms, one for each row, it returns too; the loss is `scale` times their sum.
    pub fn autoencode(&self, g: &mut Graph, batch: &Batch<'_>, scale: f64) -> (Forward, Tensor) {
        let (rows, width) = batch.x.shape.as_matrix();
        let noise = (batch.noise)(g);
        let encoded = self.encode(g, batch.x);
        let z = reparameterise(g, encoded, noise);
        let logits = self.continue_with_head(g, z);

        let terms = g.tensor("reconstruction", [rows]);
        let dlogits = g.grad_first(logits);
        let LikelihoodSettings { kind, variance, .. } = self.likelihood;
        let variance = if self.pixel_logvar.is_some() { Variance::Learned } else { Variance::Fixed(variance) };
        let kernel = Likelihood { kind, rows, width, variance, gradient_scale: scale };
        let mut tensors = vec![logits, batch.x, terms, dlogits];
        tensors.extend(self.learned(g, self.pixel_logvar, "likelihood", rows));
        g.push("likelihood", kernel, &tensors);
        (Forward { encoded, z }, terms)
    }

    /// Emits beta times the divergence from the prior, and returns its terms; the loss is `scale` times their sum.
    pub fn divergence(&self, g: &mut Graph, forward: &Forward, beta: f64, scale: f64) -> Tensor {
        let (rows, latent) = forward.z.shape.as_matrix();
        let terms = g.tensor("kl", [rows, latent]);
        let dencoded = g.grad_first(forward.encoded);
        let kernel = Kl { rows, latent, beta, gradient_scale: scale };
        g.push("kl", kernel, &[forward.encoded, terms, dencoded]);
        terms
    }

    /// Emits the latent terms of SimVAE and returns them, prior and entropy; the loss is the kernel's gradient scale times their sum. A variance
    /// that is learned is that of the networks.
    pub fn gathering(&self, g: &mut Graph, forward: &Forward, kernel: SimVae) -> [Tensor; 2] {
        let (images, latent) = (kernel.images, kernel.latent);
        let prior = g.tensor("prior", [images, latent]);
        let entropy = g.tensor("entropy", [images, latent]);
        let dz = g.grad_first(forward.z);
        let dencoded = g.grad_first(forward.encoded);
        let mut tensors = vec![forward.encoded, forward.z, prior, entropy, dz, dencoded];
        let logvar = self.networks.prior_logvar.filter(|_| kernel.variance == Variance::Learned);
        tensors.extend(self.learned(g, logvar, "prior", images * latent));
        g.push("simvae", kernel, &tensors);
        [prior, entropy]
    }

    /// What a loss of so many terms reads and writes of a variance that is learned: the parameter, and a tensor for its derivatives, whose
    /// sum is the parameter's gradient.
    fn learned(&self, g: &mut Graph, logvar: Option<Param>, of: &str, terms: usize) -> Vec<Tensor> {
        let Some(logvar) = logvar else { return Vec::new() };
        let slopes = g.tensor(&format!("d log-variance of each {of} term"), [terms]);
        let (label, gradient) = (format!("{of} d log-variance"), self.memory.gradient(logvar));
        g.on_backward(move |g| g.push(&label, ColumnSum { rows: terms, columns: 1 }, &[slopes, gradient]));
        vec![self.memory.weight(logvar), slopes]
    }
}

/// Emits `z = mu + exp(logvar / 2) * noise` and remembers its backward.
pub fn reparameterise(g: &mut Graph, encoded: Tensor, noise: Tensor) -> Tensor {
    let (rows, latent) = noise.shape.as_matrix();
    let z = g.tensor("z", [rows, latent]);
    g.push("reparameterise", Reparameterise { rows, latent }, &[encoded, noise, noise, z]);
    g.on_backward(move |g| {
        let Some(dz) = g.grad(z) else { return };
        let (dencoded, accumulate) = g.grad_target(encoded);
        let kernel = ReparameteriseBackward { rows, latent, accumulate };
        g.push("reparameterise backward", kernel, &[encoded, noise, dz, dencoded]);
    });
    z
}
