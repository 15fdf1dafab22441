//! Signs that a representation collapses: its columns no longer vary, or vary together, or all its rows point one way.

use super::probe::Moments;
use super::{EvalError, Rows};
use crate::math::eigenvalues::eigenvalues;
use crate::math::gemm::{Matrix, gemm};
use rayon::prelude::*;

/// Added to each share before its logarithm, as in the paper.
const EPSILON: f64 = 1e-7;
/// Rows whose products with all others are held at a time.
const BLOCK: usize = 256;

/// The standard deviations of the columns: their mean and the least. A column that has collapsed has none.
pub fn deviations(rows: Rows<'_>) -> (f64, f64) {
    let deviations = Moments::of(rows).deviations;
    let least = deviations.iter().copied().fold(f64::INFINITY, f64::min);
    (deviations.iter().sum::<f64>() / deviations.len() as f64, least)
}

/// How many dimensions the rows fill: RankMe (Garrido et al. 2023), the exponential of the entropy of the singular values, each
/// divided by their sum. Of rows that are all zero it is 0; else it lies between 1 and the lesser of rows and columns.
///
/// The singular values are roots of the eigenvalues of the smaller product of the rows with themselves, in double precision: those below
/// 1e-8 of the largest are noise, and count for nothing.
pub fn effective_rank(rows: Rows<'_>) -> f64 {
    let (n, width) = (rows.count(), rows.width());
    let values: Vec<f64> = rows.values().iter().map(|&x| f64::from(x)).collect();
    let matrix = || Matrix::new(&values, n, width);
    let side = n.min(width);
    let mut product = vec![0.0; side * side];
    if width <= n {
        gemm(matrix().t(), matrix(), &mut product, false);
    } else {
        gemm(matrix(), matrix().t(), &mut product, false);
    }
    let squares = eigenvalues(product, side);
    let singular: Vec<f64> = squares.iter().map(|square| square.max(0.0).sqrt()).collect();
    let sum: f64 = singular.iter().sum();
    if sum == 0.0 {
        return 0.0;
    }
    let entropy: f64 = singular.iter().map(|value| value / sum).map(|share| -share * (share + EPSILON).ln()).sum();
    entropy.exp()
}

/// Alignment (Wang & Isola 2020): the mean squared distance, on the unit sphere, of two representations of one image. 0 where both views
/// of every image are the same, 2 where they have nothing to do with each other.
///
/// # Errors
/// When the rows are not in pairs.
pub fn alignment(first: Rows<'_>, second: Rows<'_>) -> Result<f64, EvalError> {
    first.check_width(second)?;
    first.check_count(second.count())?;
    let width = first.width();
    let (a, b) = (directions(first), directions(second));
    let distance = |(a, b): (&[f32], &[f32])| a.iter().zip(b).map(|(a, b)| f64::from(a - b).powi(2)).sum::<f64>();
    Ok(a.chunks_exact(width).zip(b.chunks_exact(width)).map(distance).sum::<f64>() / first.count() as f64)
}

/// Uniformity (Wang & Isola 2020): the logarithm of the mean, over all pairs of rows, of exp(-2 squared distance on the unit sphere).
/// 0 where all rows point one way; the more evenly they are spread, the lower, down to about -4.
///
/// # Errors
/// When there are fewer than two rows.
pub fn uniformity(rows: Rows<'_>) -> Result<f64, EvalError> {
    let (n, width) = (rows.count(), rows.width());
    if n < 2 {
        return Err(EvalError::TooFew { what: "rows for uniformity", found: n, wanted: 2 });
    }
    let unit = directions(rows);
    let squares: Vec<f32> = unit.chunks_exact(width).map(|row| row.iter().map(|x| x * x).sum()).collect();
    let all = || Matrix::new(&unit, n, width);
    let mut sum = 0.0;
    let mut products = vec![0.0; BLOCK.min(n) * n];
    for (block, first) in unit.chunks(BLOCK * width).zip((0..).step_by(BLOCK)) {
        let count = block.len() / width;
        let products = &mut products[..count * n];
        gemm(Matrix::new(block, count, width), all().t(), products, false);
        let of_row = |(at, products): (usize, &[f32])| {
            let row = first + at;
            let near = |(other, product): (usize, &f32)| {
                let distance = (squares[row] + squares[other] - 2.0 * product).max(0.0);
                if other == row { 0.0 } else { f64::from(-2.0 * distance).exp() }
            };
            products.iter().enumerate().map(near).sum::<f64>()
        };
        let sums: Vec<f64> = products.par_chunks_exact(n).enumerate().map(of_row).collect();
        sum += sums.iter().sum::<f64>();
    }
    Ok((sum / (n * (n - 1)) as f64).ln())
}

/// The rows divided by their lengths; a row of length zero stays.
pub(super) fn directions(rows: Rows<'_>) -> Vec<f32> {
    let unit = |row: &[f32]| {
        let length = row.iter().map(|&x| f64::from(x).powi(2)).sum::<f64>().sqrt();
        let scale = if length > 0.0 { 1.0 / length } else { 1.0 };
        row.iter().map(|&x| (f64::from(x) * scale) as f32).collect::<Vec<_>>()
    };
    rows.values().par_chunks_exact(rows.width()).flat_map_iter(unit).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(values: &[f32], width: usize) -> Rows<'_> {
        Rows::new("rows", values, width).expect("rows")
    }

    #[test]
    fn the_rank_counts_directions() {
        let orthogonal = [3.0, 0.0, 0.0, 0.0, -3.0, 0.0, 0.0, 0.0, 3.0];
        assert!((effective_rank(rows(&orthogonal, 3)) - 3.0).abs() < 1e-5);
        let along_one = [1.0, 2.0, -2.0, -4.0, 0.5, 1.0];
        assert!((effective_rank(rows(&along_one, 2)) - 1.0).abs() < 1e-5);
        // As wide as it is long or wider: the smaller product is taken.
        assert!((effective_rank(rows(&orthogonal[..6], 3)) - 2.0).abs() < 1e-5);
        assert_eq!(effective_rank(rows(&[0.0; 6], 2)), 0.0);
        // Singular values 4 and 2: shares 2/3 and 1/3, by hand exp(0.6365) = 1.8899.
        assert!((effective_rank(rows(&[4.0, 0.0, 0.0, 2.0], 2)) - 1.8899).abs() < 1e-3);
    }

    #[test]
    fn columns_that_do_not_vary_show() {
        let (mean, least) = deviations(rows(&[1.0, 5.0, 3.0, 5.0], 2));
        assert_eq!((mean, least), (0.5, 0.0));
    }

    #[test]
    fn alignment_and_uniformity_by_hand() {
        let (right, up, left) = ([1.0, 0.0], [0.0, 2.0], [-3.0, 0.0]);
        assert_eq!(alignment(rows(&right, 2), rows(&[5.0, 0.0], 2)).expect("pairs"), 0.0);
        assert_eq!(alignment(rows(&right, 2), rows(&up, 2)).expect("pairs"), 2.0);
        assert!(alignment(rows(&right, 2), rows(&[1.0; 4], 2)).is_err());
        // Squared distances 2, 4, 2: the mean of exp(-4), exp(-8), exp(-4).
        let three: Vec<f32> = [right, up, left].concat();
        let wanted = ((2.0 * (-4.0f64).exp() + (-8.0f64).exp()) / 3.0).ln();
        assert!((uniformity(rows(&three, 2)).expect("three") - wanted).abs() < 1e-6);
        assert_eq!(uniformity(rows(&[2.0; 600], 1)).expect("many"), 0.0);
        assert!(uniformity(rows(&right, 2)).is_err());
    }
}
