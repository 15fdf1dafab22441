//! Latents whose pictures show what a generative model has learnt: samples, traversals, interpolations.

use crate::kernels::common::philox::Purpose;
use crate::kernels::latent::normal::normal;

/// Where the content y of a sample comes from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Content<'a> {
    /// A standard normal p(y), or the prior of a VAE.
    Normal,
    /// Representations of images `[images, latent]`, row-major, in turn: one whose style is drawn, or what takes the place of a uniform
    /// p(y), which is improper and cannot be sampled.
    Images(&'a [f32]),
}

/// Draws `rows` contents y and, for each, `columns` latents around it with the `deviations` `[latent]` of each dimension, as of
/// p(z | y): `[rows * columns, latent]`.
pub fn sample(content: Content<'_>, deviations: &[f32], rows: usize, columns: usize, seed: u64) -> Vec<f32> {
    let latent = deviations.len();
    let noise = normal(seed, Purpose::Latents, (rows + rows * columns) * latent);
    let (drawn, around) = noise.split_at(rows * latent);
    let y = match content {
        Content::Normal => drawn.to_vec(),
        Content::Images(means) => means.chunks_exact(latent).cycle().take(rows).flatten().copied().collect(),
    };
    let mut z = Vec::with_capacity(rows * columns * latent);
    for (y, noise) in y.chunks_exact(latent).zip(around.chunks_exact(columns * latent)) {
        for noise in noise.chunks_exact(latent) {
            z.extend(y.iter().zip(noise).zip(deviations).map(|((y, noise), deviation)| y + deviation * noise));
        }
    }
    z
}

/// One row for each dimension, in which it moves from `-range` to `range` deviations around `mu` in equal steps:
/// `[latent * steps, latent]`.
pub fn traverse(mu: &[f32], deviations: &[f32], range: f32, steps: usize) -> Vec<f32> {
    let mut z = Vec::with_capacity(mu.len() * steps * mu.len());
    for (dimension, deviation) in deviations.iter().enumerate() {
        for step in 0..steps {
            let start = z.len();
            z.extend_from_slice(mu);
            z[start + dimension] += deviation * range * (2.0 * fraction(step, steps) - 1.0);
        }
    }
    z
}

/// One row for each pair of latents, on the straight line from one to the other: `[pairs * steps, latent]`.
pub fn interpolate(pairs: &[(&[f32], &[f32])], steps: usize) -> Vec<f32> {
    let mut z = Vec::new();
    for (from, to) in pairs {
        for step in 0..steps {
            let t = fraction(step, steps);
            z.extend(from.iter().zip(*to).map(|(from, to)| from + t * (to - from)));
        }
    }
    z
}

/// The standard deviation of each column of `[rows, latent]`.
pub fn deviations(rows: &[f32], latent: usize) -> Vec<f32> {
    let count = (rows.len() / latent.max(1)).max(1) as f64;
    let mean_of = |column: usize, f: &dyn Fn(f64) -> f64| {
        rows.iter().skip(column).step_by(latent).map(|&x| f(f64::from(x))).sum::<f64>() / count
    };
    (0..latent)
        .map(|column| {
            let mean = mean_of(column, &|x| x);
            mean_of(column, &|x| (x - mean).powi(2)).sqrt() as f32
        })
        .collect()
}

/// How far along a step is, from 0 at the first to 1 at the last.
fn fraction(step: usize, steps: usize) -> f32 {
    if steps < 2 { 0.5 } else { step as f32 / (steps - 1) as f32 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_lie_around_their_content() {
        let means = [1.0, -1.0, 5.0, 7.0];
        let still = sample(Content::Images(&means), &[0.0; 2], 3, 2, 1);
        assert_eq!(still, [1.0, -1.0, 1.0, -1.0, 5.0, 7.0, 5.0, 7.0, 1.0, -1.0, 1.0, -1.0]);
        let drawn = sample(Content::Normal, &[2.0; 2], 200, 50, 1);
        let content: f32 = deviations(&sample(Content::Normal, &[0.0; 2], 200, 1, 1), 2).iter().sum::<f32>() / 2.0;
        assert!((content - 1.0).abs() < 0.1, "p(y) has deviation 1: {content}");
        for around in drawn.chunks(100).take(20).map(|row| deviations(row, 2)) {
            assert!(around.iter().all(|deviation| (1.2..2.8).contains(deviation)), "{around:?}");
        }
        assert_ne!(drawn, sample(Content::Normal, &[2.0; 2], 200, 50, 2), "another seed");
        let uneven = sample(Content::Images(&[3.0, 3.0]), &[0.0, 2.0], 1, 500, 1);
        let [still, moved] = deviations(&uneven, 2)[..] else { panic!("two dimensions") };
        assert!(still == 0.0 && (1.8..2.2).contains(&moved), "each dimension has its own: {still}, {moved}");
    }

    #[test]
    fn a_traversal_moves_one_dimension_at_a_time() {
        let z = traverse(&[1.0, 2.0], &[0.5, 3.0], 2.0, 3);
        assert_eq!(z, [0.0, 2.0, 1.0, 2.0, 2.0, 2.0, 1.0, -4.0, 1.0, 2.0, 1.0, 8.0]);
        assert_eq!(traverse(&[1.0], &[2.0], 3.0, 1), [1.0], "a single step stays");
    }

    #[test]
    fn an_interpolation_ends_at_both_ends() {
        assert_eq!(interpolate(&[(&[0.0, 4.0], &[2.0, 0.0])], 3), [0.0, 4.0, 1.0, 2.0, 2.0, 0.0]);
    }
}
