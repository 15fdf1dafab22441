//! Clusters of an embedding: a mixture of Gaussians with full covariances, as scikit-learn's `GaussianMixture` fits it.
//!
//! Own code because `linfa-clustering` 0.8 does not restart: its `n_runs` goes on with the same mixture, and a fit that
//! has not converged is an error without a result. It also brings 25 crates.

use super::mixture::{Gaussians, Mixture, cholesky, distance, invert_lower};
use super::{EvalError, Rows};
use crate::kernels::common::philox::{Purpose, philox, split, unit};
use crate::math::dot;
use crate::math::gemm::{Matrix, gemm};
use crate::math::pieces::{each_mut, rows, rows_mut, side_by_side};
use rayon::prelude::*;

/// Rounds of k-means that improve a start, at most; it settles in far fewer.
const KMEANS_ROUNDS: usize = 100;
/// Clusters at most: labels are bytes.
const MOST_COMPONENTS: usize = 256;

/// How to fit a mixture. The defaults are scikit-learn's, but for the five starts.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Gaussians, at most 256.
    pub components: usize,
    /// Starts (k-means++ and k-means); the one with the best likelihood is kept.
    pub starts: u32,
    /// Rounds of expectation and maximisation of a start, at most.
    pub max_rounds: u32,
    /// A start has converged when a round changes the mean log-likelihood by less.
    pub tolerance: f64,
    /// Added to the variances, in units of the embedding's mean variance where that is above 1, else of 1: what keeps a covariance
    /// regular grows with the numbers that it is made of.
    pub reg_covar: f64,
    /// Seed of the starts.
    pub seed: u64,
}

impl Settings {
    /// The defaults for a number of Gaussians.
    pub fn new(components: usize) -> Self {
        Self { components, starts: 5, max_rounds: 100, tolerance: 1e-3, reg_covar: 1e-6, seed: 0 }
    }
}

/// The best fit, and what it makes of the rows that it was asked about.
#[derive(Clone, Debug, PartialEq)]
pub struct Clustering {
    /// The most probable Gaussian of each row asked about.
    pub labels: Vec<u8>,
    /// How probable that one is, of all.
    pub certainty: Vec<f64>,
    /// Mean log-likelihood of a row of those that it was fitted to, in nats.
    pub log_likelihood: f64,
    /// Whether the best start converged.
    pub converged: bool,
    /// Rounds of the best start.
    pub rounds: u32,
}

/// Fits a mixture to the `known` rows and tells the cluster of each of the `asked`, which may be the same. The same settings
/// give the same labels on the same machine.
///
/// # Errors
/// As [`fit`], and when the asked ones are of another width.
pub fn cluster(known: Rows<'_>, asked: Rows<'_>, settings: &Settings) -> Result<Clustering, EvalError> {
    known.check_width(asked)?;
    let (mixture, Fit { log_likelihood, converged, rounds }) = fitted(known, settings)?;
    let mut shares = vec![0.0; asked.count() * settings.components];
    Data::new(asked, &mixture.centre).expect(&mixture.gaussians, &mut shares);
    let best = shares.chunks_exact(settings.components).map(largest);
    let (labels, certainty) = best.map(|(label, share)| (label as u8, share)).unzip();
    Ok(Clustering { labels, certainty, log_likelihood, converged, rounds })
}

/// Fits a mixture to rows, to draw from it.
///
/// # Errors
/// When the rows are fewer than the clusters, coincide so that there are fewer distinct ones than clusters, or no start
/// ends with covariances that can be inverted.
pub fn fit(known: Rows<'_>, settings: &Settings) -> Result<Mixture, EvalError> {
    Ok(fitted(known, settings)?.0)
}

/// A mixture about the mean of its rows, and how its best start ended.
fn fitted(known: Rows<'_>, settings: &Settings) -> Result<(Mixture, Fit), EvalError> {
    let most = known.count().min(MOST_COMPONENTS);
    if !(1..=most).contains(&settings.components) {
        return Err(EvalError::OutOfRange { what: "components", value: settings.components, most });
    }
    let centre = mean(known);
    let data = Data::new(known, &centre);
    let settings = &Settings { reg_covar: settings.reg_covar * data.mean_variance().max(1.0), ..*settings };
    let mut best: Option<(Gaussians, Fit)> = None;
    for start in 0..settings.starts.max(1) {
        let mut draws = (0..).map(|i| unit(philox(split(settings.seed), [i, start, 0, Purpose::Clusters as u32])[0]));
        let labels = data.kmeans(settings.components, &mut draws)?;
        let found = data.fit(&labels, settings);
        best = match (best, found) {
            (Some(best), Some(found)) if found.1.log_likelihood > best.1.log_likelihood => Some(found),
            (best, found) => best.or(found),
        };
    }
    let singular = EvalError::Singular { starts: settings.starts.max(1), reg_covar: settings.reg_covar };
    let (gaussians, fit) = best.ok_or(singular)?;
    Ok((Mixture { centre, gaussians }, fit))
}

