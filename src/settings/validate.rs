//! The ranges of the settings.

use super::ConfigError;
use super::config::{AugmentConfig, Config, Method};
use super::ranges::RANGES;
use crate::kernels::augment::views::MAX_SIDE;

/// Widest layer: the number of parameters between two such layers still fits the address space.
const WIDEST: usize = 1 << 20;

/// Layers of an MLP, at most.
const DEEPEST: usize = 64;

/// Widest first convolution; the deepest is eight times as wide.
const WIDEST_CONV: usize = 1 << 10;

impl Config {
    /// Checks every range.
    ///
    /// # Errors
    /// On the first value outside its range.
    pub fn validate(&self) -> Result<(), ConfigError> {
        let check = |key: &'static str, value: String, good: bool, fix: &str| {
            if good { Ok(()) } else { Err(ConfigError::Value { key, value, fix: fix.to_owned() }) }
        };
        let probability = |x: f64| (0.0..=1.0).contains(&x);
        let Self { method, epochs, batch, views, model, augment, log, .. } = self;
        check("epochs", epochs.to_string(), *epochs >= 1, "at least 1")?;
        check("batch", batch.to_string(), *batch >= 1, "at least 1 image")?;
        check("views", views.to_string(), *views >= 1, "at least 1")?;
        let compares = matches!(method, Method::Simvae | Method::Simclr | Method::Vicreg);
        check(
            "views",
            views.to_string(),
            !compares || *views >= 2,
            "this method compares the views of an image: at least 2",
        )?;
        let pairs = *method != Method::CrVae || *views == 2;
        check("views", views.to_string(), pairs, "CR-VAE compares an image with one view of it: exactly 2")?;
        let contrasts = matches!(method, Method::Simclr | Method::Vicreg);
        check("batch", batch.to_string(), !contrasts || *batch >= 2, "this method compares images: at least 2")?;
        check(
            "batch * views",
            (batch.saturating_mul(*views)).to_string(),
            batch.saturating_mul(*views) < 1 << 24,
            "fewer rows than 2^24",
        )?;
        let size = self.data.size;
        check("data.size", size.to_string(), (1..=MAX_SIDE).contains(&size), "between 1 and 1024 pixels")?;
        check(
            "model.latent",
            model.latent.to_string(),
            (1..=WIDEST).contains(&model.latent),
            "between 1 and 1,048,576",
        )?;
        let widths = &model.hidden;
        let widths_good =
            (1..=DEEPEST).contains(&widths.len()) && widths.iter().all(|width| (1..=WIDEST).contains(width));
        check("model.hidden", list(widths), widths_good, "1 to 64 layers, each 1 to 1,048,576 wide")?;
        let width_good = model.width.is_multiple_of(2) && (2..=WIDEST_CONV).contains(&model.width);
        check("model.width", model.width.to_string(), width_good, "an even number between 2 and 1,024")?;
        for range in RANGES {
            let value = (range.value)(self);
            check(range.key, value.to_string(), range.contains(value), &range.about())?;
        }
        let seed_good = i64::try_from(self.seed).is_ok();
        check("seed", self.seed.to_string(), seed_good, "below 2^63, which settings files can hold")?;
        let widths = &self.projector.widths;
        let widths_good = widths.len() <= DEEPEST && widths.iter().all(|width| (1..=WIDEST).contains(width));
        let layers = "at most 64 layers, each 1 to 1,048,576 wide";
        check("projector.widths", list(widths), widths_good, layers)?;
        let within = |[low, high]: [f64; 2], least: f64, most: f64| least <= low && low <= high && high <= most;
        let AugmentConfig { area, aspect, .. } = augment;
        let area_good = within(*area, 1e-6, 1.0);
        check("augment.area", format!("{area:?}"), area_good, "[low, high] with 1e-6 <= low <= high <= 1")?;
        let aspect_good = within(*aspect, 1e-3, 1e3);
        check("augment.aspect", format!("{aspect:?}"), aspect_good, "[low, high] with 0.001 <= low <= high <= 1000")?;
        let AugmentConfig { jitter, blur, solarise, .. } = augment;
        for (key, p) in [
            ("augment.horizontal_flip", augment.horizontal_flip),
            ("augment.vertical_flip", augment.vertical_flip),
            ("augment.jitter.probability", jitter.probability),
            ("augment.grey", augment.grey),
            ("augment.blur.probability", blur.probability),
            ("augment.solarise.probability", solarise.probability),
        ] {
            check(key, p.to_string(), probability(p), "a probability between 0 and 1")?;
        }
        let hue_good = (0.0..=0.5).contains(&jitter.hue);
        check("augment.jitter.hue", jitter.hue.to_string(), hue_good, "a part of the circle between 0 and 0.5")?;
        let kernel_good = blur.kernel % 2 == 1 && blur.kernel <= 127;
        check("augment.blur.kernel", blur.kernel.to_string(), kernel_good, "an odd number of pixels up to 127")?;
        let sigma_good = within(blur.sigma, 0.01, 1e3);
        let sigmas = "[low, high] with 0.01 <= low <= high <= 1000";
        check("augment.blur.sigma", format!("{:?}", blur.sigma), sigma_good, sigmas)?;
        let level_good = (0.0..=1.0).contains(&solarise.threshold);
        check("augment.solarise.threshold", solarise.threshold.to_string(), level_good, "a value between 0 and 1")?;
        check("log.every", log.every.to_string(), (1..=128).contains(&log.every), "between 1 and 128 steps")?;
        check("log.pictures_every", log.pictures_every.to_string(), log.pictures_every >= 1, "at least 1 epoch")?;
        check("log.checkpoint_every", log.checkpoint_every.to_string(), log.checkpoint_every >= 1, "at least 1 epoch")?;
        check("log.keep_checkpoints", log.keep_checkpoints.to_string(), log.keep_checkpoints >= 1, "at least 1")
    }

    /// Checks that the steps of a run on so many images can be counted: the device counts them in words.
    ///
    /// # Errors
    /// When there are 2^32 and more.
    pub fn check_steps(&self, images: usize) -> Result<(), ConfigError> {
        for (key, epochs) in [("epochs", self.epochs), ("optim.warmup_epochs", self.optim.warmup_epochs)] {
            let steps = (u128::from(epochs) * images as u128).div_ceil(self.batch.max(1) as u128);
            if steps > u128::from(u32::MAX) {
                let fix = format!(
                    "with {images} images in batches of {} that is {steps} steps; at most 2^32 - 1",
                    self.batch
                );
                return Err(ConfigError::Value { key, value: epochs.to_string(), fix });
            }
        }
        Ok(())
    }
}

/// The widths of layers, of which a message shows the first few.
fn list(widths: &[usize]) -> String {
    match widths.len() {
        0..=8 => format!("{widths:?}"),
        count => format!("{:?} and {} more", &widths[..8], count - 8),
    }
}
