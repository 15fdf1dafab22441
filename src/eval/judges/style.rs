//! How well probes tell the factors of style: by the paper's measure, how much of it the representation holds.

use super::probes::{MLP, accuracy, settings};
use crate::data::Images;
use crate::eval::judge::{Case, Column, Judge, Section, Unit};
use crate::eval::probe::{Head, regress};
use crate::eval::{EvalError, Measured, Rows};
use serde::{Deserialize, Serialize};

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

impl Score {
    fn unit(self) -> Unit {
        match self {
            Score::R2 => Unit::Ratio,
            Score::Accuracy => Unit::Percent,
        }
    }

    fn about(self) -> &'static str {
        match self {
            Score::R2 => "R^2 of each factor on the test images: 1 is a perfect prediction, 0 no better than the mean.",
            Score::Accuracy => "Accuracy in percent for each attribute, after the last epoch of the probe.",
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
        let Images { factor_names, binary_factors, .. } = &case.data.train;
        match (factor_names.is_empty(), binary_factors) {
            (true, _) => Ok(Some(Vec::new())),
            (false, true) => attributes(case).map(Some),
            (false, false) => factors(case).map(Some),
        }
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

/// Continuous factors: one probe of each kind predicts them all.
fn factors(case: &mut Case<'_>) -> Result<Vec<Factor>, EvalError> {
    let (train, test) = (&case.data.train, &case.data.test);
    let names = &train.factor_names;
    let known = Rows::new("factors of the training images", &train.factors, names.len())?;
    let wanted = Rows::new("factors of the test images", &test.factors, names.len())?;
    let (known, wanted) = (Measured::new(case.train.rows(), known)?, Measured::new(case.test.rows(), wanted)?);
    let mut scores = |name: &str, head| {
        (case.say)(name);
        regress(case.device, known, wanted, &settings(case.judges, head))
    };
    let (linear, mlp) = (scores("style, linear probe", Head::Linear)?, scores("style, MLP probe", MLP)?);
    let finite = |score: Option<f64>| score.filter(|score| score.is_finite());
    let factor = |((name, linear), mlp): ((&String, Option<f64>), Option<f64>)| Factor {
        name: name.clone(),
        score: Score::R2,
        linear: finite(linear),
        mlp: finite(mlp),
        majority: None,
    };
    Ok(names.iter().zip(linear).zip(mlp).map(factor).collect())
}

/// Factors that are yes or no: two probes for each.
fn attributes(case: &mut Case<'_>) -> Result<Vec<Factor>, EvalError> {
    let data = case.data;
    let names = &data.train.factor_names;
    let mut all = Vec::new();
    for (column, name) in names.iter().enumerate() {
        let answers = |images: &Images| -> Vec<u8> {
            images.factors.iter().skip(column).step_by(names.len()).map(|&x| u8::from(x >= 0.5)).collect()
        };
        let (known, wanted) = (answers(&data.train), answers(&data.test));
        let (train, test) = (case.train.relabelled(&known)?, case.test.relabelled(&wanted)?);
        let share = wanted.iter().map(|&yes| f64::from(yes)).sum::<f64>() / wanted.len() as f64;
        let mut last = |probe: &str, head| {
            (case.say)(&format!("{name}, {probe}"));
            accuracy(case, train, test, 2, head).map(|accuracy| accuracy.last)
        };
        all.push(Factor {
            name: name.clone(),
            score: Score::Accuracy,
            linear: Some(last("linear probe", Head::Linear)?),
            mlp: Some(last("MLP probe", MLP)?),
            majority: Some(share.max(1.0 - share)),
        });
    }
    Ok(all)
}
