//! The ranges of the settings.

use super::config::{AugmentConfig, Config, Method};
use super::merge::ConfigError;
use crate::kernels::augment::views::MAX_SIDE;

/// Widest layer: the number of parameters between two such layers still fits the address space.
const WIDEST: usize = 1 << 20;

/// Widest first convolution; the deepest is eight times as wide.
const WIDEST_CONV: usize = 1 << 10;

impl Config {
    /// Checks every range.
    ///
    /// # Errors
    /// On the first value outside its range.
    pub fn validate(&self) -> Result<(), ConfigError> {
        let check = |key: &'static str, value: String, good: bool, fix: &'static str| {
            if good { Ok(()) } else { Err(ConfigError::Value { key, value, fix }) }
        };
        let positive = |x: f64| x.is_finite() && x > 0.0;
        let probability = |x: f64| (0.0..=1.0).contains(&x);
        let ordered = |[low, high]: [f64; 2]| positive(low) && high.is_finite() && low <= high;
        let Self { method, epochs, batch, views, model, likelihood, simvae, beta_vae, cr_vae, simclr, vicreg, .. } =
            self;
        let Self { augment, optim, log, .. } = self;
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
        let widths_good = !model.hidden.is_empty() && model.hidden.iter().all(|width| (1..=WIDEST).contains(width));
        check(
            "model.hidden",
            format!("{:?}", model.hidden),
            widths_good,
            "at least one layer, each 1 to 1,048,576 wide",
        )?;
        let width_good = model.width.is_multiple_of(2) && (2..=WIDEST_CONV).contains(&model.width);
        check("model.width", model.width.to_string(), width_good, "an even number between 2 and 1,024")?;
        check(
            "likelihood.variance",
            likelihood.variance.to_string(),
            positive(likelihood.variance),
            "a positive number",
        )?;
        let not_negative = |x: f64| x.is_finite() && x >= 0.0;
        for (key, weight) in [
            ("beta_vae.beta", beta_vae.beta),
            ("simvae.entropy_scale", simvae.entropy_scale),
            ("cr_vae.beta", cr_vae.beta),
            ("cr_vae.lambda", cr_vae.lambda),
            ("vicreg.invariance", vicreg.invariance),
            ("vicreg.variance", vicreg.variance),
            ("vicreg.covariance", vicreg.covariance),
        ] {
            check(key, weight.to_string(), not_negative(weight), "zero or a positive number")?;
        }
        for (key, size) in [("simvae.variance_z", simvae.variance_z), ("simclr.temperature", simclr.temperature)] {
            check(key, size.to_string(), positive(size), "a positive number")?;
        }
        let widths_good = self.projector.widths.iter().all(|width| (1..=WIDEST).contains(width));
        check("projector.widths", format!("{:?}", self.projector.widths), widths_good, "each 1 to 1,048,576")?;
        let area_good = ordered(augment.area) && augment.area[1] <= 1.0;
        check("augment.area", format!("{:?}", augment.area), area_good, "[low, high] with 0 < low <= high <= 1")?;
        check(
            "augment.aspect",
            format!("{:?}", augment.aspect),
            ordered(augment.aspect),
            "[low, high] with 0 < low <= high",
        )?;
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
        for (key, range) in [
            ("augment.jitter.brightness", jitter.brightness),
            ("augment.jitter.contrast", jitter.contrast),
            ("augment.jitter.saturation", jitter.saturation),
        ] {
            check(key, range.to_string(), not_negative(range), "zero or a positive number")?;
        }
        let hue_good = (0.0..=0.5).contains(&jitter.hue);
        check("augment.jitter.hue", jitter.hue.to_string(), hue_good, "a part of the circle between 0 and 0.5")?;
        let kernel_good = blur.kernel % 2 == 1 && blur.kernel <= 127;
        check("augment.blur.kernel", blur.kernel.to_string(), kernel_good, "an odd number of pixels up to 127")?;
        let sigma_good = ordered(blur.sigma) && blur.sigma[0] >= 0.01;
        check("augment.blur.sigma", format!("{:?}", blur.sigma), sigma_good, "[low, high] with 0.01 <= low <= high")?;
        let level_good = (0.0..=1.0).contains(&solarise.threshold);
        check("augment.solarise.threshold", solarise.threshold.to_string(), level_good, "a value between 0 and 1")?;
        check("optim.lr", optim.lr.to_string(), positive(optim.lr), "a positive number")?;
        check("optim.eps", optim.eps.to_string(), positive(optim.eps), "a positive number")?;
        for (key, beta) in [("optim.beta1", optim.beta1), ("optim.beta2", optim.beta2)] {
            check(key, beta.to_string(), beta > 0.0 && beta < 1.0, "between 0 and 1, both excluded")?;
        }
        let decay = optim.weight_decay;
        check("optim.weight_decay", decay.to_string(), decay.is_finite() && decay >= 0.0, "zero or a positive number")?;
        check("log.every", log.every.to_string(), (1..=128).contains(&log.every), "between 1 and 128 steps")?;
        check("log.pictures_every", log.pictures_every.to_string(), log.pictures_every >= 1, "at least 1 epoch")?;
        check("log.checkpoint_every", log.checkpoint_every.to_string(), log.checkpoint_every >= 1, "at least 1 epoch")?;
        check("log.keep_checkpoints", log.keep_checkpoints.to_string(), log.keep_checkpoints >= 1, "at least 1")
    }
}
