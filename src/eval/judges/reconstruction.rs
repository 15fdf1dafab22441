//! How well the decoder reconstructs.

use super::GENERATION;
use crate::device::DeviceError;
use crate::eval::EvalError;
use crate::eval::judge::{Case, Column, Judge, Unit};

/// Mean squared error of a pixel (in 0..=1) of the test images' reconstructions from the posterior mean; none without a decoder.
#[derive(Debug)]
pub struct Reconstruction;

impl Judge for Reconstruction {
    const KEY: &'static str = "reconstruction_error";
    type Scores = f64;

    fn judge(case: &mut Case<'_>) -> Result<Option<f64>, EvalError> {
        if !case.session.blueprint.model.networks.generative {
            return Ok(None);
        }
        let test = case.session.blueprint.test;
        let error = match case.session.reconstruction_error(&test) {
            Err(DeviceError::NotFinite { .. }) => f64::NAN,
            error => error?,
        };
        Ok(case.finite("the error of the reconstructions", error))
    }

    fn columns(scores: Option<&f64>) -> Vec<Column> {
        vec![Column::new(GENERATION, "squared error of a pixel", Unit::SmallError, scores.copied())]
    }
}
