//! Probes: a linear layer or a small MLP, trained on frozen embeddings. How well it predicts the class, or the factors of
//! style, says what the representation holds (Bizeul, Schölkopf and Allen, 2024, section 6).
//!
//! A probe is a model like any other: it is recorded once into a plan and trains on the device that it is given. The
//! embeddings are uploaded once; an evaluation reads back one number per output. Only [`logistic`] is solved on the CPU.

mod fit;
mod logistic;
mod moments;
mod whitening;

use super::{EvalError, Labelled, Measured, Rows};
use crate::device::{Device, Values};
use fit::{Kind, Task, fit};
pub use logistic::{Logistic, LogisticSettings, logistic};
pub(crate) use moments::Moments;
pub(crate) use whitening::Whitening;

/// The model on top of the embeddings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Head {
    /// One linear layer.
    Linear,
    /// One hidden layer with ReLU.
    Mlp {
        /// Its width; `None` is the width of the embeddings.
        hidden: Option<usize>,
    },
}

/// How a probe is trained; the default is the paper's linear probe.
#[derive(Clone, Debug, PartialEq)]
pub struct ProbeSettings {
    /// The model.
    pub head: Head,
    /// Adam's learning rate, constant.
    pub learning_rate: f64,
    /// Passes over the training rows.
    pub epochs: u32,
    /// Rows of a step; all of them where there are fewer.
    pub batch: usize,
    /// Epochs between two evaluations of a classification; the last epoch is always evaluated.
    pub evaluate_every: u32,
    /// Shift and scale each column of the embeddings to mean 0 and deviation 1 on the training rows. Probes of factors do more, always:
    /// see [`regress`].
    pub standardise: bool,
    /// Seed of the initial weights and of the order of the rows.
    pub seed: u64,
}

impl Default for ProbeSettings {
    fn default() -> Self {
        Self {
            head: Head::Linear,
            learning_rate: 3e-4,
            epochs: 200,
            batch: 128,
            evaluate_every: 1,
            standardise: false,
            seed: 0,
        }
    }
}

/// What a classification reached.
#[derive(Clone, Debug, PartialEq)]
pub struct ProbeResult {
    /// Test accuracy after the last epoch, in 0..=1.
    pub last: f64,
    /// The best test accuracy of any evaluation. Optimistic: the test rows chose the epoch.
    pub best: f64,
    /// The first epoch that reached it, from 1.
    pub best_epoch: u32,
    /// Mean cross-entropy of the epoch's training steps at each evaluation.
    pub losses: Vec<f64>,
}

/// Trains a classifier on the training rows and returns its accuracy on the test rows.
///
/// # Errors
/// When the sets have different widths, a label is not below `classes`, the settings make no sense, the training diverges or the
/// device fails.
pub fn classify(
    device: &Device,
    train: Labelled<'_>,
    test: Labelled<'_>,
    classes: usize,
    settings: &ProbeSettings,
) -> Result<ProbeResult, EvalError> {
    let (known, asked) = (train.rows(), test.rows());
    known.check_width(asked)?;
    let words = |set: Labelled<'_>| {
        set.check_classes(classes)?;
        Ok::<_, EvalError>(Values::U32(set.labels().iter().map(|&label| label.into()).collect()))
    };
    let task = Task { kind: Kind::Classes, outputs: classes, train: words(train)?, test: words(test)? };
    let history = match settings.standardise {
        true => {
            let moments = Moments::of(known);
            let (x, y) = (moments.standardise(known), moments.standardise(asked));
            fit(device, known.with(&x), asked.with(&y), &task, settings)?
        }
        false => fit(device, known, asked, &task, settings)?,
    };
    let accuracies = history.iter().map(|evaluation| evaluation.scores[0] / asked.count() as f64);
    let (mut last, mut best, mut best_epoch) = (0.0, -1.0, 0);
    for (accuracy, evaluation) in accuracies.zip(&history) {
        last = accuracy;
        if accuracy > best {
            (best, best_epoch) = (accuracy, evaluation.epoch);
        }
    }
    Ok(ProbeResult { last, best, best_epoch, losses: history.iter().map(|evaluation| evaluation.loss).collect() })
}

