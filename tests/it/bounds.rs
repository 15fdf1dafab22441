//! The evidence bound against models whose evidence is known, and against a Monte-Carlo estimate.
//!
//! A linear model of one pixel: x = z + noise of variance v. The VAEs' z is standard normal, SimVAE's J views have z = y + noise
//! of variance s^2 around a content y that they share.

use std::f64::consts::{PI, TAU};
use wgpu_simvae::kernels::common::philox::{Purpose, philox, split, unit};
use wgpu_simvae::kernels::loss::likelihood::LikelihoodKind;
use wgpu_simvae::kernels::loss::simvae::ContentPrior;
use wgpu_simvae::methods::cr_vae::CrVae;
use wgpu_simvae::methods::simvae::SimVae;
use wgpu_simvae::methods::vae::{BetaVae, Divergence, Vae};
use wgpu_simvae::methods::{LikelihoodSettings, Objective, TermMeans};

/// Variance of the pixels.
const V: f64 = 0.3;
const LIKELIHOOD: LikelihoodSettings =
    LikelihoodSettings { kind: LikelihoodKind::Gaussian, variance: V, learn_variance: false };

/// The bound with the likelihood's constant.
fn nats(objective: &dyn Objective, terms: &[f64], views: usize, latent: usize) -> f64 {
    let means = TermMeans { terms, views, latent };
    objective.bound(&means).expect("a bound") + LIKELIHOOD.constant(1)
}

/// The logarithm of a normal density about zero.
fn log_normal(x: f64, variance: f64) -> f64 {
    -0.5 * (x * x / variance + (TAU * variance).ln())
}

fn mean(numbers: &[f64]) -> f64 {
    numbers.iter().sum::<f64>() / numbers.len() as f64
}

fn scatter(numbers: &[f64]) -> f64 {
    numbers.iter().map(|x| (x - mean(numbers)).powi(2)).sum()
}

#[test]
fn vaes_reach_the_evidence_of_a_linear_model_with_its_posterior() {
    for x in [0.0, -0.7, 2.5] {
        let (m, s) = (x / (1.0 + V), V / (1.0 + V));
        let reconstruction = ((x - m) * (x - m) + s) / (2.0 * V);
        let (kl, square, entropy) = (0.5 * (m * m + s - s.ln() - 1.0), 0.5 * (m * m + s), -0.5 * s.ln());
        let evidence = log_normal(x, 1.0 + V);
        let sampled = Vae { divergence: Divergence::Sampled, entropy_scale: TAU };
        let bounds = [
            nats(&Vae::default(), &[reconstruction, kl], 1, 1),
            nats(&sampled, &[reconstruction, square, TAU * entropy], 1, 1),
            nats(&BetaVae { beta: 4.0 }, &[reconstruction, 4.0 * kl], 3, 1),
            nats(&CrVae { beta: 0.5, lambda: 0.1 }, &[2.0 * reconstruction, kl, 7.0], 2, 1),
        ];
        for bound in bounds {
            assert!((bound - evidence).abs() < 1e-12, "{bound} is not {evidence}");
        }
    }
}

/// What the terms of SimVAE are in the mean over posteriors N(m_j, s_j) of the views' latents, for one latent dimension.
fn terms(method: &SimVae, means: &[f64], variances: &[f64]) -> [f64; 2] {
    let j = means.len() as f64;
    let spread = scatter(means) + (1.0 - 1.0 / j) * variances.iter().sum::<f64>();
    let content = match method.prior {
        ContentPrior::Uniform => 0.0,
        ContentPrior::Gaussian => 0.5 * squared_mean(means, variances),
    };
    let entropy = -0.5 * variances.iter().map(|s| s.ln()).sum::<f64>();
    // The logarithm of the determinant of s^2 I + 1 1^T, which stands in the term where s^2 is learned.
    let determinant = (j - 1.0) * method.variance_z.ln() + (method.variance_z + j).ln();
    let normaliser = if method.learn_variance_z { 0.5 * determinant } else { 0.0 };
    [spread / (2.0 * method.variance_z) + content + normaliser, method.entropy_scale * entropy]
}

/// The mean square of the mean of the views' latents.
fn squared_mean(means: &[f64], variances: &[f64]) -> f64 {
    let j = means.len() as f64;
    mean(means).powi(2) + variances.iter().sum::<f64>() / (j * j)
}

/// How far a Gaussian content's logged term lies above what its density has.
fn slack(method: &SimVae, means: &[f64], variances: &[f64]) -> f64 {
    match method.prior {
        ContentPrior::Uniform => 0.0,
        ContentPrior::Gaussian => {
            let shrunk = 1.0 / (1.0 + method.variance_z / means.len() as f64);
            0.5 * squared_mean(means, variances) * (1.0 - shrunk)
        }
    }
}

fn methods() -> impl Iterator<Item = SimVae> {
    let kinds = [(ContentPrior::Gaussian, false), (ContentPrior::Gaussian, true), (ContentPrior::Uniform, false)];
    kinds.into_iter().flat_map(|(prior, learn_variance_z)| {
        [0.02, 0.15, 1.3].map(|variance_z| SimVae { variance_z, learn_variance_z, prior, entropy_scale: 1.5 })
    })
}

