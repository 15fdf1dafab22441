//! The variances that a run has learned: no scores, and what its bound is under.

use super::GENERATION;
use crate::eval::EvalError;
use crate::eval::judge::{Case, Column, Judge, Unit};
use crate::train::LearnedVariances;

/// The variances that are learned; none where there are none.
#[derive(Debug)]
pub struct Variances;

impl Judge for Variances {
    const KEY: &'static str = "learned_variances";
    type Scores = LearnedVariances;

    fn judge(case: &mut Case<'_>) -> Result<Option<LearnedVariances>, EvalError> {
        let LearnedVariances { pixels, latents } = case.session.learned_variances()?;
        let pixels = pixels.and_then(|variance| case.finite("the learned variance of the pixels", variance));
        let latents = latents.and_then(|variance| case.finite("the learned variance of the latents", variance));
        Ok((pixels.is_some() || latents.is_some()).then_some(LearnedVariances { pixels, latents }))
    }

    fn columns(scores: Option<&LearnedVariances>) -> Vec<Column> {
        let found = scores.map(|found| [("pixel variance, learned", found.pixels), ("s^2, learned", found.latents)]);
        let learned = found.into_iter().flatten().filter(|(_, variance)| variance.is_some());
        learned.map(|(name, variance)| Column::new(GENERATION, name, Unit::Amount, variance)).collect()
    }
}
