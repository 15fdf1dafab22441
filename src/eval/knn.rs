//! k nearest neighbours, exact and Euclidean.

use crate::math::gemm::{Matrix, gemm};
use rayon::prelude::*;

/// Rows of distances computed at a time.
const BLOCK: usize = 512;

/// Labelled points, `[labels.len(), width]` row-major.
#[derive(Clone, Copy, Debug)]
pub struct Points<'a> {
    /// Coordinates.
    pub rows: &'a [f32],
    /// Class of each point.
    pub labels: &'a [u8],
}

/// The fraction of `queries` whose class is the one most common among their `k` nearest `known` points. Ties go to the
/// class of the nearer point. 0 where there is no query.
///
/// # Panics
/// When the rows are not a multiple of the labels, or the widths differ.
pub fn accuracy(known: Points<'_>, queries: Points<'_>, k: usize) -> f64 {
    let (n, m) = (known.labels.len(), queries.labels.len());
    if n == 0 || m == 0 {
        return 0.0;
    }
    let width = known.rows.len() / n;
    assert_eq!(queries.rows.len(), m * width, "the points have different widths");
    // |q - p|^2 = |q|^2 - 2 q.p + |p|^2; the first term is the same for all p.
    let squares: Vec<f32> = known.rows.chunks_exact(width).map(|p| p.iter().map(|x| x * x).sum()).collect();
    let mut right = 0;
    for (rows, labels) in queries.rows.chunks(BLOCK * width).zip(queries.labels.chunks(BLOCK)) {
        let mut products = vec![0.0; labels.len() * n];
        gemm(Matrix::new(rows, labels.len(), width), Matrix::new(known.rows, n, width).t(), &mut products, false);
        right += products
            .par_chunks_exact(n)
            .zip(labels)
            .filter(|(products, label)| {
                let mut near: Vec<(f32, usize)> = products
                    .iter()
                    .zip(&squares)
                    .enumerate()
                    .map(|(i, (dot, square))| (square - 2.0 * dot, i))
                    .collect();
                let k = k.clamp(1, n);
                near.select_nth_unstable_by(k - 1, |a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
                near.truncate(k);
                near.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
                vote(near.iter().map(|&(_, i)| known.labels[i])) == Some(**label)
            })
            .count();
    }
    right as f64 / m as f64
}

/// The most common class, the one seen first among equals.
fn vote(classes: impl Iterator<Item = u8>) -> Option<u8> {
    let mut counts: Vec<(u8, usize)> = Vec::new();
    for class in classes {
        match counts.iter_mut().find(|(known, _)| *known == class) {
            Some((_, count)) => *count += 1,
            None => counts.push((class, 1)),
        }
    }
    let most = counts.iter().map(|(_, count)| *count).max()?;
    counts.into_iter().find(|(_, count)| *count == most).map(|(class, _)| class)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_nearest_points() {
        // Points on a line: class 0 around 0, class 1 around 10.
        let known = Points { rows: &[0.0, 1.0, 2.0, 9.0, 10.0, 11.0], labels: &[0, 0, 0, 1, 1, 1] };
        let queries = Points { rows: &[0.4, 10.2, 5.4, 5.6], labels: &[0, 1, 0, 1] };
        assert_eq!(accuracy(known, queries, 3), 1.0);
        assert_eq!(accuracy(known, Points { labels: &[1, 0, 1, 0], ..queries }, 3), 0.0);
    }

    #[test]
    fn ties_go_to_the_nearer_class() {
        let known = Points { rows: &[0.0, 3.0], labels: &[7, 8] };
        assert_eq!(accuracy(known, Points { rows: &[1.0, 2.0], labels: &[7, 8] }, 2), 1.0);
    }

    #[test]
    fn agrees_with_a_direct_search() {
        let word = |i: u32| crate::kernels::common::philox::philox([3, 4], [i, 0, 0, 0])[0];
        let rows: Vec<f32> = (0..700 * 3).map(|i| (word(i) >> 8) as f32 / 65536.0).collect();
        let labels: Vec<u8> = (0..700).map(|i| (word(i + 9000) % 4) as u8).collect();
        let (known, queries) = rows.split_at(100 * 3);
        let (known_labels, query_labels) = labels.split_at(100);
        let nearest = |q: &[f32]| {
            let distance = |p: &[f32]| p.iter().zip(q).map(|(a, b)| (a - b) * (a - b)).sum::<f32>();
            let best = known.chunks(3).enumerate().min_by(|a, b| distance(a.1).total_cmp(&distance(b.1)));
            best.map(|(i, _)| known_labels[i])
        };
        let right = queries.chunks(3).zip(query_labels).filter(|(q, label)| nearest(q) == Some(**label)).count();
        let got =
            accuracy(Points { rows: known, labels: known_labels }, Points { rows: queries, labels: query_labels }, 1);
        assert_eq!(got, right as f64 / 600.0);
    }
}
