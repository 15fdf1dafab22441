//! All judges of a representation, one after the other: how much content it holds, and how much style.

use super::clustering::{self, cluster};
use super::knn::{Metric, choose_k};
use super::metrics::Contingency;
use super::probe::{Head, ProbeResult, ProbeSettings, classify, regress};
use super::{EvalError, Labelled, Measured};
use crate::device::Device;
use serde::{Deserialize, Serialize};

/// What is judged.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// Representations that the judges learn from, with their classes.
    pub train: Labelled<'a>,
    /// Those that they are asked about.
    pub test: Labelled<'a>,
    /// Number of classes; with fewer than two there is no content to judge.
    pub classes: usize,
    /// The style factors of the images; none where they are unknown.
    pub style: Option<Style<'a>>,
}

/// The style of the images that are judged.
#[derive(Clone, Copy, Debug)]
pub struct Style<'a> {
    /// Names of the factors.
    pub names: &'a [String],
    /// Whether they are yes or no rather than continuous.
    pub binary: bool,
    /// Representations that the judges learn from, with their factors.
    pub train: Measured<'a>,
    /// Those that they are asked about.
    pub test: Measured<'a>,
}

/// How to judge. The defaults are the paper's, but for the mixture: it is fitted to the test images, the authors' to the
/// training images.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Judges {
    /// Epochs of each probe.
    pub probe_epochs: u32,
    /// Starts of the mixture of Gaussians.
    pub mixture_starts: u32,
    /// Seed of the probes' weights, of the held-out points and of the mixture.
    pub seed: u64,
}

impl Default for Judges {
    fn default() -> Self {
        Self { probe_epochs: 200, mixture_starts: 20, seed: 0 }
    }
}

/// What the judges found.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// Content; none where the images have no classes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<Content>,
    /// Style: one entry for each factor.
    pub style: Vec<Factor>,
    /// Judges that could not decide, and why.
    pub notes: Vec<String>,
}

/// How well the class can be told from the representation. Accuracies are on the test images, in 0..=1.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Content {
    /// A linear probe.
    pub linear: Accuracy,
    /// A probe with one hidden layer as wide as the representation.
    pub mlp: Accuracy,
    /// Nearest neighbours by Euclidean distance.
    pub knn_euclidean: Nearest,
    /// Nearest neighbours by cosine distance.
    pub knn_cosine: Nearest,
    /// A mixture of as many Gaussians as there are classes, fitted to the test images without labels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gmm: Option<Clusters>,
}

/// Accuracy of a trained probe.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Accuracy {
    /// After the last epoch.
    pub last: f64,
    /// The best of all epochs. Optimistic: the test images chose the epoch.
    pub best: f64,
    /// The epoch that reached it first.
    pub best_epoch: u32,
}

/// Accuracy of nearest neighbours.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Nearest {
    /// Neighbours, chosen on a tenth of the training images.
    pub k: usize,
    /// Accuracy with all training images known.
    pub accuracy: f64,
}

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

/// How well a factor of style can be told from the representation, on the test images.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Factor {
    /// Name.
    pub name: String,
    /// What the scores are.
    pub score: Score,
    /// Of a linear probe; none where the factor does not vary.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub linear: Option<f64>,
    /// Of a probe with one hidden layer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mlp: Option<f64>,
    /// The accuracy of always answering what is most common; only for accuracies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub majority: Option<f64>,
}

/// What a factor's score is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Score {
    /// Coefficient of determination: 1 is perfect, 0 no better than the mean.
    R2,
    /// Fraction of right answers.
    Accuracy,
}

/// The classes and clusters that the judges saw in the test images.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Predictions {
    /// By the nearest neighbours, Euclidean.
    pub knn_euclidean: Vec<u8>,
    /// By the nearest neighbours, cosine.
    pub knn_cosine: Vec<u8>,
    /// Clusters of the mixture.
    pub gmm: Vec<u8>,
}

/// The two probes.
const HEADS: [Head; 2] = [Head::Linear, Head::Mlp { hidden: None }];

/// Runs every judge on a device. `note` hears which one is at work.
///
/// # Errors
/// When the representations do not fit together, or the device fails. A mixture that cannot be fitted, as
/// when the representation has collapsed, becomes a note of the verdict.
pub fn judge(
    device: &Device,
    subject: &Subject<'_>,
    judges: &Judges,
    note: &mut dyn FnMut(&str),
) -> Result<(Verdict, Predictions), EvalError> {
    let mut verdict = Verdict::default();
    let mut predictions = Predictions::default();
    let court = Court { device, subject, judges };
    if subject.classes >= 2 {
        let [linear, mlp] = court.classify(subject.classes, subject.train, subject.test, note)?;
        note("nearest neighbours");
        let (knn_euclidean, euclidean) = court.nearest(Metric::Euclidean)?;
        let (knn_cosine, cosine) = court.nearest(Metric::Cosine)?;
        note("mixture of Gaussians");
        let (gmm, clusters) = court.cluster(&mut verdict.notes)?;
        verdict.content = Some(Content { linear, mlp, knn_euclidean, knn_cosine, gmm });
        predictions = Predictions { knn_euclidean: euclidean, knn_cosine: cosine, gmm: clusters };
    }
    if subject.classes == 1 {
        verdict.notes.push("content: not judged, there is one class".to_owned());
    }
    if let Some(style) = &subject.style {
        verdict.style = if style.binary { court.attributes(style, note)? } else { court.factors(style, note)? };
    }
    Ok((verdict, predictions))
}

