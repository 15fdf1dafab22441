//! Columns of rows, standardised.

use crate::measure::Rows;

/// Mean and deviation of each column.
pub(crate) struct Moments {
    means: Vec<f64>,
    pub deviations: Vec<f64>,
}

impl Moments {
    /// The moments of checked rows. The deviation divides by the number of rows.
    pub fn of(rows: Rows<'_>) -> Self {
        let average = |f: &dyn Fn(usize, f64) -> f64| {
            let mut sums = vec![0.0; rows.width()];
            for row in rows.values().chunks_exact(rows.width()) {
                sums.iter_mut().zip(row).enumerate().for_each(|(c, (sum, &x))| *sum += f(c, x.into()));
            }
            sums.into_iter().map(|sum| sum / rows.count() as f64).collect::<Vec<_>>()
        };
        let means = average(&|_, x| x);
        let variances = average(&|c, x| (x - means[c]).powi(2));
        Self { deviations: variances.into_iter().map(f64::sqrt).collect(), means }
    }

    /// Columns.
    pub fn width(&self) -> usize {
        self.means.len()
    }

    /// The rows with these means and deviations taken out. A column that did not vary is only shifted.
    pub fn standardise(&self, rows: Rows<'_>) -> Vec<f32> {
        let scales: Vec<f64> = self.deviations.iter().map(|&d| if d > 0.0 { 1.0 / d } else { 1.0 }).collect();
        let one = |(c, &x): (usize, &f32)| ((f64::from(x) - self.means[c]) * scales[c]) as f32;
        rows.values().chunks_exact(self.width()).flat_map(|row| row.iter().enumerate().map(one)).collect()
    }
}
