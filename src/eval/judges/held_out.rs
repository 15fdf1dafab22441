//! The objective on images that it was not trained on, and the evidence bound.

use super::GENERATION;
use crate::eval::EvalError;
use crate::eval::judge::{Case, Column, Judge, Unit};
use crate::kernels::loss::likelihood::LikelihoodKind;
use crate::kernels::loss::simvae::ContentPrior;
use crate::methods::{Latents, TermMeans};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The objective and its terms on views of the test images, as they are logged in training, but that a method which compares images has 64
/// of them to compare, whatever its batch; empty for the untrained encoder. Terms that the test images do not define are left out, with a
/// note.
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
    /// What the cross-entropy of an unnormalised one is divided by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub divisor: Option<f64>,
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
    /// mode. The bound then grows with the unit of the latents.
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
        let divisor = (likelihood == Likelihood::Unnormalised).then_some(settings.variance);
        let nats = bound.and_then(|bound| case.finite("the evidence bound", bound + likelihood_constant));
        Ok(nats.map(|nats| Evidence { nats, likelihood_constant, likelihood, divisor, prior }))
    }

    fn columns(scores: Option<&Evidence>) -> Vec<Column> {
        let column = |name: &str, nats| Column::new(GENERATION, name, Unit::Nats, nats);
        let other = scores.and_then(|found| Some((found.apart()?, found.nats)));
        let usual = scores.filter(|_| other.is_none()).map(|found| found.nats);
        let mut columns = vec![column("evidence bound per view", usual)];
        columns.extend(other.map(|(name, nats)| column(&name, Some(nats))));
        columns
    }
}

impl Evidence {
    /// The column of a bound that does not stand beside those of densities of pixels under densities of latents; none for one of those.
    fn apart(&self) -> Option<String> {
        let pixels = match (self.likelihood, self.divisor) {
            (Likelihood::Density, _) => "",
            (Likelihood::Probability, _) => ", black and white",
            (Likelihood::Unnormalised, None) => ", cross-entropy",
            (Likelihood::Unnormalised, Some(divisor)) => &format!(", cross-entropy / {divisor}"),
        };
        let content = if self.prior == Prior::Flat { ", uniform content" } else { "" };
        (!pixels.is_empty() || !content.is_empty()).then(|| format!("bound per view{pixels}{content}"))
    }
}