/// The scores after the last epoch, of embeddings that are whitened by the known ones.
fn last_scores(
    device: &Device,
    known: Rows<'_>,
    asked: Rows<'_>,
    task: &Task,
    settings: &ProbeSettings,
) -> Result<Vec<f64>, EvalError> {
    let settings = ProbeSettings { evaluate_every: settings.epochs, ..settings.clone() };
    let whitening = Whitening::of(known);
    let (x, y) = (whitening.whiten(known), whitening.whiten(asked));
    let last = fit(device, known.with(&x), asked.with(&y), task, &settings)?.pop();
    Ok(last.map_or_else(Vec::new, |evaluation| evaluation.scores))
}

/// The rows of two sets, if those of the one can be told by those of the other.
fn comparable<'a>(train: Measured<'a>, test: Measured<'a>) -> Result<(Rows<'a>, Rows<'a>), EvalError> {
    train.rows().check_width(test.rows())?;
    train.factors().check_width(test.factors())?;
    Ok((train.rows(), test.rows()))
}

/// Trains one model that predicts all factors of the training rows, and returns the coefficient of
/// determination R^2 of each on the test rows after the last epoch: 1 is a perfect prediction, 0 no better than the mean.
/// `None` where a factor does not vary among the test rows.
///
/// Embeddings are whitened and factors standardised by the training rows. For a linear probe that changes no R^2 that can be reached, only the
/// steps that Adam takes to get there: along columns that are correlated, as those of discriminative methods are, it would take many times
/// as many. Its factors do not interact. The factors of an MLP share its hidden layer.
///
/// # Errors
/// When the sets have different widths, the settings make no sense, the training diverges or the device fails.
pub fn regress(
    device: &Device,
    train: Measured<'_>,
    test: Measured<'_>,
    settings: &ProbeSettings,
) -> Result<Vec<Option<f64>>, EvalError> {
    let (known, asked) = comparable(train, test)?;
    let targets = Moments::of(train.factors());
    let wanted = targets.standardise(test.factors());
    let deviations = Moments::of(test.factors().with(&wanted)).deviations;
    let task = Task {
        kind: Kind::Factors,
        outputs: targets.width(),
        train: Values::F32(targets.standardise(train.factors())),
        test: Values::F32(wanted),
    };
    let errors = last_scores(device, known, asked, &task, settings)?;
    let explained = |(error, deviation): (f64, &f64)| {
        let total = deviation * deviation * asked.count() as f64;
        (total > 0.0).then(|| 1.0 - error / total)
    };
    Ok(errors.into_iter().zip(&deviations).map(explained).collect())
}

/// Trains one model that answers all questions about the training rows, whose factors are 1 for yes and 0 for no, and returns the
/// balanced accuracy of each on the test rows after the last epoch: the mean of the fractions of yes and of no that are
/// recognised, which a constant answer has at one half. `None` where the test rows have only one answer.
///
/// Embeddings are whitened as in [`regress`]; the loss is the sum of the questions' cross-entropies. The questions share
/// nothing in a linear probe, and an MLP's hidden layer.
///
/// # Errors
/// When the sets have different widths, the settings make no sense, the training diverges or the device fails.
pub fn answer(
    device: &Device,
    train: Measured<'_>,
    test: Measured<'_>,
    settings: &ProbeSettings,
) -> Result<Vec<Option<f64>>, EvalError> {
    let (known, asked) = comparable(train, test)?;
    let outputs = train.factors().width();
    let answers = |factors: Rows<'_>| -> Vec<f32> {
        factors.values().iter().map(|&factor| f32::from(u8::from(factor >= 0.5))).collect()
    };
    let wanted = answers(test.factors());
    let count = |question: usize| wanted.iter().skip(question).step_by(outputs).map(|&yes| f64::from(yes)).sum::<f64>();
    let yes: Vec<f64> = (0..outputs).map(count).collect();
    let task = Task {
        kind: Kind::Attributes,
        outputs,
        train: Values::F32(answers(train.factors())),
        test: Values::F32(wanted),
    };
    let scores = last_scores(device, known, asked, &task, settings)?;
    let (right_yes, right_no) = scores.split_at(outputs);
    let balanced = |((yes, right_yes), right_no): ((f64, &f64), &f64)| {
        let no = asked.count() as f64 - yes;
        (yes > 0.0 && no > 0.0).then(|| 0.5 * (right_yes / yes + right_no / no))
    };
    Ok(yes.into_iter().zip(right_yes).zip(right_no).map(balanced).collect())
}
