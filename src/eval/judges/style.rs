//! How well probes tell the factors of style: by the paper's measure, how much of it the representation holds.

use super::probes::{MLP, settings};
use crate::eval::judge::{Case, Column, Judge, Section, Unit};
use crate::eval::probe::{Head, answer, regress};
use crate::eval::{EvalError, Measured, Rows};
use serde::{Deserialize, Serialize};

/// How well a factor of style can be told from the representation, on the test images.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Factor {
    /// Name.
    pub name: String,
    /// What the scores are.
    pub score: Score,
    /// Of a linear probe; none where the factor does not vary among the test images.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub linear: Option<f64>,
    /// Of a probe with one hidden layer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mlp: Option<f64>,
    /// The fraction of the test images that have it; only for what an image has or has not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub share: Option<f64>,
}

/// What a factor's score is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Score {
    /// Coefficient of determination: 1 is perfect, 0 no better than the mean.
    R2,
    /// The mean of the fractions of yes and of no that are recognised: a constant answer has one half.
    BalancedAccuracy,
}

impl Score {
    fn unit(self) -> Unit {
        match self {
            Score::R2 => Unit::Ratio,
            Score::BalancedAccuracy => Unit::Percent,
        }
    }

    fn about(self) -> &'static str {
        match self {
            Score::R2 => "R^2 of each factor on the test images: 1 is a perfect prediction, 0 no better than the mean.",
            Score::BalancedAccuracy => {
                "Balanced accuracy of each attribute in percent, on the test images: the mean of how often a yes and how often a \
                 no is recognised. A constant answer has 50."
            }
        }
    }
}

/// Both probes on every factor of style that the data set names.
#[derive(Debug)]
pub struct Style;

impl Judge for Style {
    const KEY: &'static str = "verdict.style";
    type Scores = Vec<Factor>;

    fn judge(case: &mut Case<'_>) -> Result<Option<Vec<Factor>>, EvalError> {
        if case.data.train.factor_names.is_empty() { Ok(Some(Vec::new())) } else { factors(case).map(Some) }
    }

    fn columns(scores: Option<&Vec<Factor>>) -> Vec<Column> {
        let factors = scores.map_or(&[][..], Vec::as_slice);
        let Some(Factor { score, .. }) = factors.first() else { return Vec::new() };
        let of_probe = |title, of: fn(&Factor) -> Option<f64>| {
            let section = Section { title, about: score.about() };
            let column = move |name: &str, value| Column::new(section, name, score.unit(), value);
            let known: Vec<f64> = factors.iter().filter_map(of).collect();
            let mean = (!known.is_empty()).then(|| known.iter().sum::<f64>() / known.len() as f64);
            let each = factors.iter().map(move |factor| column(&factor.name, of(factor)));
            each.chain([column("mean", mean)])
        };
        let linear = of_probe("Style, linear probe", |factor| factor.linear);
        linear.chain(of_probe("Style, MLP probe", |factor| factor.mlp)).collect()
    }
}

/// A probe of each kind predicts all factors, or answers all questions.
fn factors(case: &mut Case<'_>) -> Result<Vec<Factor>, EvalError> {
    let (train, test) = (&case.data.train, &case.data.test);
    let names = &train.factor_names;
    let known = Rows::new("factors of the training images", &train.factors, names.len())?;
    let wanted = Rows::new("factors of the test images", &test.factors, names.len())?;
    let (known, wanted) = (Measured::new(case.all[0], known)?, Measured::new(case.all[1], wanted)?);
    let binary = train.binary_factors;
    let mut scores = |name: &str, head| {
        (case.say)(name);
        let probe = if binary { answer } else { regress };
        probe(case.device, known, wanted, &settings(case.judges, head))
    };
    let (linear, mlp) = (scores("style, linear probe", Head::Linear)?, scores("style, MLP probe", MLP)?);
    let finite = |score: Option<f64>| score.filter(|score| score.is_finite());
    let score = if binary { Score::BalancedAccuracy } else { Score::R2 };
    let share = |place: usize| {
        let yes = test.factors.iter().skip(place).step_by(names.len()).filter(|&&factor| factor >= 0.5).count();
        yes as f64 / test.len() as f64
    };
    let factor = |place: usize| Factor {
        name: names[place].clone(),
        score,
        linear: finite(linear[place]),
        mlp: finite(mlp[place]),
        share: binary.then(|| share(place)),
    };
    Ok((0..names.len()).map(factor).collect())
}
