//! Rows whose columns are made uncorrelated.

use super::Moments;
use crate::math::gemm::{Matrix, gemm};
use crate::measure::Rows;

/// Of a column of which others tell all but this share of its variance nothing but rounding is left.
const LEAST: f64 = 1e-9;

/// A linear map after which the columns of the rows that it was made of have mean 0, deviation 1 and no correlation: they are
/// standardised, and what the columns before one tell of it is taken out of it (Gram and Schmidt). A column of which nothing is left
/// is zero, so that nothing is lost.
pub(crate) struct Whitening {
    moments: Moments,
    /// `[width, width]`: a row for each column of the result.
    map: Vec<f64>,
}

impl Whitening {
    /// The map of checked rows.
    pub fn of(rows: Rows<'_>) -> Self {
        let moments = Moments::of(rows);
        let (count, width) = (rows.count(), moments.width());
        let x = standardised(&moments, rows);
        let mut correlations = vec![0.0; width * width];
        gemm(Matrix::new(&x, count, width).t(), Matrix::new(&x, count, width), &mut correlations, false);
        correlations.iter_mut().for_each(|sum| *sum /= count as f64);
        Self { map: uncorrelated(&correlations, width), moments }
    }

    /// The rows after the map.
    pub fn whiten(&self, rows: Rows<'_>) -> Vec<f32> {
        let width = self.moments.width();
        let x = standardised(&self.moments, rows);
        let mut y = vec![0.0; x.len()];
        gemm(Matrix::new(&x, rows.count(), width), Matrix::new(&self.map, width, width).t(), &mut y, false);
        y.into_iter().map(|y| y as f32).collect()
    }
}

fn standardised(moments: &Moments, rows: Rows<'_>) -> Vec<f64> {
    moments.standardise(rows).into_iter().map(f64::from).collect()
}

/// The map for columns with these correlations: the inverse of their Cholesky factor, where they have one.
fn uncorrelated(correlations: &[f64], width: usize) -> Vec<f64> {
    let mut map = vec![0.0; width * width];
    for (column, own) in correlations.chunks_exact(width).enumerate() {
        let (before, rest) = map.split_at_mut(column * width);
        let before = before.chunks_exact(width);
        let told: Vec<f64> = before.clone().map(|row| row.iter().zip(own).map(|(a, b)| a * b).sum()).collect();
        let left = own[column] - told.iter().map(|told| told * told).sum::<f64>();
        if left <= LEAST {
            continue;
        }
        let row = &mut rest[..width];
        row[column] = 1.0;
        for (row_before, told) in before.zip(told) {
            row.iter_mut().zip(row_before).for_each(|(to, from)| *to -= told * from);
        }
        row.iter_mut().for_each(|weight| *weight /= left.sqrt());
    }
    map
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_uncorrelated_afterwards_and_none_is_lost() {
        // A sum, nearly a copy, a copy and a constant beside two columns of their own.
        let own = |i: u32| (f64::from(i * 37 % 101), f64::from(i * i % 89));
        let row = |i| {
            let (a, b) = own(i);
            [a, 3.0 * b - 5.0, a + b, a + 1e-2 * f64::from(i % 7), a, 4.0].map(|x| x as f32)
        };
        let values: Vec<f32> = (0..300).flat_map(row).collect();
        let rows = Rows::new("rows", &values, 6).expect("whole rows");
        let white = Whitening::of(rows).whiten(rows);
        let covariance = |a: usize, b: usize| {
            white.chunks_exact(6).map(|row| f64::from(row[a]) * f64::from(row[b])).sum::<f64>() / 300.0
        };
        for (a, b) in (0..6).flat_map(|a| (0..6).map(move |b| (a, b))) {
            let wanted = if a == b && [0, 1, 3].contains(&a) { 1.0 } else { 0.0 };
            assert!((covariance(a, b) - wanted).abs() < 1e-3, "{a} {b}: {}", covariance(a, b));
        }
    }
}
