//! How well a probe tells the class.

use super::CONTENT;
use crate::eval::EvalError;
use crate::eval::judge::{Case, Column, Judge, Judges, Unit};
use crate::eval::probe::{Head, Logistic, LogisticSettings, ProbeResult, ProbeSettings, classify, logistic};
use serde::{Deserialize, Serialize};

/// Accuracy of a trained probe on the test images, in 0..=1.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Accuracy {
    /// After the last epoch.
    pub last: f64,
    /// The best of all epochs. Optimistic: the test images chose the epoch.
    pub best: f64,
    /// The epoch that reached it first.
    pub best_epoch: u32,
}

/// What a linear probe that has converged tells; see [`logistic`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Converged {
    /// Accuracy on the test images, in 0..=1.
    pub accuracy: f64,
    /// Mean cross-entropy of the training images, without the penalty.
    pub loss: f64,
    /// The penalty: see [`LogisticSettings::penalty`].
    pub penalty: f64,
    /// Norm of the gradient at the end, for a mean over the training images.
    pub gradient_norm: f64,
    /// The norm that was asked for.
    pub gradient_norm_wanted: f64,
    /// Steps of L-BFGS.
    pub iterations: u32,
    /// Whether the gradient's norm is as wanted; else the accuracy stands in no table.
    pub converged: bool,
}

/// A linear probe, trained as in the paper.
#[derive(Debug)]
pub struct LinearProbe;

/// A linear probe on standardised representations that has converged.
#[derive(Debug)]
pub struct ConvergedProbe;

/// A probe with one hidden layer as wide as the representation.
#[derive(Debug)]
pub struct MlpProbe;

/// The head of [`MlpProbe`].
pub(super) const MLP: Head = Head::Mlp { hidden: None };

impl Judge for LinearProbe {
    const KEY: &'static str = "verdict.content.linear";
    type Scores = Accuracy;

    fn judge(case: &mut Case<'_>) -> Result<Option<Accuracy>, EvalError> {
        content(case, "linear probe", Head::Linear)
    }

    fn columns(scores: Option<&Accuracy>) -> Vec<Column> {
        columns(["linear, last", "linear, best"], scores)
    }
}

impl Judge for ConvergedProbe {
    const KEY: &'static str = "verdict.content.linear_converged";
    type Scores = Converged;

    fn judge(case: &mut Case<'_>) -> Result<Option<Converged>, EvalError> {
        let Some(classes) = case.classes() else { return Ok(None) };
        (case.say)("linear probe, converged");
        let settings = LogisticSettings::default();
        let found = logistic(case.train, case.test, classes, &settings)?;
        let Logistic { accuracy, loss, gradient_norm, iterations, converged, .. } = found;
        let LogisticSettings { penalty, gradient_norm: gradient_norm_wanted, .. } = settings;
        if !converged {
            case.notes.push(format!(
                "linear probe, converged: left out, its gradient is still {gradient_norm:e} after {iterations} steps, not \
                 {gradient_norm_wanted:e}"
            ));
        }
        case.predictions.insert("linear.converged", found.predictions);
        Ok(Some(Converged { accuracy, loss, penalty, gradient_norm, gradient_norm_wanted, iterations, converged }))
    }

    fn columns(scores: Option<&Converged>) -> Vec<Column> {
        let accuracy = scores.filter(|found| found.converged).map(|found| found.accuracy);
        vec![Column::new(CONTENT, "linear, converged", Unit::Percent, accuracy)]
    }
}

impl Judge for MlpProbe {
    const KEY: &'static str = "verdict.content.mlp";
    type Scores = Accuracy;

    fn judge(case: &mut Case<'_>) -> Result<Option<Accuracy>, EvalError> {
        content(case, "MLP probe", MLP)
    }

    fn columns(scores: Option<&Accuracy>) -> Vec<Column> {
        columns(["MLP, last", "MLP, best"], scores)
    }
}

fn content(case: &mut Case<'_>, name: &str, head: Head) -> Result<Option<Accuracy>, EvalError> {
    let Some(classes) = case.classes() else { return Ok(None) };
    (case.say)(name);
    let found = classify(case.device, case.train, case.test, classes, &settings(case.judges, head))?;
    let ProbeResult { last, best, best_epoch, .. } = found;
    Ok(Some(Accuracy { last, best, best_epoch }))
}

fn columns([last, best]: [&str; 2], scores: Option<&Accuracy>) -> Vec<Column> {
    vec![
        Column::new(CONTENT, last, Unit::Percent, scores.map(|accuracy| accuracy.last)),
        Column::new(CONTENT, best, Unit::Percent, scores.map(|accuracy| accuracy.best)),
    ]
}

/// How the probes of a judgement are trained.
pub(super) fn settings(judges: &Judges, head: Head) -> ProbeSettings {
    let Judges { probe_epochs: epochs, seed, .. } = *judges;
    ProbeSettings { head, epochs, seed, ..ProbeSettings::default() }
}
