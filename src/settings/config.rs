//! The settings of a run, their defaults and their ranges. `merge.rs` says where they come from.

use super::ConfigError;
use crate::augment::{BlurSettings, EffectSettings, JitterSettings, SolariseSettings};
use crate::data::{Corrupt, FileOptions};
use crate::kernels::loss::likelihood::LikelihoodKind;
use crate::kernels::loss::simvae::ContentPrior;
use crate::methods::random::Random;
use crate::methods::supervised::Supervised;
use crate::methods::{LikelihoodSettings, Objective, cr_vae, simclr, simvae, vae, vicreg};
use crate::nn::{Backbone, ConvDecoder};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::sync::Arc;

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
}

impl DataConfig {
    /// How much of the data set is wanted, and how image files become one.
    pub fn file_options(&self) -> FileOptions {
        let cache = match self.cache.as_str() {
            "off" => None,
            "auto" => dirs::cache_dir().map(|folder| folder.join("wgpu-simvae").join("images")),
            folder => Some(PathBuf::from(folder)),
        };
        FileOptions { limit: self.limit, size: self.size, corrupt: self.corrupt, cache }
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
