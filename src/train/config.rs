//! The settings of a run, their defaults and their ranges. `merge.rs` says where they come from.

use super::merge::ConfigError;
use crate::augment::{BlurSettings, EffectSettings, JitterSettings, SolariseSettings};
use crate::data::{Corrupt, FileOptions};
use crate::kernels::augment::views::MAX_SIDE;
use crate::kernels::loss::likelihood::LikelihoodKind;
use crate::kernels::loss::simvae::ContentPrior;
use crate::loss::random::Random;
use crate::loss::supervised::Supervised;
use crate::loss::{LikelihoodSettings, Objective, cr_vae, simclr, simvae, vae, vicreg};
use crate::nn::{Backbone, ConvDecoder};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::sync::Arc;

/// Widest layer: the number of parameters between two such layers still fits the address space.
const WIDEST: usize = 1 << 20;

/// Widest first convolution; the deepest is eight times as wide.
const WIDEST_CONV: usize = 1 << 10;

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
    /// CR-VAE (Sinha and Dieng, 2021).
    CrVae,
    /// SimCLR (Chen et al., 2020).
    Simclr,
    /// VICReg (Bardes, Ponce and LeCun, 2022).
    Vicreg,
    /// Cross-entropy with the labels, a reference.
    Supervised,
    /// The encoder as it was initialised, a reference.
    Random,
}

impl Method {
    /// Every method, in the order of the paper's tables.
    pub const ALL: [Method; 8] = [
        Method::Random,
        Method::Simclr,
        Method::Vicreg,
        Method::Vae,
        Method::BetaVae,
        Method::CrVae,
        Method::Simvae,
        Method::Supervised,
    ];

    /// The name, as in the settings.
    pub fn name(self) -> &'static str {
        match self {
            Method::Simvae => "simvae",
            Method::Vae => "vae",
            Method::BetaVae => "beta-vae",
            Method::CrVae => "cr-vae",
            Method::Simclr => "simclr",
            Method::Vicreg => "vicreg",
            Method::Supervised => "supervised",
            Method::Random => "random",
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
    /// CR-VAE's own settings.
    pub cr_vae: cr_vae::Settings,
    /// SimCLR's own settings.
    pub simclr: simclr::Settings,
    /// VICReg's own settings.
    pub vicreg: vicreg::Settings,
    /// What follows the encoder while SimCLR and VICReg train.
    pub projector: ProjectorConfig,
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
    /// Side of the square that image files are resized to, in pixels.
    pub size: usize,
    /// Whether a damaged image file stops the run or is left out.
    pub corrupt: Corrupt,
    /// Folder that keeps decoded image files; `auto` is the user's cache folder, `off` keeps none.
    pub cache: String,
    /// Training or test images of more bytes stream from the host; 0 is as much as the device can hold in one buffer.
    pub device_bytes: u64,
}

/// What the encoder and the decoder are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ModelKind {
    /// Linear layers.
    Mlp,
    /// The convolutional networks of the authors' code.
    OfficialConv,
    /// A ResNet-18, and the authors' decoder with all its shortcuts.
    Resnet18,
}

/// The networks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelConfig {
    /// What they are made of.
    pub kind: ModelKind,
    /// Latent size, L.
    pub latent: usize,
    /// Widths of an MLP encoder's hidden layers; the decoder mirrors them.
    pub hidden: Vec<usize>,
    /// Channels of a convolutional encoder's first layer; the other layers' are multiples of it.
    pub width: usize,
}

