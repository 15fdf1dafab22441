//! The settings of a run, their defaults and their ranges. `merge.rs` says where they come from.

use super::merge::ConfigError;
use crate::kernels::loss::likelihood::LikelihoodKind;
use crate::kernels::loss::simvae::ContentPrior;
use crate::loss::{LikelihoodSettings, Objective, simvae, vae};
use serde::{Deserialize, Serialize};

/// Widest layer: the number of parameters between two such layers still fits the address space.
const WIDEST: usize = 1 << 20;

/// The method to train.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// SimVAE (Bizeul, Schölkopf and Allen, 2024).
    Simvae,
    /// The plain VAE (Kingma and Welling, 2014).
    Vae,
    /// beta-VAE (Higgins et al., 2017).
    BetaVae,
}

impl Method {
    /// The name, as in the settings.
    pub fn name(self) -> &'static str {
        match self {
            Method::Simvae => "simvae",
            Method::Vae => "vae",
            Method::BetaVae => "beta-vae",
        }
    }
}

/// All settings of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The method.
    pub method: Method,
    /// Seed of everything random.
    pub seed: u64,
    /// Times that every training image is visited.
    pub epochs: u32,
    /// Images (not views) of a step.
    pub batch: usize,
    /// Views of each image, J.
    pub views: usize,
    /// The data set.
    pub data: DataConfig,
    /// The networks.
    pub model: ModelConfig,
    /// Distribution of the pixels given the latent.
    pub likelihood: LikelihoodSettings,
    /// SimVAE's own settings.
    pub simvae: simvae::Settings,
    /// beta-VAE's own settings.
    pub beta_vae: vae::Settings,
    /// What makes the views.
    pub augment: AugmentConfig,
    /// Adam and its schedule.
    pub optim: OptimConfig,
    /// What a run writes, and how often.
    pub log: LogConfig,
}

/// The data set.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataConfig {
    /// Name, see `wgpu-simvae data list`.
    pub name: String,
    /// Folder of its files; empty for data sets that need none.
    pub dir: String,
    /// Use only the first so many training images; 0 uses all.
    pub limit: usize,
}

/// The networks: an MLP encoder and the mirrored decoder.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelConfig {
    /// Latent size, L.
    pub latent: usize,
    /// Widths of the encoder's hidden layers.
    pub hidden: Vec<usize>,
}

/// What makes the views of an image.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AugmentConfig {
    /// Range of the crop's area, as a fraction of the image's.
    pub area: [f64; 2],
    /// Range of the crop's aspect, width over height.
    pub aspect: [f64; 2],
    /// Probability of a horizontal flip.
    pub horizontal_flip: f64,
    /// Probability of a vertical flip.
    pub vertical_flip: f64,
    /// Turn pixels black or white at one half, after everything else.
    pub threshold: bool,
}

/// Adam and its schedule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OptimConfig {
    /// Peak learning rate.
    pub lr: f64,
    /// Decay of the first moment.
    pub beta1: f64,
    /// Decay of the second moment.
    pub beta2: f64,
    /// Added to the denominator.
    pub eps: f64,
    /// Decoupled weight decay (AdamW).
    pub weight_decay: f64,
    /// Epochs of linear warm-up.
    pub warmup_epochs: u32,
    /// How the rate changes after the warm-up.
    pub schedule: Schedule,
}

/// How the learning rate changes after the warm-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Schedule {
    /// Not at all.
    Constant,
    /// Half a cosine down to zero at the end of the run.
    Cosine,
}

/// What a run writes, and how often.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogConfig {
    /// Steps between two rows of metrics, at most 128.
    pub every: u32,
    /// Epochs between two pictures of reconstructions.
    pub pictures_every: u32,
    /// Epochs between two checkpoints.
    pub checkpoint_every: u32,
    /// Checkpoints to keep.
    pub keep_checkpoints: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            method: Method::Simvae,
            seed: 0,
            epochs: 400,
            batch: 128,
            views: 10,
            data: DataConfig { name: "sprites".to_owned(), dir: String::new(), limit: 0 },
            model: ModelConfig { latent: 10, hidden: vec![2000, 500, 500] },
            likelihood: LikelihoodSettings { kind: LikelihoodKind::Gaussian, variance: 0.02 },
            simvae: simvae::Settings { variance_z: 0.15, prior: ContentPrior::Uniform, entropy_scale: 1.0 },
            beta_vae: vae::Settings { beta: 4.0 },
            augment: AugmentConfig {
                area: [0.4, 1.0],
                aspect: [0.75, 1.3],
                horizontal_flip: 0.0,
                vertical_flip: 0.5,
                threshold: false,
            },
            optim: OptimConfig {
                lr: 8e-5,
                beta1: 0.9,
                beta2: 0.999,
                eps: 1e-8,
                weight_decay: 0.0,
                warmup_epochs: 0,
                schedule: Schedule::Constant,
            },
            log: LogConfig { every: 50, pictures_every: 5, checkpoint_every: 1, keep_checkpoints: 2 },
        }
    }
}

impl Config {
    /// What the method minimises.
    pub fn objective(&self) -> Objective {
        match self.method {
            Method::Simvae => Objective::SimVae(self.simvae.clone()),
            Method::Vae => Objective::Vae(vae::Settings { beta: 1.0 }),
            Method::BetaVae => Objective::Vae(self.beta_vae.clone()),
        }
    }

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
        let Self { method, epochs, batch, views, model, likelihood, simvae, beta_vae, augment, optim, log, .. } = self;
        check("epochs", epochs.to_string(), *epochs >= 1, "at least 1")?;
        check("batch", batch.to_string(), *batch >= 1, "at least 1 image")?;
        check("views", views.to_string(), *views >= 1, "at least 1")?;
        let enough = *method != Method::Simvae || *views >= 2;
        check("views", views.to_string(), enough, "SimVAE compares the views of an image: at least 2")?;
        check(
            "batch * views",
            (batch.saturating_mul(*views)).to_string(),
            batch.saturating_mul(*views) < 1 << 24,
            "fewer rows than 2^24",
        )?;
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
        check(
            "likelihood.variance",
            likelihood.variance.to_string(),
            positive(likelihood.variance),
            "a positive number",
        )?;
        let beta = beta_vae.beta;
        check("beta_vae.beta", beta.to_string(), beta.is_finite() && beta >= 0.0, "zero or a positive number")?;
        check("simvae.variance_z", simvae.variance_z.to_string(), positive(simvae.variance_z), "a positive number")?;
        let scale = simvae.entropy_scale;
        check(
            "simvae.entropy_scale",
            scale.to_string(),
            scale.is_finite() && scale >= 0.0,
            "zero or a positive number",
        )?;
        let area_good = ordered(augment.area) && augment.area[1] <= 1.0;
        check("augment.area", format!("{:?}", augment.area), area_good, "[low, high] with 0 < low <= high <= 1")?;
        check(
            "augment.aspect",
            format!("{:?}", augment.aspect),
            ordered(augment.aspect),
            "[low, high] with 0 < low <= high",
        )?;
        for (key, p) in
            [("augment.horizontal_flip", augment.horizontal_flip), ("augment.vertical_flip", augment.vertical_flip)]
        {
            check(key, p.to_string(), probability(p), "a probability between 0 and 1")?;
        }
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

impl OptimConfig {
    /// Whether the rate follows a cosine.
    pub fn cosine(&self) -> bool {
        self.schedule == Schedule::Cosine
    }
}
