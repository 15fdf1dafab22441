//! How well the nearest training images tell the class.

use super::CONTENT;
use crate::eval::EvalError;
use crate::eval::judge::{Case, Column, Judge, Unit};
use crate::eval::knn::{Metric, choose_k};
use serde::{Deserialize, Serialize};

/// Accuracy of nearest neighbours.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Nearest {
    /// Neighbours, chosen on a tenth of the training images.
    pub k: usize,
    /// Accuracy with all training images known.
    pub accuracy: f64,
}

/// Nearest neighbours by Euclidean distance.
#[derive(Debug)]
pub struct EuclideanNeighbours;

/// Nearest neighbours by cosine distance.
#[derive(Debug)]
pub struct CosineNeighbours;

impl Judge for EuclideanNeighbours {
    const KEY: &'static str = "verdict.content.knn_euclidean";
    type Scores = Nearest;

    fn judge(case: &mut Case<'_>) -> Result<Option<Nearest>, EvalError> {
        nearest(case, "nearest neighbours", "knn.euclidean", Metric::Euclidean)
    }

    fn columns(scores: Option<&Nearest>) -> Vec<Column> {
        vec![Column::new(CONTENT, "k-NN", Unit::Percent, scores.map(|nearest| nearest.accuracy))]
    }
}

impl Judge for CosineNeighbours {
    const KEY: &'static str = "verdict.content.knn_cosine";
    type Scores = Nearest;

    fn judge(case: &mut Case<'_>) -> Result<Option<Nearest>, EvalError> {
        nearest(case, "neighbours by angle", "knn.cosine", Metric::Cosine)
    }

    fn columns(scores: Option<&Nearest>) -> Vec<Column> {
        vec![Column::new(CONTENT, "k-NN, cosine", Unit::Percent, scores.map(|nearest| nearest.accuracy))]
    }
}

fn nearest(
    case: &mut Case<'_>,
    name: &str,
    predictions: &'static str,
    metric: Metric,
) -> Result<Option<Nearest>, EvalError> {
    if case.classes().is_none() {
        return Ok(None);
    }
    (case.say)(name);
    let chosen = match choose_k(case.device, case.train, case.test, metric, case.judges.seed) {
        Err(error @ EvalError::TooFew { .. }) => {
            case.notes.push(format!("{name}: {error}"));
            return Ok(None);
        }
        chosen => chosen?,
    };
    case.predictions.insert(predictions, chosen.predictions);
    Ok(Some(Nearest { k: chosen.k, accuracy: chosen.accuracy }))
}