#[test]
fn simvae_misses_the_evidence_of_a_linear_model_by_what_its_posteriors_leave_out() {
    for (method, x) in
        methods().flat_map(|method| [&[0.4][..], &[0.3, -0.2], &[1.1, 0.7, 0.2, 1.6, 0.9]].map(|x| (method.clone(), x)))
    {
        let (s2, j) = (method.variance_z, x.len() as f64);
        // The views' mean and their differences are independent, so everything has two variances: along the mean, and across.
        let along = match method.prior {
            ContentPrior::Gaussian => s2 + j,
            ContentPrior::Uniform => f64::INFINITY,
        };
        let together = match method.prior {
            ContentPrior::Gaussian => log_normal(mean(x) * j.sqrt(), along + V),
            // A normal's height at its mode, spread along a line on which the content's unit is as long as the root of J.
            ContentPrior::Uniform => -0.5 * (TAU * j).ln(),
        };
        let evidence = together - scatter(x) / (2.0 * (s2 + V)) - 0.5 * (j - 1.0) * (TAU * (s2 + V)).ln();
        let precisions = [1.0 / along + 1.0 / V, 1.0 / s2 + 1.0 / V];
        let share = |prior: f64| if prior.is_finite() { prior / (prior + V) } else { 1.0 };
        let means: Vec<f64> = x.iter().map(|x_j| mean(x) * share(along) + (x_j - mean(x)) * share(s2)).collect();
        // The best posteriors that know nothing of each other have the true means and the inverse of the true precision's
        // diagonal; their divergence from the true posterior is of the determinants.
        let diagonal = (precisions[0] + (j - 1.0) * precisions[1]) / j;
        let gap = 0.5 * (j * diagonal.ln() - precisions[0].ln() - (j - 1.0) * precisions[1].ln());
        let variances = vec![1.0 / diagonal; x.len()];

        let errors: f64 = x.iter().zip(&means).map(|(x, m)| (x - m) * (x - m) + 1.0 / diagonal).sum();
        let [prior, entropy] = terms(&method, &means, &variances);
        let found = j * nats(&method, &[errors / (2.0 * V * j), prior / j, entropy / j], x.len(), 1);
        let wanted = evidence - gap - slack(&method, &means, &variances);
        assert!((found - wanted).abs() < 1e-11, "{method:?}, {x:?}: {found} is not {wanted}");
        assert!(found <= evidence + 1e-12, "a bound lies below what it bounds");
    }
}

/// Standard normal numbers.
fn normal(stream: u32, at: u32) -> f64 {
    let words = philox(split(9), [at, stream, 0, Purpose::Noise as u32]);
    (-2.0 * (1.0 - unit(words[0])).ln()).sqrt() * (TAU * unit(words[1])).cos()
}

#[test]
fn simvae_bounds_what_drawn_latents_and_a_sum_over_contents_say() {
    const DRAWS: u32 = 20_000;
    // Two latent dimensions of three views: the posteriors' means and variances.
    let posteriors = [([0.5, 0.1, 0.9], [0.04, 0.1, 0.02]), ([-1.2, -0.8, -1.0], [0.3, 0.05, 0.1])];
    for method in methods() {
        let (mut exact, mut drawn) = ([0.0; 3], 0.0);
        for (dimension, (means, variances)) in posteriors.iter().enumerate() {
            let [prior, entropy] = terms(&method, means, variances);
            exact[0] += prior / 3.0;
            exact[1] += entropy / 3.0;
            exact[2] += slack(&method, means, variances);
            // What is known in the mean is taken out of each draw and added as that mean, so that few draws tell much.
            let known = |squares: f64| squares / (2.0 * method.variance_z);
            let draw = |at: u32| {
                let noise = |view: u32| normal(3 * dimension as u32 + view, at);
                let z: Vec<f64> = (0..3).map(|j| means[j] + variances[j].sqrt() * noise(j as u32)).collect();
                log_joint(&method, &z) + known(scatter(&z))
            };
            drawn -= known(scatter(means) + 2.0 / 3.0 * variances.iter().sum::<f64>());
            drawn += variances.iter().map(|s| 0.5 * (1.0 + (TAU * s).ln())).sum::<f64>();
            drawn += (0..DRAWS).map(draw).sum::<f64>() / f64::from(DRAWS);
        }
        let means = TermMeans { terms: &[0.0, exact[0], exact[1]], views: 3, latent: 2 };
        let bound = 3.0 * method.bound(&means).expect("a bound") + exact[2];
        // A draw deviates by half the mean's square, which is 0.2 in the larger dimension.
        let tolerance = if method.prior == ContentPrior::Uniform { 1e-9 } else { 5.0 * 0.25 / f64::from(DRAWS).sqrt() };
        assert!((bound - drawn).abs() < tolerance, "{method:?}: {bound} is not {drawn} within {tolerance}");
    }
}

/// log p(z) of an image's views by a sum over the content, around which they lie.
fn log_joint(method: &SimVae, z: &[f64]) -> f64 {
    let width = (method.variance_z / z.len() as f64).sqrt();
    let step = width / 4.0;
    let at = |i: i32| {
        let y = mean(z) + f64::from(i) * step;
        let content = match method.prior {
            ContentPrior::Gaussian => log_normal(y, 1.0),
            ContentPrior::Uniform => -0.5 * (2.0 * PI).ln(),
        };
        (content + z.iter().map(|z| log_normal(z - y, method.variance_z)).sum::<f64>()).exp() * step
    };
    (-40..=40).map(at).sum::<f64>().ln()
}
