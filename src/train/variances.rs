//! The variances that a run has learned.

use super::session::Session;
use crate::device::DeviceError;
use crate::methods::Latents;
use crate::nn::Param;
use serde::{Deserialize, Serialize};

/// Variances that are parameters of a run; none where it does not learn them.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct LearnedVariances {
    /// Of the pixels, s_x^2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pixels: Option<f64>,
    /// Of a latent around the content that the views of an image share, s^2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latents: Option<f64>,
}

impl Session {
    /// The variances that are learned, as they are now.
    ///
    /// # Errors
    /// When the device fails.
    pub fn learned_variances(&mut self) -> Result<LearnedVariances, DeviceError> {
        let model = &self.blueprint.model;
        let (pixels, latents) = (model.pixel_logvar, model.networks.prior_logvar);
        Ok(LearnedVariances { pixels: self.variance(pixels)?, latents: self.variance(latents)? })
    }

    /// How latents are distributed before an image is seen, with what of it is learned.
    ///
    /// # Errors
    /// When the device fails.
    pub fn latents(&mut self) -> Result<Latents, DeviceError> {
        let learned = self.learned_variances()?.latents;
        Ok(self.blueprint.objective.latents().learned(learned))
    }

    fn variance(&mut self, logvar: Option<Param>) -> Result<Option<f64>, DeviceError> {
        let Some(logvar) = logvar else { return Ok(None) };
        let weight = self.executor.read(self.blueprint.memory.weight(logvar))?.to_f64();
        Ok(weight.first().map(|logvar| logvar.exp()))
    }
}
