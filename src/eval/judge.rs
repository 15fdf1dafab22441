//! What a judge is: it looks at a trained model and finds scores, which have a key in `eval.json` and columns in the tables.

use super::{EvalError, Labelled, Representation, Rows, judges};
use crate::data::Dataset;
use crate::device::Device;
use crate::settings::Config;
use crate::train::{Session, Trained};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// How to judge. The defaults are the paper's.
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

/// One way to judge a trained model: a file in `judges/`, and a line in their list.
pub trait Judge {
    /// Where its scores stand in `eval.json`: names with dots between them.
    const KEY: &'static str;

    /// What it finds. No number in it may be NaN or infinite: JSON has none.
    type Scores: Serialize + DeserializeOwned;

    /// Judges; none where there is nothing to judge, or, with a note, where it cannot decide.
    ///
    /// # Errors
    /// When the representations do not fit together, or the device fails.
    fn judge(case: &mut Case<'_>) -> Result<Option<Self::Scores>, EvalError>;

    /// Its columns in the tables, in their order; of no scores those that are there whatever is found.
    fn columns(scores: Option<&Self::Scores>) -> Vec<Column>;
}

/// What is judged, and where judges leave what is no score.
pub struct Case<'a> {
    /// Where judges compute.
    pub device: &'a Device,
    /// How to judge.
    pub judges: &'a Judges,
    /// The settings of the run.
    pub config: &'a Config,
    /// Its images, with what is known of them.
    pub data: &'a Dataset,
    /// The model.
    pub session: &'a mut Session,
    /// Representations that judges of content learn from: of the training images that have a class.
    pub train: Labelled<'a>,
    /// Those that they are asked about: of the test images that have one.
    pub test: Labelled<'a>,
    /// Representations of all training and all test images.
    pub all: [Rows<'a>; 2],
    /// Hears which judge is at work.
    pub say: &'a mut dyn FnMut(&str),
    /// What was left out, and why.
    pub notes: Vec<String>,
    /// Classes and clusters that judges saw in the test images that have a class, by the judge's name.
    pub predictions: BTreeMap<&'static str, Vec<u8>>,
    held_out: Option<Vec<(&'static str, f64)>>,
}

impl<'a> Case<'a> {
    /// A trained model with the representations of its training and its test images.
    ///
    /// # Errors
    /// When a representation is missing or not finite.
    pub fn new(
        trained: &'a mut Trained,
        [train, test]: [&'a Representation<'_>; 2],
        device: &'a Device,
        judges: &'a Judges,
        say: &'a mut dyn FnMut(&str),
    ) -> Result<Self, EvalError> {
        let Trained { config, data, session, .. } = trained;
        Ok(Self {
            train: train.classed(&data.train)?,
            test: test.classed(&data.test)?,
            all: [train.all()?, test.all()?],
            device,
            judges,
            config,
            data,
            session,
            say,
            notes: Vec::new(),
            predictions: BTreeMap::new(),
            held_out: None,
        })
    }

    /// Number of classes; none where there are fewer than two, and no content to judge.
    pub fn classes(&self) -> Option<usize> {
        Some(self.data.train.judged_classes()).filter(|&classes| classes >= 2)
    }

    /// The objective and its terms on views of the test images, total first; empty for the untrained encoder.
    ///
    /// # Errors
    /// When the device fails.
    pub fn held_out(&mut self) -> Result<Vec<(&'static str, f64)>, EvalError> {
        if self.held_out.is_none() && self.session.blueprint.objective.trains() {
            (self.say)("held-out loss");
            self.held_out = Some(self.session.held_out_loss(self.config.seed)?);
        }
        Ok(self.held_out.clone().unwrap_or_default())
    }

    /// A score of the test images, unless it is not finite: then a note says so.
    pub fn finite(&mut self, what: &str, score: f64) -> Option<f64> {
        if !score.is_finite() {
            let count = self.test.rows().count();
            self.notes.push(format!("{what} is no finite number on these test images ({count}), and left out"));
        }
        Some(score).filter(|score| score.is_finite())
    }
}

/// A column of a table, and the score of one run in it.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// The table.
    pub section: Section,
    /// Its name.
    pub name: String,
    /// How its scores are written.
    pub unit: Unit,
    /// The score; none where it does not apply.
    pub score: Option<f64>,
}

impl Column {
    /// A column of a table.
    pub fn new(section: Section, name: &str, unit: Unit, score: Option<f64>) -> Self {
        Self { section, name: name.to_owned(), unit, score }
    }
}

/// A table that columns stand in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Section {
    /// What it is about.
    pub title: &'static str,
    /// How to read it.
    pub about: &'static str,
}

