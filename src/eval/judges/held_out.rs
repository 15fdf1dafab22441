//! The objective on images that it was not trained on, and the evidence bound.

use super::GENERATION;
use crate::eval::EvalError;
use crate::eval::judge::{Case, Column, Judge, Unit};
use crate::kernels::loss::likelihood::LikelihoodKind;
use crate::kernels::loss::simvae::ContentPrior;
use crate::methods::{Latents, TermMeans};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The objective and its terms on views of the test images, as they are logged in training; empty for the untrained encoder. Terms that the
/// test images do not define are left out, with a note.
#[derive(Debug)]
pub struct HeldOut;

/// The evidence bound per view of a test image; see [`Objective::bound`](crate::methods::Objective::bound).
#[derive(Debug)]
pub struct Bound;

/// A bound, and what it bounds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// The bound of a view, with all constants, in nats.
    pub nats: f64,
    /// What of it is the normaliser of the likelihood.
    pub likelihood_constant: f64,
    /// What p(x given z) is.
    pub likelihood: Likelihood,
    /// What p(z) is.
    pub prior: Prior,
}

/// What the probability of the pixels given the latents is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Likelihood {
    /// A density over pixels, whose range is 0..=1.
    Density,
    /// A probability of black and white pixels.
    Probability,
    /// A cross-entropy of grey pixels, or one divided by a variance, to which no normaliser is added: comparable only between
    /// methods that share it.
    Unnormalised,
}

/// What the distribution of the latents is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Prior {
    /// A density.
    Proper,
    /// One around a uniform content, which has no density: it counts as one of the height that a standard normal has at its
    /// mode. The bound then grows with the unit of the latents, and stands in a column of its own.
    Flat,
}

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
    type Scores = Evidence;

    fn judge(case: &mut Case<'_>) -> Result<Option<Evidence>, EvalError> {
        let terms: Vec<f64> = case.held_out()?.into_iter().skip(1).map(|(_, loss)| loss).collect();
        let (blueprint, settings) = (&case.session.blueprint, case.config.likelihood);
        let (views, latent) = (case.config.views, blueprint.model.networks.latent);
        let bound = blueprint.objective.bound(&TermMeans { terms: &terms, views, latent });
        let prior = match blueprint.objective.latents() {
            Latents::Around { content: ContentPrior::Uniform, .. } => Prior::Flat,
            Latents::Around { content: ContentPrior::Gaussian, .. } | Latents::Normal => Prior::Proper,
        };
        let likelihood = match settings.kind {
            LikelihoodKind::Gaussian => Likelihood::Density,
            LikelihoodKind::Bernoulli if case.config.augment.threshold && settings.variance == 1.0 => {
                Likelihood::Probability
            }
            LikelihoodKind::Bernoulli => Likelihood::Unnormalised,
        };
        let likelihood_constant = settings.constant(case.data.test.seen.bytes());
        let nats = bound.and_then(|bound| case.finite("the evidence bound", bound + likelihood_constant));
        Ok(nats.map(|nats| Evidence { nats, likelihood_constant, likelihood, prior }))
    }

    fn columns(scores: Option<&Evidence>) -> Vec<Column> {
        let of = |prior| scores.filter(|found| found.prior == prior).map(|found| found.nats);
        let column = |name, prior| Column::new(GENERATION, name, Unit::Nats, of(prior));
        let mut columns = vec![column("evidence bound per view", Prior::Proper)];
        if of(Prior::Flat).is_some() {
            columns.push(column("bound per view, uniform content", Prior::Flat));
        }
        columns
    }
}
