//! How a method says by what it is checked: golden cases and small examples.

use super::LikelihoodSettings;
use crate::kernels::loss::likelihood::LikelihoodKind;
use crate::kernels::loss::simvae::ContentPrior;
use serde::Deserialize;

/// The settings of a golden case, under the names that the golden files use.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Facts {
    /// Views of each image.
    #[serde(rename = "J")]
    pub views: Option<usize>,
    /// Weight of a divergence.
    pub beta: Option<f64>,
    /// Weight of a consistency.
    #[serde(rename = "lam")]
    pub lambda: Option<f64>,
    /// Temperature.
    pub tau: Option<f64>,
    /// Variance of the pixels.
    pub var_x: Option<f64>,
    /// Variance of the latent given the content.
    pub var_z_y: Option<f64>,
    /// Distribution of the pixels.
    pub recon: Option<LikelihoodKind>,
    /// Prior over the content.
    pub p_y: Option<ContentPrior>,
    /// Factor of the entropy of a sampled divergence.
    pub entropy_scale: Option<f64>,
    /// Whether the variances of pixels and of the latent given the content are parameters, `likelihood.logvar` and `prior.logvar`.
    #[serde(default)]
    pub learned_variances: bool,
    /// Adam's epsilon, where the case is of several steps.
    pub adam_eps: Option<f64>,
}

impl Facts {
    /// The distribution of the pixels.
    pub fn likelihood(&self) -> LikelihoodSettings {
        let kind = self.recon.unwrap_or(LikelihoodKind::Gaussian);
        LikelihoodSettings { kind, variance: self.var_x.unwrap_or(0.02), learn_variance: self.learned_variances }
    }
}

/// A method as a golden case has it.
#[derive(Clone, Debug)]
pub struct Golden<M: ?Sized> {
    /// Views of each image.
    pub views: usize,
    /// The golden loss and the weight of each term.
    pub terms: Vec<(&'static str, f64)>,
    /// Whether the golden terms are sums, over the images of CR-VAE and the rows of the others; else they are means.
    pub summed: bool,
    /// The method.
    pub method: M,
}

/// A small case of a method for the gradient checks.
#[derive(Clone, Debug)]
pub struct Example<M: ?Sized> {
    /// Its name.
    pub name: String,
    /// Views of each image.
    pub views: usize,
    /// Distribution of the pixels.
    pub likelihood: LikelihoodSettings,
    /// Layers behind the encoder.
    pub projector: &'static [usize],
    /// The method, with settings that hide no mistake.
    pub method: M,
}

impl<M> Example<M> {
    /// A generative case once with each likelihood, whose name follows this one.
    pub fn with_likelihoods(name: &str, views: usize, method: M) -> Vec<Self>
    where
        M: Clone,
    {
        let case = |word: &str, kind| Self {
            name: format!("{name}_{word}"),
            views,
            likelihood: LikelihoodSettings { kind, variance: 0.1, learn_variance: false },
            projector: &[],
            method: method.clone(),
        };
        vec![case("gaussian", LikelihoodKind::Gaussian), case("bernoulli", LikelihoodKind::Bernoulli)]
    }

    /// A generative case that learns the variance of its pixels.
    pub fn with_learned_variance(name: &str, views: usize, method: M) -> Self {
        let likelihood = LikelihoodSettings { variance: 0.1, learn_variance: true, ..LikelihoodSettings::default() };
        Self { name: name.to_owned(), views, likelihood, projector: &[], method }
    }

    /// A discriminative case.
    pub fn with_projector(name: &str, views: usize, projector: &'static [usize], method: M) -> Self {
        Self { name: name.to_owned(), views, likelihood: LikelihoodSettings::default(), projector, method }
    }
}