struct Court<'a> {
    device: &'a Device,
    subject: &'a Subject<'a>,
    judges: &'a Judges,
}

impl Court<'_> {
    fn probe(&self, head: Head) -> ProbeSettings {
        let Judges { probe_epochs, seed, .. } = *self.judges;
        ProbeSettings { head, epochs: probe_epochs, seed, ..ProbeSettings::default() }
    }

    fn classify(
        &self,
        classes: usize,
        train: Labelled<'_>,
        test: Labelled<'_>,
        note: &mut dyn FnMut(&str),
    ) -> Result<[Accuracy; 2], EvalError> {
        let mut one = |name: &str, head| {
            note(name);
            let settings = self.probe(head);
            let ProbeResult { last, best, best_epoch, .. } = classify(self.device, train, test, classes, &settings)?;
            Ok::<_, EvalError>(Accuracy { last, best, best_epoch })
        };
        Ok([one("linear probe", HEADS[0])?, one("MLP probe", HEADS[1])?])
    }

    fn nearest(&self, metric: Metric) -> Result<(Nearest, Vec<u8>), EvalError> {
        let chosen = choose_k(self.device, self.subject.train, self.subject.test, metric, self.judges.seed)?;
        Ok((Nearest { k: chosen.k, accuracy: chosen.accuracy }, chosen.predictions))
    }

    fn cluster(&self, notes: &mut Vec<String>) -> Result<(Option<Clusters>, Vec<u8>), EvalError> {
        let Judges { mixture_starts: starts, seed, .. } = *self.judges;
        let settings = clustering::Settings { starts, seed, ..clustering::Settings::new(self.subject.classes) };
        let test = &self.subject.test;
        match cluster(test.rows(), &settings) {
            Ok(found) => {
                let table = Contingency::new(test.labels(), &found.labels)?;
                let (accuracy, nmi, ari) = (table.matched_accuracy(), table.nmi(), table.ari());
                Ok((Some(Clusters { accuracy, nmi, ari, converged: found.converged }), found.labels))
            }
            Err(error @ (EvalError::Collapsed { .. } | EvalError::Singular { .. } | EvalError::OutOfRange { .. })) => {
                notes.push(format!("mixture of Gaussians: {error}"));
                Ok((None, Vec::new()))
            }
            Err(error) => Err(error),
        }
    }

    /// Continuous factors: one probe of each kind predicts them all.
    fn factors(&self, style: &Style<'_>, note: &mut dyn FnMut(&str)) -> Result<Vec<Factor>, EvalError> {
        let mut scores = Vec::new();
        for (name, head) in ["style, linear probe", "style, MLP probe"].into_iter().zip(HEADS) {
            note(name);
            scores.push(regress(self.device, style.train, style.test, &self.probe(head))?);
        }
        let factor = |(i, name): (usize, &String)| Factor {
            name: name.clone(),
            score: Score::R2,
            linear: scores[0][i].filter(|score| score.is_finite()),
            mlp: scores[1][i].filter(|score| score.is_finite()),
            majority: None,
        };
        Ok(style.names.iter().enumerate().map(factor).collect())
    }

    /// Factors that are yes or no: two probes for each.
    fn attributes(&self, style: &Style<'_>, note: &mut dyn FnMut(&str)) -> Result<Vec<Factor>, EvalError> {
        let mut all = Vec::new();
        for (column, name) in style.names.iter().enumerate() {
            let answers = |set: Measured<'_>| -> Vec<u8> {
                let factors = set.factors();
                factors.values().iter().skip(column).step_by(factors.width()).map(|&x| u8::from(x >= 0.5)).collect()
            };
            let (known, wanted) = (answers(style.train), answers(style.test));
            let (train, test) = (self.subject.train.relabelled(&known)?, self.subject.test.relabelled(&wanted)?);
            let share = wanted.iter().map(|&yes| f64::from(yes)).sum::<f64>() / wanted.len().max(1) as f64;
            let [linear, mlp] = self.classify(2, train, test, &mut |probe| note(&format!("{name}, {probe}")))?;
            all.push(Factor {
                name: name.clone(),
                score: Score::Accuracy,
                linear: Some(linear.last),
                mlp: Some(mlp.last),
                majority: Some(share.max(1.0 - share)),
            });
        }
        Ok(all)
    }
}