/// The mean of rows, which both sets are moved by: far from zero, squares lose digits.
fn mean(rows: Rows<'_>) -> Vec<f64> {
    let mut mean = vec![0.0; rows.width()];
    for row in rows.values().chunks_exact(rows.width()) {
        mean.iter_mut().zip(row).for_each(|(mean, &x)| *mean += f64::from(x) / rows.count() as f64);
    }
    mean
}

/// How a start ended.
struct Fit {
    log_likelihood: f64,
    converged: bool,
    rounds: u32,
}

/// Rows in double precision, about the mean of those that are known.
struct Data {
    x: Vec<f64>,
    n: usize,
    width: usize,
}

impl Data {
    fn new(rows: Rows<'_>, mean: &[f64]) -> Self {
        let x = rows.values().iter().zip(mean.iter().cycle()).map(|(&x, mean)| f64::from(x) - mean).collect();
        Self { x, n: rows.count(), width: rows.width() }
    }

    fn mean_variance(&self) -> f64 {
        dot(&self.x, &self.x) / self.x.len() as f64
    }

    fn row(&self, i: usize) -> &[f64] {
        &self.x[i * self.width..(i + 1) * self.width]
    }

    /// k-means++ (Arthur and Vassilvitskii, 2007), then k-means until no row changes its cluster.
    fn kmeans(&self, components: usize, draws: &mut impl Iterator<Item = f64>) -> Result<Vec<usize>, EvalError> {
        let mut draw = || draws.next().unwrap_or_default();
        let mut centres = self.row((draw() * self.n as f64) as usize).to_vec();
        let mut nearest: Vec<f64> = vec![f64::INFINITY; self.n];
        for found in 1..components {
            let newest = &centres[(found - 1) * self.width..];
            let pairs = (each_mut(&mut nearest), rows(&self.x, self.width));
            side_by_side(pairs, 1, |_, (nearest, row)| *nearest = nearest.min(distance(row, newest)));
            let target = draw() * nearest.iter().sum::<f64>();
            let mut sum = 0.0;
            let chosen = nearest.iter().position(|distance| {
                sum += distance;
                sum > target
            });
            // None is beyond the target when all rows coincide with a centre.
            let chosen = chosen.ok_or(EvalError::Collapsed { found, wanted: components })?;
            centres.extend_from_slice(self.row(chosen));
        }
        let mut labels = vec![usize::MAX; self.n];
        for _ in 0..KMEANS_ROUNDS {
            let closest = |row| {
                let distances = centres.chunks_exact(self.width).map(|centre| distance(row, centre)).enumerate();
                distances.min_by(|a, b| a.1.total_cmp(&b.1)).map_or(0, |(label, _)| label)
            };
            let now: Vec<usize> = self.x.par_chunks_exact(self.width).map(closest).collect();
            if now == labels {
                break;
            }
            labels = now;
            self.move_centres(&labels, &mut centres);
        }
        Ok(labels)
    }

    /// Puts each centre at the mean of its rows; one without rows stays.
    fn move_centres(&self, labels: &[usize], centres: &mut [f64]) {
        let mut sums = vec![0.0; centres.len()];
        let mut counts = vec![0.0; centres.len() / self.width];
        for (row, &label) in self.x.chunks_exact(self.width).zip(labels) {
            counts[label] += 1.0;
            sums[label * self.width..].iter_mut().zip(row).for_each(|(sum, x)| *sum += x);
        }
        let pairs = centres.chunks_exact_mut(self.width).zip(sums.chunks_exact(self.width)).zip(counts);
        for ((centre, sum), count) in pairs.filter(|(_, count)| *count > 0.0) {
            centre.iter_mut().zip(sum).for_each(|(centre, sum)| *centre = sum / count);
        }
    }

