//! What a checkpoint knows beside its tensors, and what can be wrong with one.

use super::Entry;
use crate::device::DeviceError;
use crate::files::FileError;
use crate::kernels::Tuning;
use crate::kernels::common::clock::{self, CLOCK_WORDS};
use crate::settings::{Best, Config};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// A checkpoint that cannot be written or read.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    /// A file or folder cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// The file is not what was written.
    #[error("{path}: the file is damaged ({problem})")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// There are checkpoints, and none is whole.
    #[error("{path}: no checkpoint is whole; take one from a copy of the run, or start a new run:\n{}", .problems.join("\n"))]
    NoneWhole {
        /// The folder of all checkpoints.
        path: PathBuf,
        /// What is wrong with each, newest first.
        problems: Vec<String>,
    },
    /// The checkpoint belongs to another model.
    #[error("{path}: {problem}. The checkpoint is of another architecture; resume with the settings of its own run")]
    OtherModel {
        /// The file.
        path: PathBuf,
        /// The first difference.
        problem: String,
    },
    /// A weight or a moment is not a number, or infinite.
    #[error("{path}: `{tensor}`: {problem}")]
    NotFinite {
        /// The file that is, or would have been, written.
        path: PathBuf,
        /// The tensor.
        tensor: String,
        /// How many numbers.
        problem: String,
    },
    /// There is no checkpoint.
    #[error(
        "{path}: there is no checkpoint yet; training writes one every log.checkpoint_every epochs and when it is interrupted"
    )]
    Missing {
        /// The folder searched.
        path: PathBuf,
    },
    /// No checkpoint is the best.
    #[error(
        "{path}: no checkpoint is known as the best: judge.every and checkpoint.best keep one. There are those of the steps {known}"
    )]
    NoBest {
        /// The folder searched.
        path: PathBuf,
        /// The steps that there are.
        known: String,
    },
    /// There is no checkpoint of this step.
    #[error("{path}: there is no checkpoint of step {step}; there are {known}")]
    NoSuchStep {
        /// The folder searched.
        path: PathBuf,
        /// What was asked for.
        step: u64,
        /// The steps that there are.
        known: String,
    },
    /// The device failed.
    #[error(transparent)]
    Device(#[from] DeviceError),
}

/// What a checkpoint knows beside its tensors.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// 1 where a manifest belongs to the checkpoint, 0 in those of older versions.
    #[serde(default)]
    pub format: u32,
    /// Steps done.
    pub step: u64,
    /// The device's clock.
    pub clock: Vec<u32>,
    /// The device that wrote it.
    pub device: String,
    /// The kernels in use, which decide the last bits.
    pub tuning: Tuning,
    /// Images of each step that each of the devices computed, in their order; none where one device computed all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shares: Vec<usize>,
    /// Parts that each step is computed in, which decide the last bits and what batch normalisation sees; 0 where an older version wrote it.
    #[serde(default)]
    pub parts: usize,
    /// Seconds of training so far.
    pub seconds: f64,
    /// The loss so far.
    #[serde(default)]
    pub loss: Option<Loss>,
    /// Of a logging interval that is not over yet: its losses so far.
    #[serde(default)]
    pub interval: Option<Interval>,
    /// The metrics so far.
    #[serde(default)]
    pub metrics: Option<Entry>,
    /// The best judgement so far; none where none says how good a checkpoint is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub best: Option<BestSoFar>,
}

/// The best judgement of a run so far.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BestSoFar {
    /// The score that says so.
    pub by: Best,
    /// Steps done when it was judged: that checkpoint is kept.
    pub step: u64,
    /// The score.
    pub score: f64,
    /// Judgements since.
    pub since: u32,
}

impl BestSoFar {
    /// Whether `stop.patience` ends a run with these settings here.
    pub fn ends(&self, Config { checkpoint, stop, .. }: &Config) -> bool {
        self.by == checkpoint.best && stop.patience > 0 && self.since >= stop.patience
    }
}

/// The total loss when it began and now: whether a model is worth going on with.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Loss {
    /// Of the first step.
    pub first: f64,
    /// The mean of the last logging interval.
    pub last: f64,
}

impl Loss {
    /// Whether the model has not fallen far behind the one that it began as: at most one time the first loss worse.
    pub fn is_good(&self) -> bool {
        self.last.is_finite() && self.last <= self.first + self.first.abs()
    }
}

/// Sums of each loss term over the steps after `begin`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// Steps done when the interval began.
    pub begin: u64,
    /// Sums, in the order of the log's columns.
    pub sums: Vec<f64>,
}

impl State {
    /// The current format.
    pub const FORMAT: u32 = 1;

    /// Of a run that has not begun.
    pub fn fresh(seed: u64, device: String, tuning: Tuning) -> Self {
        let clock = clock::fresh(seed).to_vec();
        Self {
            format: Self::FORMAT,
            step: 0,
            clock,
            device,
            tuning,
            shares: Vec::new(),
            parts: 0,
            seconds: 0.0,
            loss: None,
            interval: None,
            metrics: None,
            best: None,
        }
    }

    /// Whether the clock is the one that so many steps of `batch` images lead to, in a data set of `images` images.
    ///
    /// # Errors
    /// What is wrong, in words. A clock that does not belong to the data would draw images that are not there.
    pub fn check_clock(&self, seed: u64, batch: usize, images: usize) -> Result<(), String> {
        let drawn = |step: u64| u128::from(step) * batch as u128;
        let at = |images: u128, step: u64| (drawn(step) / images, drawn(step) % images);
        let expected = |images: u128| {
            let mut words = clock::fresh(seed).map(u128::from);
            if self.step > 0 {
                words[clock::STEP] = self.step.into();
                (words[clock::EPOCH], words[clock::CURSOR]) = at(images, self.step - 1);
                (words[clock::NEXT_EPOCH], words[clock::NEXT_CURSOR]) = at(images, self.step);
            }
            words
        };
        let found: Vec<u128> = self.clock.iter().map(|&word| word.into()).collect();
        if found == expected(images.max(1) as u128) {
            return Ok(());
        }
        // The same clock tells how many images there were: step * batch = images * epoch + cursor.
        let implied = (found.len() == CLOCK_WORDS && found[clock::NEXT_EPOCH] > 0)
            .then(|| drawn(self.step).saturating_sub(found[clock::NEXT_CURSOR]) / found[clock::NEXT_EPOCH]);
        match implied {
            Some(then) if then > 0 && found == expected(then) => {
                Err(format!("the data set has {images} training images, the run has been trained on {then}"))
            }
            _ => Err(format!("its clock does not belong to step {} of a run on {images} training images", self.step)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_tells_how_many_images_there_were() {
        let mut state = State::fresh(7, "CPU".to_owned(), Tuning::default());
        assert_eq!(state.check_clock(7, 3, 54), Ok(()));
        assert!(state.check_clock(8, 3, 54).is_err(), "another seed");
        let [low, high] = crate::kernels::common::philox::split(7);
        state.step = 76;
        state.clock = vec![76, 4, 9, 4, 12, low, high, 0];
        assert_eq!(state.check_clock(7, 3, 54), Ok(()));
        let fewer = state.check_clock(7, 3, 3).expect_err("other data");
        assert!(fewer.contains("has 3 training images") && fewer.contains("trained on 54"), "{fewer}");
        state.clock[clock::NEXT_CURSOR] = 1 << 30;
        assert!(state.check_clock(7, 3, 54).expect_err("a damaged clock").contains("does not belong"));
    }
}
