//! The linear probe that has converged: multinomial logistic regression on standardised embeddings, solved on the CPU in
//! double precision until its gradient vanishes. It depends neither on the embedding's scale nor on steps, rates or seeds.
//!
//! The penalty is that of scikit-learn's `LogisticRegression` with `C = 1`, so that both find the same minimum; of two classes, which have a
//! vector each here and one in all there, it is that of `C = 2`.

use super::Moments;
use crate::math::gemm::{Matrix, gemm};
use crate::math::lbfgs::{Limits, minimise};
use crate::measure::{EvalError, Labelled, Rows};
use rayon::prelude::*;

/// Rows that are summed in order; their sums are added in order too.
const ROWS_AT_A_TIME: usize = 256;

/// What is minimised and when it is good enough; the default is what judges use.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LogisticSettings {
    /// The penalty: the sum over the training rows of the cross-entropies, plus this times half the squared weights (not the
    /// biases), is minimised. One, scikit-learn's default, is little where there are thousands of rows.
    pub penalty: f64,
    /// The Euclidean norm of the gradient of that sum, divided by the number of rows, at which the fit has converged.
    pub gradient_norm: f64,
    /// Steps of L-BFGS at most.
    pub iterations: u32,
}

impl Default for LogisticSettings {
    fn default() -> Self {
        Self { penalty: 1.0, gradient_norm: 1e-8, iterations: 10_000 }
    }
}

/// What a fit reached.
#[derive(Clone, Debug, PartialEq)]
pub struct Logistic {
    /// The most probable class of each test row; the first among equals.
    pub predictions: Vec<u8>,
    /// Fraction of the test rows whose class it is.
    pub accuracy: f64,
    /// Mean cross-entropy of the training rows, without the penalty.
    pub loss: f64,
    /// The gradient's norm at the end.
    pub gradient_norm: f64,
    /// Steps taken.
    pub iterations: u32,
    /// Whether the norm is within the settings'.
    pub converged: bool,
}

/// Fits the training rows, standardised by their mean and deviation, and predicts the test rows' classes.
///
/// # Errors
/// When the sets have different widths, a label is not below `classes`, or a setting makes no sense.
pub fn logistic(
    train: Labelled<'_>,
    test: Labelled<'_>,
    classes: usize,
    settings: &LogisticSettings,
) -> Result<Logistic, EvalError> {
    train.rows().check_width(test.rows())?;
    train.check_classes(classes)?;
    test.check_classes(classes)?;
    let LogisticSettings { penalty, gradient_norm, iterations } = *settings;
    for (name, value) in [("penalty", penalty), ("gradient norm", gradient_norm)] {
        if !(value.is_finite() && value > 0.0) {
            let value = value.to_string();
            return Err(EvalError::Setting { name, value, wanted: "a positive number" });
        }
    }
    let moments = Moments::of(train.rows());
    let (known, asked) = (Design::new(&moments, train.rows()), Design::new(&moments, test.rows()));
    let count = known.rows as f64;
    let mut scores = vec![0.0; known.rows * classes];
    let limits = Limits { gradient_norm, iterations };
    let found = minimise(vec![0.0; classes * known.width], limits, |weights, gradient| {
        known.scores(weights, &mut scores);
        let cross_entropy = into_errors(&mut scores, train.labels(), classes) / count;
        gemm(known.matrix_of(&scores, classes).t(), known.matrix(), gradient, false);
        let mut squares = 0.0;
        for (gradient, weights) in gradient.chunks_exact_mut(known.width).zip(weights.chunks_exact(known.width)) {
            gradient.iter_mut().for_each(|g| *g /= count);
            // The last weight of a class is its bias.
            for (g, w) in gradient.iter_mut().zip(weights).take(known.width - 1) {
                *g += penalty / count * w;
                squares += w * w;
            }
        }
        cross_entropy + 0.5 * penalty / count * squares
    });
    let mut scores = vec![0.0; known.rows.max(asked.rows) * classes];
    known.scores(&found.x, &mut scores[..known.rows * classes]);
    let loss = into_errors(&mut scores[..known.rows * classes], train.labels(), classes) / count;
    let scores = &mut scores[..asked.rows * classes];
    asked.scores(&found.x, scores);
    let best = |scores: &[f64]| (1..classes).fold(0, |best, c| if scores[c] > scores[best] { c } else { best }) as u8;
    let predictions: Vec<u8> = scores.chunks_exact(classes).map(best).collect();
    let hits = predictions.iter().zip(test.labels()).filter(|(found, label)| found == label).count();
    Ok(Logistic {
        accuracy: hits as f64 / asked.rows as f64,
        predictions,
        loss,
        gradient_norm: found.gradient_norm,
        iterations: found.iterations,
        converged: found.gradient_norm <= gradient_norm,
    })
}

/// Standardised rows with a one behind each, which the bias multiplies.
struct Design {
    values: Vec<f64>,
    rows: usize,
    width: usize,
}

impl Design {
    fn new(moments: &Moments, rows: Rows<'_>) -> Self {
        let standardised = moments.standardise(rows);
        let with_one = |row: &[f32]| row.iter().map(|&x| f64::from(x)).chain([1.0]).collect::<Vec<f64>>();
        let values = standardised.chunks_exact(rows.width()).flat_map(with_one).collect();
        Self { values, rows: rows.count(), width: rows.width() + 1 }
    }

    fn matrix(&self) -> Matrix<'_, f64> {
        self.matrix_of(&self.values, self.width)
    }

    fn matrix_of<'a>(&self, values: &'a [f64], width: usize) -> Matrix<'a, f64> {
        Matrix::new(values, self.rows, width)
    }

    /// The scores `[rows, classes]` of weights `[classes, width]`.
    fn scores(&self, weights: &[f64], scores: &mut [f64]) {
        gemm(self.matrix(), Matrix::new(weights, weights.len() / self.width, self.width).t(), scores, false);
    }
}

/// Turns scores into the cross-entropy's derivatives with respect to them, and returns the sum of the cross-entropies.
fn into_errors(scores: &mut [f64], labels: &[u8], classes: usize) -> f64 {
    let row = |(scores, &label): (&mut [f64], &u8)| {
        let own = scores[usize::from(label)];
        let most = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        scores.iter_mut().for_each(|score| *score = (*score - most).exp());
        let sum = scores.iter().sum::<f64>();
        scores.iter_mut().for_each(|score| *score /= sum);
        scores[usize::from(label)] -= 1.0;
        most + sum.ln() - own
    };
    let parts = scores.par_chunks_mut(ROWS_AT_A_TIME * classes).zip(labels.par_chunks(ROWS_AT_A_TIME));
    let sums: Vec<f64> =
        parts.map(|(scores, labels)| scores.chunks_exact_mut(classes).zip(labels).map(row).sum::<f64>()).collect();
    sums.iter().sum()
}