    /// Expectation and maximisation from a hard assignment; `None` where a covariance cannot be inverted.
    fn fit(&self, labels: &[usize], settings: &Settings) -> Option<(Gaussians, Fit)> {
        let components = settings.components;
        let mut shares = vec![0.0; self.n * components];
        labels.iter().enumerate().for_each(|(i, label)| shares[i * components + label] = 1.0);
        let (mut previous, mut rounds) = (f64::NEG_INFINITY, 0);
        loop {
            let mixture = self.maximise(&shares, components, settings.reg_covar)?;
            let log_likelihood = self.expect(&mixture, &mut shares);
            rounds += 1;
            if !log_likelihood.is_finite() {
                return None;
            }
            let converged = (log_likelihood - previous).abs() < settings.tolerance;
            if converged || rounds >= settings.max_rounds {
                return Some((mixture, Fit { log_likelihood, converged, rounds }));
            }
            previous = log_likelihood;
        }
    }

    /// The mixture that suits the rows' shares `[n, components]` best; `None` where a covariance cannot be inverted.
    fn maximise(&self, shares: &[f64], components: usize, reg_covar: f64) -> Option<Gaussians> {
        let (n, width) = (self.n, self.width);
        // A Gaussian without rows keeps a weight, as in scikit-learn, so that nothing is divided by zero.
        let mut counts = vec![10.0 * f64::EPSILON; components];
        for row in shares.chunks_exact(components) {
            counts.iter_mut().zip(row).for_each(|(count, share)| *count += share);
        }
        let mut means = vec![0.0; components * width];
        gemm(Matrix::new(shares, n, components).t(), Matrix::new(&self.x, n, width), &mut means, false);
        for (mean, count) in means.chunks_exact_mut(width).zip(&counts) {
            mean.iter_mut().for_each(|x| *x /= count);
        }
        let mut whitening = Vec::with_capacity(components * width * width);
        let mut half_log_dets = Vec::with_capacity(components);
        let mut weighted = vec![0.0; n * width];
        let mut covariance = vec![0.0; width * width];
        for (component, (mean, count)) in means.chunks_exact(width).zip(&counts).enumerate() {
            side_by_side((rows_mut(&mut weighted, width), rows(&self.x, width)), 256, |i, (out, x)| {
                let root = (shares[i * components + component] / count).sqrt();
                out.iter_mut().zip(x).zip(mean).for_each(|((out, x), mean)| *out = root * (x - mean));
            });
            let weighted = Matrix::new(&weighted, n, width);
            gemm(weighted.t(), weighted, &mut covariance, false);
            covariance.iter_mut().step_by(width + 1).for_each(|variance| *variance += reg_covar);
            half_log_dets.push(cholesky(&mut covariance, width)?);
            whitening.extend(invert_lower(&covariance, width));
        }
        let log_weights = counts.iter().map(|count| (count / n as f64).ln()).collect();
        Some(Gaussians { log_weights, means, whitening, half_log_dets })
    }

    /// Writes the rows' shares `[n, components]` and returns their mean log-likelihood.
    fn expect(&self, mixture: &Gaussians, shares: &mut [f64]) -> f64 {
        let (n, width, components) = (self.n, self.width, mixture.log_weights.len());
        let normaliser = 0.5 * width as f64 * std::f64::consts::TAU.ln();
        let mut white = vec![0.0; n * width];
        for component in 0..components {
            let whitening = &mixture.whitening[component * width * width..][..width * width];
            let mean = &mixture.means[component * width..][..width];
            gemm(Matrix::new(&self.x, n, width), Matrix::new(whitening, width, width).t(), &mut white, false);
            let white_mean: Vec<f64> = whitening.chunks_exact(width).map(|row| dot(row, mean)).collect();
            let constant = mixture.log_weights[component] - mixture.half_log_dets[component] - normaliser;
            side_by_side((rows_mut(shares, components), rows(&white, width)), 256, |_, (shares, white)| {
                shares[component] = constant - 0.5 * distance(white, &white_mean);
            });
        }
        let normalise = |logs: &mut [f64]| {
            let most = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let log_sum = most + logs.iter().map(|log| (log - most).exp()).sum::<f64>().ln();
            logs.iter_mut().for_each(|log| *log = (*log - log_sum).exp());
            log_sum
        };
        let log_sums: Vec<f64> = shares.par_chunks_exact_mut(components).with_min_len(256).map(normalise).collect();
        log_sums.iter().sum::<f64>() / n as f64
    }
}

/// The index of the largest share, the first among equals, and the share.
fn largest(shares: &[f64]) -> (usize, f64) {
    let best = shares.iter().copied().enumerate().rev().max_by(|a, b| a.1.total_cmp(&b.1));
    best.unwrap_or_default()
}
