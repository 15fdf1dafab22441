//! Which rows are near each other: the nearest of a query with their distances, and pairs of rows that point the same way.

use super::collapse::directions;
use super::knn::{Metric, neighbours};
use super::{EvalError, Labelled, Rows};
use crate::device::Device;
use crate::math::gemm::{Matrix, product};
use rayon::prelude::*;

/// Rows and columns of a block of cosines: 1 MiB.
const BLOCK: usize = 512;
/// Blocks side by side, at most: what they may find before the pairs are counted.
const AT_A_TIME: usize = 16;
/// Cosines in single precision are off by less; what is as near to the threshold is computed again.
const MARGIN: f64 = 1e-4;

/// A row that is near a query.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Near {
    /// Which row, from 0.
    pub row: usize,
    /// How far it is from the query, by the metric.
    pub distance: f64,
}

/// The `k` nearest `known` rows of each query, nearest first; of equally near ones the lower row first. They are found on the device, as
/// precisely as [`neighbours`] tells them apart, and their distances then computed in double precision.
///
/// # Errors
/// As [`neighbours`].
pub fn nearest(
    device: &Device,
    known: Rows<'_>,
    queries: Rows<'_>,
    k: usize,
    metric: Metric,
) -> Result<Vec<Vec<Near>>, EvalError> {
    let labels = vec![0; known.count()];
    let labelled = Labelled::new("known points", known.values(), known.width(), &labels)?;
    let found = neighbours(device, labelled, queries, k, metric)?;
    let width = known.width();
    let pairs = queries.values().chunks_exact(width).zip(found.indices.chunks_exact(k));
    Ok(pairs
        .map(|(query, rows)| {
            let near = |&row: &u32| {
                let row = row as usize;
                Near { row, distance: distance(metric, query, &known.values()[row * width..][..width]) }
            };
            let mut near: Vec<Near> = rows.iter().map(near).collect();
            near.sort_by(|a, b| a.distance.total_cmp(&b.distance).then(a.row.cmp(&b.row)));
            near
        })
        .collect())
}

/// The distance of two rows of one width.
pub fn distance(metric: Metric, a: &[f32], b: &[f32]) -> f64 {
    match metric {
        Metric::Euclidean => a.iter().zip(b).map(|(a, b)| (f64::from(*a) - f64::from(*b)).powi(2)).sum::<f64>().sqrt(),
        Metric::Cosine => 1.0 - cosine(a, b),
    }
}

/// The cosine of the angle between two rows at the origin; 0 where one of them lies there.
fn cosine(a: &[f32], b: &[f32]) -> f64 {
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum::<f64>();
    let lengths = (dot(a, a) * dot(b, b)).sqrt();
    if lengths > 0.0 { (dot(a, b) / lengths).clamp(-1.0, 1.0) } else { 0.0 }
}

/// Two rows that are much alike.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pair {
    /// The first row.
    pub first: usize,
    /// The second, behind it.
    pub second: usize,
    /// The cosine of the angle between them.
    pub similarity: f64,
}

/// Pairs of rows that are much alike.
#[derive(Clone, Debug, PartialEq)]
pub struct Duplicates {
    /// The most alike first, then in the order of the rows.
    pub pairs: Vec<Pair>,
    /// Whether there may be more, which were not looked for.
    pub more: bool,
}

