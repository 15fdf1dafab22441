//! A mixture of Gaussians with full covariances, draws from it, and the triangular matrices that it is made of.

use crate::kernels::common::philox::{Purpose, philox, split, unit};
use crate::kernels::latent::normal::normal;
use crate::math::dot;

/// A mixture of Gaussians that was fitted to rows.
#[derive(Debug)]
pub struct Mixture {
    /// What all means are relative to.
    pub(super) centre: Vec<f64>,
    pub(super) gaussians: Gaussians,
}

/// Gaussians with their weights.
#[derive(Debug)]
pub(super) struct Gaussians {
    pub log_weights: Vec<f64>,
    /// `[components, width]`
    pub means: Vec<f64>,
    /// `[components, width, width]`: the inverse of each covariance's lower Cholesky factor.
    pub whitening: Vec<f64>,
    /// Half the logarithm of each covariance's determinant.
    pub half_log_dets: Vec<f64>,
}

impl Mixture {
    /// Draws `[count, width]` rows, row-major: the same for the same seed.
    pub fn draw(&self, count: usize, seed: u64) -> Vec<f32> {
        let width = self.centre.len();
        let noise = normal(seed, Purpose::Latents, count * width);
        let mut rows = Vec::with_capacity(count * width);
        for (i, noise) in noise.chunks_exact(width).enumerate() {
            // The noise takes the counters whose second word is 0.
            let chance = unit(philox(split(seed), [i as u32, 1, 0, Purpose::Latents as u32])[0]);
            let component = self.gaussians.component(chance);
            let from_mean = self.gaussians.coloured(component, noise);
            let mean = &self.gaussians.means[component * width..];
            rows.extend(
                self.centre.iter().zip(mean).zip(from_mean).map(|((centre, mean), x)| (centre + mean + x) as f32),
            );
        }
        rows
    }
}

impl Gaussians {
    /// The Gaussian that a number in [0, 1) falls to, each with a probability of its weight.
    fn component(&self, chance: f64) -> usize {
        let mut sum = 0.0;
        let found = self.log_weights.iter().position(|log_weight| {
            sum += log_weight.exp();
            sum > chance
        });
        // Weights sum to one but for rounding.
        found.unwrap_or(self.log_weights.len() - 1)
    }

    /// White noise with a Gaussian's covariance: what its whitening takes back to the noise.
    fn coloured(&self, component: usize, noise: &[f32]) -> Vec<f64> {
        let width = noise.len();
        let whitening = &self.whitening[component * width * width..];
        let mut x: Vec<f64> = Vec::with_capacity(width);
        for (row, &noise) in whitening.chunks_exact(width).zip(noise) {
            let i = x.len();
            x.push((f64::from(noise) - dot(&row[..i], &x)) / row[i]);
        }
        x
    }
}

pub(super) fn distance(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum()
}

/// Replaces the lower triangle of a symmetric matrix by its Cholesky factor and returns the sum of the logarithms of its
/// diagonal; `None` where the matrix is not positive definite.
pub(super) fn cholesky(matrix: &mut [f64], width: usize) -> Option<f64> {
    let mut log_det = 0.0;
    for i in 0..width {
        let (above, row) = matrix.split_at_mut(i * width);
        for j in 0..i {
            let other = &above[j * width..];
            row[j] = (row[j] - dot(&row[..j], &other[..j])) / other[j];
        }
        let pivot = row[i] - dot(&row[..i], &row[..i]);
        if !(pivot > 0.0 && pivot.is_finite()) {
            return None;
        }
        row[i] = pivot.sqrt();
        log_det += row[i].ln();
    }
    Some(log_det)
}

/// The inverse of a lower triangular matrix; the upper triangle of `factor` is not read.
pub(super) fn invert_lower(factor: &[f64], width: usize) -> Vec<f64> {
    let mut inverse = vec![0.0; width * width];
    for i in 0..width {
        let (above, row) = inverse.split_at_mut(i * width);
        let factor = &factor[i * width..];
        for (j, other) in above.chunks_exact(width).enumerate() {
            row.iter_mut().zip(&other[..=j]).for_each(|(x, y)| *x -= factor[j] * y);
        }
        row[..=i].iter_mut().for_each(|x| *x /= factor[i]);
        row[i] = 1.0 / factor[i];
    }
    inverse
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_inverse_factor_whitens() {
        let matrix = [4.0, 2.0, 0.6, 2.0, 5.0, -1.0, 0.6, -1.0, 3.0];
        let mut factor = matrix;
        let log_det = cholesky(&mut factor, 3).expect("positive definite");
        // Determinant by hand: 4 (15 - 1) - 2 (6 + 0.6) + 0.6 (-2 - 3) = 39.8.
        assert!((2.0 * log_det - 39.8f64.ln()).abs() < 1e-14);
        let w = invert_lower(&factor, 3);
        for i in 0..3 {
            for j in 0..3 {
                let product: f64 = (0..9).map(|at| w[i * 3 + at / 3] * matrix[at] * w[j * 3 + at % 3]).sum();
                assert!((product - f64::from(i == j)).abs() < 1e-14, "{i}, {j}: {product}");
            }
        }
    }

    #[test]
    fn indefinite_matrices_have_no_factor() {
        assert_eq!(cholesky(&mut [1.0, 2.0, 2.0, 1.0], 2), None);
        assert_eq!(cholesky(&mut [f64::NAN], 1), None);
    }
}
