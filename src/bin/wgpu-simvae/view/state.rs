//! What a view knows of a run.

use crate::terminal::score;
use std::sync::Arc;
use std::time::Instant;
use wgpu_simvae::run_folder::metrics::Row;
use wgpu_simvae::train::{Pictured, seconds_left};

/// Points of a curve, at most.
const POINTS: usize = 1024;

/// What a view shows.
#[derive(Clone, Debug, Default)]
pub struct State {
    pub title: String,
    pub device: String,
    pub step: u64,
    pub steps: u64,
    pub epoch: f64,
    pub images_per_second: f64,
    /// Seconds that are left; none before that is known.
    pub left: Option<f64>,
    /// A curve for each term of the loss, total first.
    pub losses: Vec<Curve>,
    /// The step of the newest judgement, and its scores: names and values.
    pub judged: Option<(u64, Vec<(String, String)>)>,
    /// The newest reconstructions, and their step.
    pub pictured: Option<(u64, Arc<Pictured>)>,
    /// What was told, oldest first.
    pub lines: Vec<String>,
    began: Option<(u64, Instant)>,
    /// Whether something is new since it was last drawn.
    changed: bool,
}

impl State {
    pub fn new(title: String, device: String) -> Self {
        Self { title, device, changed: true, ..Self::default() }
    }

    /// A copy to draw; none where nothing is new.
    pub fn news(&mut self) -> Option<Self> {
        std::mem::take(&mut self.changed).then(|| self.clone())
    }

    pub fn told(&mut self, line: String) {
        self.lines.extend(line.lines().map(str::to_owned));
        self.changed = true;
    }

    /// The run begins at `step` of `steps`, after these rows of metrics.
    pub fn begin(&mut self, step: u64, steps: u64, rows: &[Row]) {
        (self.step, self.steps, self.began, self.changed) = (step, steps, Some((step, Instant::now())), true);
        for row in rows {
            self.add(row.epoch, row.losses.iter().map(|(name, value)| (name.as_str(), *value)));
            if !row.judged.is_empty() {
                let scores: Vec<(&str, f64)> = row.judged.iter().map(|(name, value)| (name.as_str(), *value)).collect();
                self.judged(row.step, &scores);
            }
        }
    }

    pub fn advance(&mut self, step: u64, epoch: f64, images_per_second: f64, losses: &[(&str, f64)]) {
        (self.step, self.epoch, self.images_per_second, self.changed) = (step, epoch, images_per_second, true);
        self.left = self.began.and_then(|began| seconds_left(began, step, self.steps));
        // Metrics are kept by their names, and told in the order of the method.
        let place = |curve: &Curve| losses.iter().position(|(name, _)| *name == curve.name);
        self.losses.sort_by_key(|curve| place(curve).unwrap_or(usize::MAX));
        self.add(epoch, losses.iter().copied());
    }

    fn add<'a>(&mut self, epoch: f64, losses: impl Iterator<Item = (&'a str, f64)>) {
        for (name, value) in losses {
            let at = self.losses.iter().position(|curve| curve.name == name).unwrap_or(self.losses.len());
            if at == self.losses.len() {
                self.losses.push(Curve::new(name));
            }
            self.losses[at].add(epoch, value);
        }
    }

    pub fn judged(&mut self, step: u64, scores: &[(&str, f64)]) {
        self.judged = Some((step, scores.iter().map(|&(name, value)| score(name, value)).collect()));
        self.changed = true;
    }

    pub fn pictured(&mut self, step: u64, drawn: &Pictured) {
        self.pictured = Some((step, Arc::new(drawn.clone())));
        self.changed = true;
    }
}

/// A curve that stays short however long a run is: where it has too many points, neighbours become their mean.
#[derive(Clone, Debug)]
pub struct Curve {
    pub name: String,
    /// The value that came last.
    pub newest: f64,
    /// Epochs and values.
    pub points: Vec<(f64, f64)>,
    /// Values that make a point, and the sum and the number of those that make none yet.
    every: usize,
    rest: (f64, usize),
}

impl Curve {
    pub fn new(name: &str) -> Self {
        Self { name: name.to_owned(), newest: 0.0, points: Vec::new(), every: 1, rest: (0.0, 0) }
    }

    pub fn add(&mut self, epoch: f64, value: f64) {
        self.newest = value;
        self.rest = (self.rest.0 + value, self.rest.1 + 1);
        if self.rest.1 < self.every {
            return;
        }
        let (sum, count) = std::mem::take(&mut self.rest);
        self.points.push((epoch, sum / count as f64));
        if self.points.len() >= POINTS {
            let mean = |pair: &[(f64, f64)]| pair.iter().map(|(_, value)| value).sum::<f64>() / pair.len() as f64;
            let last = |pair: &[(f64, f64)]| pair.last().map_or(0.0, |(epoch, _)| *epoch);
            self.points = self.points.chunks(2).map(|pair| (last(pair), mean(pair))).collect();
            self.every *= 2;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_stays_short_and_keeps_its_means() {
        let mut curve = Curve::new("total");
        for at in 0..10_000 {
            curve.add(f64::from(at), f64::from(at % 2));
        }
        assert!((POINTS / 2..POINTS).contains(&curve.points.len()), "{}", curve.points.len());
        assert!(curve.points.iter().all(|&(_, value)| value == 0.5), "neighbours become their mean");
        assert!(curve.points.is_sorted_by(|a, b| a.0 < b.0) && curve.newest == 1.0);
    }

    #[test]
    fn what_is_new_is_drawn_once_and_terms_come_in_the_order_of_the_method() {
        let mut state = State::new("simvae".to_owned(), "cpu".to_owned());
        assert!(state.news().is_some() && state.news().is_none());
        let losses = [("kl", 1.0), ("total", 3.0)].map(|(name, value)| (name.to_owned(), value)).into();
        let judged = [("knn".to_owned(), 0.5)].into();
        state.begin(4, 10, &[Row { step: 4, epoch: 1.0, seconds: 1.0, losses, judged }]);
        state.advance(5, 1.25, 100.0, &[("total", 2.0), ("kl", 0.5)]);
        let shown = state.news().expect("it is new");
        let curves: Vec<_> = shown.losses.iter().map(|curve| (&curve.name[..], &curve.points[..])).collect();
        assert_eq!(curves, [("total", &[(1.0, 3.0), (1.25, 2.0)][..]), ("kl", &[(1.0, 1.0), (1.25, 0.5)][..])]);
        assert_eq!(shown.judged, Some((4, vec![("knn".to_owned(), "50.0 %".to_owned())])));
        assert!(shown.left.is_some());
    }
}