/// All pairs of rows whose cosine similarity is at least `threshold`, block by block: memory grows with the rows and with the pairs that are
/// found, never with the square of the rows. Once there are `most` pairs, the rest is not looked for.
pub fn duplicates(rows: Rows<'_>, threshold: f64, most: usize) -> Duplicates {
    let (count, width, values) = (rows.count(), rows.width(), rows.values());
    let directions = directions(rows);
    let part = |first: usize| {
        let last = count.min(first + BLOCK);
        (last - first, &directions[first * width..last * width])
    };
    let screened = (threshold - MARGIN) as f32;
    let within = |first: usize, second: usize| {
        let ((height, left), (breadth, right)) = (part(first), part(second));
        let mut cosines = vec![0.0; height * breadth];
        product(Matrix::new(left, height, width), Matrix::new(right, breadth, width).t(), &mut cosines, false);
        let likely = cosines.iter().enumerate().filter(|(_, cosine)| **cosine >= screened);
        let pairs = likely.map(|(at, _)| (first + at / breadth, second + at % breadth)).filter(|(a, b)| a < b);
        let row = |row: usize| &values[row * width..][..width];
        let pair = |(a, b): (usize, usize)| Pair { first: a, second: b, similarity: cosine(row(a), row(b)) };
        pairs.map(pair).filter(|pair| pair.similarity >= threshold).take(most).collect::<Vec<Pair>>()
    };
    let starts: Vec<usize> = (0..count).step_by(BLOCK).collect();
    let (mut pairs, mut more) = (Vec::new(), false);
    'all: for (place, &first) in starts.iter().enumerate() {
        for some in starts[place..].chunks(AT_A_TIME) {
            let found: Vec<Vec<Pair>> = some.par_iter().map(|&second| within(first, second)).collect();
            pairs.extend(found.into_iter().flatten());
            more = pairs.len() >= most;
            if more {
                break 'all;
            }
        }
    }
    pairs.sort_by(|a: &Pair, b: &Pair| {
        b.similarity.total_cmp(&a.similarity).then((a.first, a.second).cmp(&(b.first, b.second)))
    });
    pairs.truncate(most);
    Duplicates { pairs, more }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::common::philox::Purpose;
    use crate::kernels::latent::normal::normal;

    /// More rows than a block, of which some are others, a little changed and in another length.
    fn rows() -> Vec<f32> {
        let (count, width) = (BLOCK + 90, 6);
        let mut rows = normal(3, Purpose::Latents, count * width);
        for (copy, of, scale) in [(BLOCK + 40, 7, 2.5), (BLOCK + 3, BLOCK - 1, 1e-3), (12, 11, 1.0)] {
            for column in 0..width {
                rows[copy * width + column] = scale * (rows[of * width + column] + 1e-3 * column as f32);
            }
        }
        rows[20 * width..21 * width].fill(0.0);
        rows
    }

    #[test]
    fn duplicates_are_those_of_all_pairs() {
        let values = rows();
        let rows = Rows::new("rows", &values, 6).expect("rows");
        let row = |row: usize| &values[row * 6..][..6];
        for threshold in [0.9, 0.9999] {
            let found = duplicates(rows, threshold, 100_000);
            let mut wanted = Vec::new();
            for first in 0..rows.count() {
                let later = first + 1..rows.count();
                wanted.extend(later.filter(|&second| cosine(row(first), row(second)) >= threshold).map(|b| (first, b)));
            }
            let mut pairs: Vec<(usize, usize)> = found.pairs.iter().map(|pair| (pair.first, pair.second)).collect();
            pairs.sort_unstable();
            assert_eq!(pairs, wanted);
            assert!(!found.more && found.pairs.is_sorted_by(|a, b| a.similarity >= b.similarity));
        }
        let copies = [(7, BLOCK + 40), (BLOCK - 1, BLOCK + 3), (11, 12)];
        let most = duplicates(rows, 0.9999, 2);
        assert!(most.more && most.pairs.len() == 2);
        assert!(most.pairs.iter().all(|pair| copies.contains(&(pair.first, pair.second))));
    }

    #[test]
    fn the_nearest_have_their_distances() {
        let known = [0.0, 0.0, 3.0, 4.0, 6.0, 8.0];
        let (known, query) = (Rows::new("known", &known, 2).expect("rows"), [3.0, 4.0]);
        let query = Rows::new("queries", &query, 2).expect("a row");
        let found = |metric| {
            let near = nearest(&Device::cpu(), known, query, 3, metric).expect("it is found");
            near[0].iter().map(|near| (near.row, near.distance)).collect::<Vec<_>>()
        };
        assert_eq!(found(Metric::Euclidean), [(1, 0.0), (0, 5.0), (2, 5.0)]);
        assert_eq!(found(Metric::Cosine), [(1, 0.0), (2, 0.0), (0, 1.0)]);
    }
}
