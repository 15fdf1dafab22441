//! What a run trains: settings, and what they or a library's user chose.

use super::{Config, ConfigError};
use crate::data::ImageShape;
use crate::methods::Objective;
use crate::nn::{Backbone, Sizes};
use std::sync::Arc;

/// Checked settings with the objective and the networks that they name, or with others.
#[derive(Clone, Debug)]
pub struct Recipe {
    /// The settings.
    pub config: Config,
    /// What is minimised.
    pub objective: Arc<dyn Objective>,
    /// What the networks are made of.
    pub backbone: Arc<dyn Backbone>,
}

impl Recipe {
    /// The method and the networks that the settings name.
    ///
    /// # Errors
    /// When a setting is wrong.
    pub fn new(config: &Config) -> Result<Self, ConfigError> {
        Self::with(config, config.objective()?, config.backbone()?)
    }

    /// An objective and networks of one's own. `method` and `model.kind` of the settings are their names in the run folder: choose such
    /// that no method has.
    ///
    /// # Errors
    /// When another setting is wrong.
    pub fn with(
        config: &Config,
        objective: Arc<dyn Objective>,
        backbone: Arc<dyn Backbone>,
    ) -> Result<Self, ConfigError> {
        config.validate()?;
        if let Some((key, fix)) = objective.conflict() {
            return Err(ConfigError::Value { key: key.to_owned(), value: "true".to_owned(), fix: fix.to_owned() });
        }
        Ok(Self { config: config.clone(), objective, backbone })
    }

    /// The sizes of the networks for images `[channels, height, width]` of so many classes.
    pub fn sizes(&self, image: [usize; 3], classes: usize) -> Sizes<'_> {
        Sizes {
            image,
            backbone: self.backbone.as_ref(),
            latent: self.config.model.latent,
            classes,
            projector: &self.config.projector.widths,
        }
    }

    /// Checks whether the networks take images of this shape.
    ///
    /// # Errors
    /// When a convolutional network does not return to their size.
    pub fn check_images(&self, ImageShape { height, width, .. }: ImageShape) -> Result<(), ConfigError> {
        let multiple = self.backbone.grid();
        let fits = |side: usize| side > 0 && side.is_multiple_of(multiple);
        if fits(height) && fits(width) {
            return Ok(());
        }
        let (kind, data) = (self.config.model.kind.clone(), self.config.data.name.clone());
        Err(ConfigError::ImageSize { kind, data, height, width, multiple })
    }
}
