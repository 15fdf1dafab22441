//! What a representation has lost, seen by eye: a decoder learns to draw the images from it alone, and what the decoder
//! cannot draw, the representation does not hold, or not in a form that so many steps can find.
//!
//! Any method has a representation, also those without a decoder of their own. All get the same decoder, steps and seed.

mod board;
mod error;
mod fit;
mod kept;
mod mean_image;

pub use board::{Board, Line};
pub use error::DecodeError;
pub use fit::decode;

use serde::{Deserialize, Serialize};

/// How a decoder is trained: with Adam, whose rate falls along half a cosine to zero.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DecodeSettings {
    /// Steps.
    pub steps: u32,
    /// Images of a step; all of them where there are fewer.
    pub batch: usize,
    /// Adam's learning rate at the beginning.
    pub learning_rate: f64,
    /// Seed of the initial weights and of the order of the images.
    pub seed: u64,
    /// Test images whose reconstructions are kept, from the first on.
    pub shown: usize,
}

impl Default for DecodeSettings {
    fn default() -> Self {
        Self { steps: 2000, batch: 128, learning_rate: 1e-3, seed: 0, shown: 16 }
    }
}

impl DecodeSettings {
    /// Refuses what cannot train a decoder.
    ///
    /// # Errors
    /// When a number makes no sense.
    pub fn check(&self) -> Result<(), DecodeError> {
        let refuse =
            |name, value: &dyn ToString, wanted| Err(DecodeError::Setting { name, value: value.to_string(), wanted });
        let rate = self.learning_rate;
        if !(rate.is_finite() && rate > 0.0) {
            return refuse("learning rate", &rate, "a positive number");
        }
        for (name, value) in [("steps", self.steps as usize), ("batch", self.batch)] {
            if value == 0 {
                return refuse(name, &value, "at least 1");
            }
        }
        Ok(())
    }
}

/// How well the images could be drawn from a representation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// Method of the run.
    pub method: String,
    /// Seed of the run.
    pub seed: u64,
    /// Steps that the run was trained for.
    pub trained_steps: u64,
    /// Numbers of a representation.
    pub latent: usize,
    /// How the decoder was trained.
    pub decoder: DecodeSettings,
    /// Numbers that it trained.
    pub parameters: usize,
    /// Mean squared error of a pixel, in 0..=1, over all test images.
    pub error: f64,
    /// The same of the mean training image in the place of every reconstruction: what a representation of nothing gives.
    pub mean_image_error: f64,
}

/// A score, and test images with what was drawn of their representations.
#[derive(Clone, Debug, PartialEq)]
pub struct Decoded {
    /// The score.
    pub score: Score,
    /// Channels, height and width.
    pub shape: [usize; 3],
    /// The first test images, `[shown, channels, height, width]` in 0..=1.
    pub images: Vec<f32>,
    /// Their reconstructions.
    pub pictures: Vec<f32>,
}
