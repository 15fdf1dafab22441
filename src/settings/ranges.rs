//! The ranges of real settings: within them every number of a first step is finite in single precision.

use super::config::Config;

/// What a real setting may be: from `low` to `high`, and zero where that turns something off.
#[derive(Clone, Copy, Debug)]
pub struct Range {
    /// The key's path.
    pub key: &'static str,
    /// The least, above zero.
    pub low: f64,
    /// The most.
    pub high: f64,
    /// Whether zero is allowed too.
    pub zero: bool,
    /// Its value.
    pub value: fn(&Config) -> f64,
}

impl Range {
    /// Whether a value lies in it.
    pub fn contains(&self, value: f64) -> bool {
        (self.low..=self.high).contains(&value) || (self.zero && value == 0.0)
    }

    /// The range in words.
    pub fn about(&self) -> String {
        let Self { low, high, zero, .. } = self;
        format!("{}between {low:e} and {high:e}", if *zero { "0, or " } else { "" })
    }
}

/// Every real setting that is one number and no probability.
pub const RANGES: [Range; 18] = [
    range("likelihood.variance", 1e-6, 1e6, |c| c.likelihood.variance),
    range("simvae.variance_z", 1e-6, 1e6, |c| c.simvae.variance_z),
    weight("simvae.entropy_scale", |c| c.simvae.entropy_scale),
    weight("beta_vae.beta", |c| c.beta_vae.beta),
    weight("cr_vae.beta", |c| c.cr_vae.beta),
    weight("cr_vae.lambda", |c| c.cr_vae.lambda),
    range("simclr.temperature", 1e-3, 1e3, |c| c.simclr.temperature),
    weight("vicreg.invariance", |c| c.vicreg.invariance),
    weight("vicreg.variance", |c| c.vicreg.variance),
    weight("vicreg.covariance", |c| c.vicreg.covariance),
    strength("augment.jitter.brightness", |c| c.augment.jitter.brightness),
    strength("augment.jitter.contrast", |c| c.augment.jitter.contrast),
    strength("augment.jitter.saturation", |c| c.augment.jitter.saturation),
    range("optim.lr", 1e-12, 1e3, |c| c.optim.lr),
    range("optim.eps", 1e-20, 1.0, |c| c.optim.eps),
    range("optim.beta1", 1e-6, 0.999999, |c| c.optim.beta1),
    range("optim.beta2", 1e-6, 0.999999, |c| c.optim.beta2),
    Range { key: "optim.weight_decay", low: 1e-12, high: 1e3, zero: true, value: |c| c.optim.weight_decay },
];

const fn range(key: &'static str, low: f64, high: f64, value: fn(&Config) -> f64) -> Range {
    Range { key, low, high, zero: false, value }
}

/// The weight of a term.
const fn weight(key: &'static str, value: fn(&Config) -> f64) -> Range {
    Range { key, low: 1e-6, high: 1e6, zero: true, value }
}

/// How strongly a view is changed.
const fn strength(key: &'static str, value: fn(&Config) -> f64) -> Range {
    Range { key, low: 1e-6, high: 1e3, zero: true, value }
}
