//! Paired differences over the seeds, with their 95 % intervals.

use crate::eval::metrics::mean_and_deviation;
use statrs::distribution::{ContinuousCDF, StudentsT};
use std::collections::BTreeMap;

/// Scores of a row, by seed.
pub(super) type Scores = BTreeMap<u64, f64>;

/// The number of paired differences, their mean, and half the width of its 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Interval {
    pub pairs: usize,
    pub mean: f64,
    pub half: f64,
}

impl Interval {
    /// Of the differences `a - b` over the seeds that both have, by Student's t; none where there are fewer than two.
    pub fn of(a: &Scores, b: &Scores) -> Option<Self> {
        let differences: Vec<f64> = a.iter().filter_map(|(seed, a)| Some(a - b.get(seed)?)).collect();
        let n = differences.len();
        let quantile = student_quantile(n.checked_sub(1)?)?;
        let (mean, deviation) = mean_and_deviation(&differences);
        Some(Self { pairs: n, mean, half: quantile * deviation / (n as f64).sqrt() })
    }

    /// Whether zero lies outside. Differences that are all the same but for rounding, as of a few test images, say nothing of their spread.
    pub fn leaves_zero_out(self) -> bool {
        self.half > 1e-9 * self.mean.abs() && self.mean.abs() > self.half
    }
}

/// The value below which Student's t of so many degrees of freedom lies with probability 0.975.
fn student_quantile(freedom: usize) -> Option<f64> {
    Some(StudentsT::new(0.0, 1.0, freedom as f64).ok()?.inverse_cdf(0.975))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_the_tables() {
        // Abramowitz and Stegun, table 26.10, and R's qt(0.975, n).
        let known = [
            (1, 12.706205),
            (2, 4.302653),
            (3, 3.182446),
            (4, 2.776445),
            (9, 2.262157),
            (30, 2.042272),
            (999, 1.962341),
        ];
        for (freedom, want) in known {
            let got = student_quantile(freedom).expect("positive");
            assert!((got - want).abs() < 2e-6, "{freedom}: {got}");
        }
        assert_eq!(student_quantile(0), None);
    }

    #[test]
    fn intervals_are_of_paired_seeds() {
        let scores = |scores: &[(u64, f64)]| scores.iter().copied().collect::<Scores>();
        let (a, b) = (scores(&[(0, 3.0), (1, 5.0), (2, 4.0), (7, 90.0)]), scores(&[(0, 1.0), (1, 2.0), (2, 3.0)]));
        // Differences 2, 3, 1: mean 2, deviation 1.
        let interval = Interval::of(&a, &b).expect("three pairs");
        assert!((interval.mean - 2.0).abs() < 1e-12 && (interval.half - 4.302653 / 3.0f64.sqrt()).abs() < 1e-5);
        assert!(!interval.leaves_zero_out(), "2 is less than 2.48");
        let same = Interval::of(&scores(&[(0, 0.95), (1, 0.15)]), &scores(&[(0, 0.9), (1, 0.1)])).expect("two pairs");
        assert!(!same.leaves_zero_out(), "two equal differences: {same:?}");
        assert_eq!(Interval::of(&a, &scores(&[(0, 1.0)])), None, "one pair has no interval");
        assert_eq!(Interval::of(&a, &Scores::new()), None);
        let same = Interval::of(&b, &b).expect("three pairs");
        assert!(!same.leaves_zero_out());
    }
}