/// What follows the encoder while a discriminative method trains; judges see what enters it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProjectorConfig {
    /// Widths of its layers: none compares the representations themselves, one is linear, more are an MLP.
    pub widths: Vec<usize>,
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
    /// Colour jitter.
    pub jitter: JitterSettings,
    /// Probability that a view loses its colours.
    pub grey: f64,
    /// Gaussian blur.
    pub blur: BlurSettings,
    /// Inversion of bright pixels.
    pub solarise: SolariseSettings,
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
        let EffectSettings { jitter, grey, blur, solarise } = EffectSettings::default();
        Self {
            method: Method::Simvae,
            seed: 0,
            epochs: 400,
            batch: 128,
            views: 10,
            data: DataConfig {
                name: "sprites".to_owned(),
                dir: String::new(),
                limit: 0,
                size: 64,
                corrupt: Corrupt::Stop,
                cache: "auto".to_owned(),
                device_bytes: 0,
            },
            model: ModelConfig { kind: ModelKind::Mlp, latent: 10, hidden: vec![2000, 500, 500], width: 64 },
            likelihood: LikelihoodSettings { kind: LikelihoodKind::Gaussian, variance: 0.02 },
            simvae: simvae::Settings { variance_z: 0.15, prior: ContentPrior::Uniform, entropy_scale: 1.0 },
            beta_vae: vae::Settings { beta: 4.0 },
            cr_vae: cr_vae::Settings { beta: 1.0, lambda: 0.1 },
            simclr: simclr::Settings { temperature: 0.7 },
            vicreg: vicreg::Settings { invariance: 25.0, variance: 25.0, covariance: 1.0 },
            projector: ProjectorConfig { widths: vec![128, 128] },
            augment: AugmentConfig {
                area: [0.4, 1.0],
                aspect: [0.75, 1.3],
                horizontal_flip: 0.0,
                vertical_flip: 0.5,
                jitter,
                grey,
                blur,
                solarise,
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
    pub fn objective(&self) -> Arc<dyn Objective> {
        let likelihood = self.likelihood;
        let projector = self.projector.widths.clone();
        match self.method {
            Method::Simvae => Arc::new(simvae::SimVae { likelihood, settings: self.simvae.clone() }),
            Method::Vae => Arc::new(vae::Vae { likelihood, settings: vae::Settings { beta: 1.0 } }),
            Method::BetaVae => Arc::new(vae::Vae { likelihood, settings: self.beta_vae.clone() }),
            Method::CrVae => Arc::new(cr_vae::CrVae { likelihood, settings: self.cr_vae.clone() }),
            Method::Simclr => Arc::new(simclr::SimClr { settings: self.simclr.clone(), projector }),
            Method::Vicreg => Arc::new(vicreg::VicReg { settings: self.vicreg.clone(), projector }),
            Method::Supervised => Arc::new(Supervised { classifier: true }),
            Method::Random => Arc::new(Random),
        }
    }

    /// Checks whether the networks take images of this shape, `[channels, height, width]`.
    ///
    /// # Errors
    /// When a convolutional network does not return to their size.
    pub fn check_images(&self, [_, height, width]: [usize; 3]) -> Result<(), ConfigError> {
        let fits = |side: usize| side > 0 && side.is_multiple_of(ConvDecoder::GRID);
        if self.model.kind == ModelKind::Mlp || (fits(height) && fits(width)) {
            return Ok(());
        }
        let (data, multiple) = (self.data.name.clone(), ConvDecoder::GRID);
        Err(ConfigError::ImageSize { kind: self.model.kind.name(), data, height, width, multiple })
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

impl DataConfig {
    /// How image files become a data set.
    pub fn file_options(&self) -> FileOptions {
        let cache = match self.cache.as_str() {
            "off" => None,
            "auto" => dirs::cache_dir().map(|folder| folder.join("wgpu-simvae").join("images")),
            folder => Some(PathBuf::from(folder)),
        };
        FileOptions { size: self.size, corrupt: self.corrupt, cache }
    }
}

impl ModelKind {
    /// The name, as in the settings.
    pub fn name(self) -> &'static str {
        match self {
            ModelKind::Mlp => "mlp",
            ModelKind::OfficialConv => "official-conv",
            ModelKind::Resnet18 => "resnet18",
        }
    }
}

impl ModelConfig {
    /// What the networks are made of.
    pub fn backbone(&self) -> Backbone<'_> {
        match self.kind {
            ModelKind::Mlp => Backbone::Mlp(&self.hidden),
            ModelKind::OfficialConv => Backbone::Official(self.width),
            ModelKind::Resnet18 => Backbone::ResNet18(self.width),
        }
    }
}

impl OptimConfig {
    /// Whether the rate follows a cosine.
    pub fn cosine(&self) -> bool {
        self.schedule == Schedule::Cosine
    }
}
