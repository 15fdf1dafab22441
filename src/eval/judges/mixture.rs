//! How well clusters agree with classes.

use super::CONTENT;
use crate::eval::EvalError;
use crate::eval::clustering::{Settings, cluster};
use crate::eval::judge::{Case, Column, Judge, Judges, Unit};
use crate::eval::metrics::Contingency;
use serde::{Deserialize, Serialize};

/// How well clusters agree with classes.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Clusters {
    /// Accuracy after matching clusters to classes by the Hungarian method.
    pub accuracy: f64,
    /// Normalised mutual information.
    pub nmi: f64,
    /// Adjusted Rand index.
    pub ari: f64,
    /// Whether the best start of the mixture converged.
    pub converged: bool,
}

/// A mixture of as many Gaussians as there are classes, fitted to the training images without labels and asked about the test
/// images.
#[derive(Debug)]
pub struct Mixture;

impl Judge for Mixture {
    const KEY: &'static str = "verdict.content.gmm";
    type Scores = Clusters;

    fn judge(case: &mut Case<'_>) -> Result<Option<Clusters>, EvalError> {
        let Some(classes) = case.classes() else { return Ok(None) };
        (case.say)("mixture of Gaussians");
        let Judges { mixture_starts: starts, seed, .. } = *case.judges;
        let settings = Settings { starts, seed, ..Settings::new(classes) };
        match cluster(case.train.rows(), case.test.rows(), &settings) {
            Ok(found) => {
                let table = Contingency::new(case.test.labels(), &found.labels)?;
                let (accuracy, nmi, ari) = (table.matched_accuracy(), table.nmi(), table.ari());
                case.predictions.insert("gmm", found.labels);
                Ok(Some(Clusters { accuracy, nmi, ari, converged: found.converged }))
            }
            Err(error @ (EvalError::Collapsed { .. } | EvalError::Singular { .. } | EvalError::OutOfRange { .. })) => {
                case.notes.push(format!("mixture of Gaussians: {error}"));
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    fn columns(scores: Option<&Clusters>) -> Vec<Column> {
        let column = |name, unit, score: fn(&Clusters) -> f64| Column::new(CONTENT, name, unit, scores.map(score));
        vec![
            column("GMM", Unit::Percent, |clusters| clusters.accuracy),
            column("NMI", Unit::Ratio, |clusters| clusters.nmi),
            column("ARI", Unit::Ratio, |clusters| clusters.ari),
        ]
    }
}
