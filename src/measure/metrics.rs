//! Scores of predictions and clusterings, equal to scikit-learn's.

use super::EvalError;
use pathfinding::kuhn_munkres::kuhn_munkres;
use pathfinding::matrix::Matrix;

/// How often each class was found as each other: the confusion matrix of predictions, or the contingency table of a
/// clustering.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contingency {
    /// `[classes, found]` counts, row-major.
    pub counts: Vec<u64>,
    /// Rows: the largest true class plus one.
    pub classes: usize,
    /// Columns: the largest predicted class or cluster plus one.
    pub found: usize,
}

impl Contingency {
    /// Counts the pairs of true class and predicted class or cluster.
    ///
    /// # Errors
    /// When the lists are empty or of different lengths.
    pub fn new(truth: &[u8], found: &[u8]) -> Result<Self, EvalError> {
        if truth.len() != found.len() {
            return Err(EvalError::Lengths { left: truth.len(), right: found.len() });
        }
        let size = |labels: &[u8]| labels.iter().max().map(|&most| usize::from(most) + 1);
        let (Some(classes), Some(columns)) = (size(truth), size(found)) else {
            return Err(EvalError::TooFew { what: "labels", found: 0, wanted: 1 });
        };
        let mut counts = vec![0; classes * columns];
        for (&row, &column) in truth.iter().zip(found) {
            counts[usize::from(row) * columns + usize::from(column)] += 1;
        }
        Ok(Self { counts, classes, found: columns })
    }

    /// The number of pairs.
    pub fn total(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// How often `class` was found as `found`; 0 outside the table.
    pub fn count(&self, class: usize, found: usize) -> u64 {
        if class < self.classes && found < self.found { self.counts[class * self.found + found] } else { 0 }
    }

    fn row_sums(&self) -> Vec<u64> {
        self.counts.chunks_exact(self.found).map(|row| row.iter().sum()).collect()
    }

    fn column_sums(&self) -> Vec<u64> {
        (0..self.found).map(|column| self.counts[column..].iter().step_by(self.found).sum()).collect()
    }

    /// The fraction of pairs that are equal: the accuracy of predictions.
    pub fn accuracy(&self) -> f64 {
        (0..self.classes).map(|class| self.count(class, class)).sum::<u64>() as f64 / self.total() as f64
    }

    /// The cluster assigned to each class so that the most pairs agree (the Hungarian method, Kuhn 1955); `None` for a
    /// class that gets none because there are fewer clusters than classes.
    pub fn matching(&self) -> Vec<Option<u8>> {
        // A square table, padded with zeros: the method wants no more rows than columns.
        let side = self.classes.max(self.found);
        let weights = Matrix::from_fn(side, side, |(class, found)| self.count(class, found) as i64);
        let (_, columns) = kuhn_munkres(&weights);
        columns.into_iter().take(self.classes).map(|column| (column < self.found).then_some(column as u8)).collect()
    }

    /// Clustering accuracy: the fraction of points whose cluster is assigned to their class by [`Contingency::matching`].
    pub fn matched_accuracy(&self) -> f64 {
        let matched = self.matching().into_iter().enumerate();
        let agreeing: u64 =
            matched.map(|(class, found)| self.count(class, found.map_or(usize::MAX, usize::from))).sum();
        agreeing as f64 / self.total() as f64
    }

    /// Normalised mutual information, normalised by the arithmetic mean of the entropies; 1 where both sides are a single
    /// group.
    pub fn nmi(&self) -> f64 {
        let (rows, columns, n) = (self.row_sums(), self.column_sums(), self.total() as f64);
        let entropy = |sums: &[u64]| -> f64 {
            sums.iter().filter(|&&sum| sum > 0).map(|&sum| -(sum as f64 / n) * (sum as f64 / n).ln()).sum()
        };
        let (truth, found) = (entropy(&rows), entropy(&columns));
        if truth == 0.0 && found == 0.0 {
            return 1.0;
        }
        let mut information = 0.0;
        for (counts, &row) in self.counts.chunks_exact(self.found).zip(&rows) {
            for (&count, &column) in counts.iter().zip(&columns).filter(|(count, _)| **count > 0) {
                let independent = row as f64 * column as f64 / n;
                information += count as f64 / n * (count as f64 / independent).ln();
            }
        }
        information.max(0.0) / (0.5 * (truth + found))
    }

    /// Adjusted Rand index (Hubert and Arabie, 1985): 1 for equal partitions, 0 on average for independent ones.
    pub fn ari(&self) -> f64 {
        let squares = |counts: &[u64]| counts.iter().map(|&count| i128::from(count).pow(2)).sum::<i128>();
        let n = i128::from(self.total());
        let both = squares(&self.counts);
        // Ordered pairs of points: together in both partitions, in one, in neither.
        let together = both - n;
        let only_found = squares(&self.column_sums()) - both;
        let only_truth = squares(&self.row_sums()) - both;
        let apart = n * n - both - only_found - only_truth;
        if only_found == 0 && only_truth == 0 {
            return 1.0;
        }
        let product = |a: i128, b: i128| a as f64 * b as f64;
        2.0 * (product(together, apart) - product(only_truth, only_found))
            / (product(together + only_truth, only_truth + apart) + product(together + only_found, only_found + apart))
    }
}

/// Mean and sample standard deviation (n - 1) of values; the deviation of a single value is 0, and both are NaN where
/// there is none.
pub fn mean_and_deviation(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    match values.len() {
        0 => (f64::NAN, f64::NAN),
        1 => (mean, 0.0),
        _ => (mean, (squares / (n - 1.0)).sqrt()),
    }
}

/// Coefficient of determination, `1 - residual / variation`. Where the truth is constant: 1 for exact predictions, else 0.
///
/// # Errors
/// When the lists are empty or of different lengths.
pub fn r_squared<T: Copy + Into<f64>>(truth: &[T], predicted: &[T]) -> Result<f64, EvalError> {
    if truth.len() != predicted.len() {
        return Err(EvalError::Lengths { left: truth.len(), right: predicted.len() });
    }
    if truth.is_empty() {
        return Err(EvalError::TooFew { what: "values", found: 0, wanted: 1 });
    }
    let mean = truth.iter().map(|&x| x.into()).sum::<f64>() / truth.len() as f64;
    let variation: f64 = truth.iter().map(|&x| (x.into() - mean).powi(2)).sum();
    let residual: f64 = truth.iter().zip(predicted).map(|(&x, &y)| (x.into() - y.into()).powi(2)).sum();
    Ok(if residual == 0.0 {
        1.0
    } else if variation == 0.0 {
        0.0
    } else {
        1.0 - residual / variation
    })
}
