//! The objective on images that it was not trained on, and the evidence bound.

use super::GENERATION;
use crate::eval::EvalError;
use crate::eval::judge::{Case, Column, Judge, Unit};
use std::collections::BTreeMap;

/// The objective and its terms on views of the test images, as they are logged in training; empty for the untrained encoder. Terms that the
/// test images do not define are left out, with a note.
#[derive(Debug)]
pub struct HeldOut;

/// The evidence bound per view of a test image; see [`Objective::bound`](crate::methods::Objective::bound).
#[derive(Debug)]
pub struct Bound;

impl Judge for HeldOut {
    const KEY: &'static str = "held_out";
    type Scores = BTreeMap<String, f64>;

    fn judge(case: &mut Case<'_>) -> Result<Option<BTreeMap<String, f64>>, EvalError> {
        let mut finite = BTreeMap::new();
        for (term, loss) in case.held_out()? {
            if let Some(loss) = case.finite(&format!("the held-out loss `{term}`"), loss) {
                finite.insert(term.to_owned(), loss);
            }
        }
        Ok(Some(finite))
    }

    fn columns(_scores: Option<&BTreeMap<String, f64>>) -> Vec<Column> {
        Vec::new()
    }
}

impl Judge for Bound {
    const KEY: &'static str = "bound";
    type Scores = f64;

    fn judge(case: &mut Case<'_>) -> Result<Option<f64>, EvalError> {
        let terms: Vec<f64> = case.held_out()?.into_iter().skip(1).map(|(_, loss)| loss).collect();
        let bound = case.session.blueprint.objective.bound(&terms);
        Ok(bound.and_then(|bound| case.finite("the evidence bound", bound)))
    }

    fn columns(scores: Option<&f64>) -> Vec<Column> {
        vec![Column::new(GENERATION, "evidence bound per view", Unit::Nats, scores.copied())]
    }
}