/// How a score is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// A fraction, in percent.
    Percent,
    /// A number between about -1 and 1.
    Ratio,
    /// A small error: less is better.
    SmallError,
    /// Nats.
    Nats,
    /// A number of which neither more nor less is better.
    Amount,
}

/// A judge among the others, whatever its scores are.
pub(super) struct Entry {
    key: &'static str,
    judge: fn(&mut Case<'_>) -> Result<Option<Value>, EvalError>,
    columns: fn(&Found) -> Vec<Column>,
}

/// The line of a judge in the list of all.
pub(super) const fn entry<J: Judge>() -> Entry {
    Entry { key: J::KEY, judge: found_by::<J>, columns: columns_of::<J> }
}

fn found_by<J: Judge>(case: &mut Case<'_>) -> Result<Option<Value>, EvalError> {
    Ok(J::judge(case)?.map(serde_json::to_value).transpose()?)
}

fn columns_of<J: Judge>(found: &Found) -> Vec<Column> {
    J::columns(found.of::<J>().as_ref())
}

/// Key of the notes.
const NOTES: &str = "verdict.notes";

/// What the judges found, as `eval.json` has it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Found(Map<String, Value>);

impl Found {
    /// Asks every judge.
    ///
    /// # Errors
    /// When one of them refuses. What cannot be decided, as when the representation has collapsed, becomes a note.
    pub fn by_all(case: &mut Case<'_>) -> Result<Self, EvalError> {
        if case.data.train.classes.len() == 1 {
            case.notes.push("content: not judged, there is one class".to_owned());
        }
        let [asked, all] = [case.test.rows().count(), case.data.test.len()];
        if asked < all {
            case.notes.push(format!("content: {} of {all} test images have no class, and are left out", all - asked));
        }
        let mut found = Self::default();
        for entry in &judges::ALL {
            if let Some(scores) = (entry.judge)(case)? {
                found.put(entry.key, scores);
            }
        }
        found.put(NOTES, case.notes.as_slice().into());
        Ok(found)
    }

    /// What one judge found; none where it found nothing.
    pub fn of<J: Judge>(&self) -> Option<J::Scores> {
        serde_json::from_value(self.at(J::KEY)?.clone()).ok()
    }

    /// What was left out, and why.
    pub fn notes(&self) -> impl Iterator<Item = &str> {
        self.at(NOTES).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
    }

    /// The columns of all judges.
    pub fn columns(&self) -> Vec<Column> {
        judges::ALL.iter().flat_map(|entry| (entry.columns)(self)).collect()
    }

    fn at(&self, key: &str) -> Option<&Value> {
        let mut names = key.split('.');
        let first = self.0.get(names.next()?)?;
        names.try_fold(first, |value, name| value.get(name))
    }

    fn put(&mut self, key: &str, scores: Value) {
        let mut inside = &mut self.0;
        let mut names: Vec<&str> = key.split('.').collect();
        let last = names.pop().unwrap_or_default();
        for name in names {
            match inside.entry(name).or_insert_with(|| Value::Object(Map::new())) {
                Value::Object(map) => inside = map,
                // Two judges claim one key: the test below finds them.
                _ => return,
            }
        }
        inside.insert(last.to_owned(), scores);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_judge_has_a_key_of_its_own() {
        let mut found = Found::default();
        let keys = || judges::ALL.iter().map(|entry| entry.key).chain([NOTES]);
        keys().for_each(|key| found.put(key, key.into()));
        for key in keys() {
            assert_eq!(found.at(key).and_then(Value::as_str), Some(key));
        }
        assert_eq!(found.at("verdict.content.nobody"), None);
    }
}
