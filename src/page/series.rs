//! Metrics as pages draw them: no more points than a screen has room for.

use crate::run_folder::metrics::Row;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Curves that have their points at the same steps. What is not finite becomes none.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Group {
    /// What they are curves of.
    pub title: String,
    /// Steps done at each point.
    pub step: Vec<u64>,
    /// Epochs done.
    pub epoch: Vec<f32>,
    /// Seconds of training.
    pub seconds: Vec<f32>,
    /// The curves by their names.
    pub curves: BTreeMap<String, Vec<Option<f32>>>,
}

impl Group {
    /// With at most so many points: neighbours become one, which has their mean and stands where the last of them does.
    pub fn thinned(self, most: usize) -> Self {
        let many = self.step.len().div_ceil(most.max(1)).max(1);
        let last = |all: &[f32]| all.chunks(many).filter_map(<[f32]>::last).copied().collect();
        let mean = |values: &[Option<f32>]| {
            let known: Vec<f64> = values.iter().flatten().map(|&value| f64::from(value)).collect();
            (!known.is_empty()).then(|| (known.iter().sum::<f64>() / known.len() as f64) as f32)
        };
        let curves = self.curves.into_iter().map(|(name, values)| (name, values.chunks(many).map(mean).collect()));
        Self {
            title: self.title,
            step: self.step.chunks(many).filter_map(<[u64]>::last).copied().collect(),
            epoch: last(&self.epoch),
            seconds: last(&self.seconds),
            curves: curves.collect(),
        }
    }
}

/// The loss terms of rows and, where judges looked, their scores, each with at most so many points.
pub fn groups(rows: &[Row], most: usize) -> Vec<Group> {
    type Part = fn(&Row) -> &BTreeMap<String, f64>;
    let parts: [(&str, Part); 2] = [("Losses", |row| &row.losses), ("Judges", |row| &row.judged)];
    let groups = parts.map(|(title, part)| {
        let there: Vec<&Row> = rows.iter().filter(|row| !part(row).is_empty()).collect();
        let names: BTreeSet<&String> = there.iter().flat_map(|row| part(row).keys()).collect();
        let finite = |value: &f64| Some(*value as f32).filter(|value| value.is_finite());
        let curve = |name: &String| there.iter().map(|row| part(row).get(name).and_then(finite)).collect();
        let group = Group {
            title: title.to_owned(),
            step: there.iter().map(|row| row.step).collect(),
            epoch: there.iter().map(|row| row.epoch as f32).collect(),
            seconds: there.iter().map(|row| row.seconds as f32).collect(),
            curves: names.into_iter().map(|name| (name.clone(), curve(name))).collect(),
        };
        group.thinned(most)
    });
    groups.into_iter().filter(|group| !group.step.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(step: u64, total: f64, knn: Option<f64>) -> Row {
        let judged = knn.map(|knn| ("knn".to_owned(), knn)).into_iter().collect();
        let losses = BTreeMap::from([("total".to_owned(), total)]);
        Row { step, epoch: step as f64 / 10.0, seconds: step as f64, losses, judged }
    }

    #[test]
    fn neighbours_become_their_mean() {
        let rows: Vec<Row> = (1..=5).map(|at| row(at, at as f64, (at == 4).then_some(0.5))).collect();
        let [losses, judges] = &groups(&rows, 3)[..] else { panic!("two groups") };
        assert_eq!((&losses.step[..], &losses.seconds[..]), (&[2, 4, 5][..], &[2.0, 4.0, 5.0][..]));
        assert_eq!(losses.curves["total"], [Some(1.5), Some(3.5), Some(5.0)]);
        assert_eq!((&judges.step[..], &judges.curves["knn"][..]), (&[4][..], &[Some(0.5)][..]));
        assert_eq!(groups(&rows, 400)[0].step.len(), 5, "few points stay as they are");
        assert!(groups(&[], 400).is_empty());
        let infinite = groups(&[row(1, f64::INFINITY, None)], 400);
        assert_eq!(infinite[0].curves["total"], [None]);
    }
}
