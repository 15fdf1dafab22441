//! The settings of a run. Each is described where it is declared; `merge.rs` says where they come from.

use super::{Best, ConfigError};
use crate::augment::Augmentation;
use crate::data::{Corrupt, FileOptions};
use crate::files::cached;
use crate::kernels::augment::views::MAX_SIDE;
use crate::methods::{LikelihoodSettings, Method, Objective, registry};
use crate::nn::{BACKBONES, Backbone, ModelConfig};
use crate::optim::OptimConfig;
use crate::plan::Precision;
use crate::setting::{Allowed, Described, Setting, settings_table};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::sync::Arc;
use toml::{Table, Value};

/// All settings of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Config {
    /// The method's name.
    pub method: String,
    /// Seed of everything random.
    pub seed: u64,
    /// Times that every training image is visited.
    pub epochs: u32,
    /// Steps of the run; 0 counts epochs.
    pub steps: u32,
    /// Images (not views) of a step.
    pub batch: usize,
    /// Parts that a step is computed in, one after the other.
    pub accumulate: usize,
    /// Views of each image, J.
    pub views: usize,
    /// In what precision the networks' products are while they train.
    pub precision: Precision,
    /// The data set.
    pub data: DataConfig,
    /// The networks.
    pub model: ModelConfig,
    /// Distribution of the pixels given the latent.
    pub likelihood: LikelihoodSettings,
    /// The methods' own tables, such as `[simvae]`; see [`Config::own`] and [`Config::set_own`].
    #[serde(flatten)]
    pub own: Table,
    /// What follows the encoder while SimCLR and VICReg train.
    pub projector: ProjectorConfig,
    /// What makes the views.
    pub augment: Augmentation,
    /// Adam and its schedule.
    pub optim: OptimConfig,
    /// Judges that look at a run while it trains.
    pub judge: JudgeConfig,
    /// Which checkpoint is kept beside the newest ones.
    pub checkpoint: CheckpointConfig,
    /// When a run ends before its last step.
    pub stop: StopConfig,
    /// What a run writes, and how often.
    pub log: LogConfig,
}

impl Described for Config {
    const TABLE: &'static str = "";
    const SETTINGS: &'static [Setting] = &[
        Setting {
            key: "method",
            about: "What is trained and minimised, see below.",
            allowed: Allowed::Words(registry::names),
        },
        Setting { key: "seed", about: "Seed of everything random.", allowed: Allowed::whole(0, i64::MAX as u64) },
        Setting { key: "epochs", about: "Times that every training image is visited.", allowed: Allowed::at_least(1) },
        Setting {
            key: "steps",
            about: "Steps of the run; 0 takes as many as visit every training image `epochs` times.",
            allowed: Allowed::whole(0, u32::MAX as u64),
        },
        Setting { key: "batch", about: "Images (not views) of a step.", allowed: Allowed::at_least(1) },
        Setting {
            key: "accumulate",
            about: "Equal parts that a step is computed in, one after the other, so that a large batch fits a small device: the same \
                    gradient, but for rounding and for the statistics of batch normalisation, which are those of a part, whoever shares \
                    it. 0 takes as few as fit the device; a run that goes on keeps to them where they still do.",
            allowed: Allowed::at_least(0),
        },
        Setting {
            key: "precision",
            about: "How the matrix products of the networks see their operands while they train: as they are, or `mixed`, rounded to half \
                    precision, gradients under a loss scale that adapts, and summed in single precision. Faster where a device has \
                    cooperative matrices (`wgpu-simvae devices`). Weights, losses, statistics and judges are in single precision.",
            allowed: Allowed::Words(Precision::names),
        },
        Setting {
            key: "views",
            about: "Views of each image, J; CR-VAE takes 2, the image as it is and one view. A step has fewer than 2^24 views.",
            allowed: Allowed::at_least(1),
        },
    ];
}

settings_table! {
    /// The data set.
    pub struct DataConfig("data") {
        /// Name of the data set, see `wgpu-simvae data list`.
        pub name: String = "sprites".to_owned() => Allowed::Text,
        /// Folder of its files; empty for data sets that need none.
        pub dir: String = String::new() => Allowed::Text,
        /// Use only the first so many training images; 0 uses all.
        pub limit: usize = 0 => Allowed::at_least(0),
        /// Height and width in pixels at which networks see image files (`celeba`, `folder:PATH`).
        pub size: usize = 64 => Allowed::whole(1, MAX_SIDE as u64),
        /// Height and width in pixels that they are kept at: views are cut from that and reduced to `data.size` once. At least
        /// `data.size`; 0 is the same. Of CelebA, whole photographs are kept then, of so many pixels in width.
        pub store: usize = 0 => Allowed::whole(0, MAX_SIDE as u64),
        /// A damaged image file stops the run, or is skipped and listed in `skipped-files.txt` of the run.
        pub corrupt: Corrupt = Corrupt::Stop => Allowed::Words(Corrupt::names),
        /// Where decoded image files are kept, so that the next start is instant: a folder, `auto` (the user's cache folder) or `off`.
        pub cache: String = "auto".to_owned() => Allowed::Text,
        /// Training or test images of more bytes stream from the host while the device works; 0 is as much as the device can hold in
        /// one buffer. Changes no result.
        pub device_bytes: u64 = 0 => Allowed::at_least(0),
    }
}

settings_table! {
    /// What follows the encoder while a discriminative method trains; judges see what enters it.
    pub struct ProjectorConfig("projector") {
        /// Widths of the layers behind the encoder of SimCLR and VICReg: `[]` none, `[128]` linear, `[128, 128]` an MLP; judges see
        /// what enters it.
        pub widths: Vec<usize> = vec![128, 128] => Allowed::Widths(0),
    }
}

settings_table! {
    /// What a run writes, and how often.
    pub struct LogConfig("log") {
        /// Steps between two rows of metrics; changes no result.
        pub every: u32 = 50 => Allowed::whole(1, 128),
        /// Epochs between two pictures of reconstructions.
        pub pictures_every: u32 = 5 => Allowed::at_least(1),
        /// Epochs between two checkpoints.
        pub checkpoint_every: u32 = 1 => Allowed::at_least(1),
        /// Checkpoints to keep.
        pub keep_checkpoints: usize = 2 => Allowed::at_least(1),
        /// Write events for TensorBoard, too: metrics, reconstructions and representations, in the run's folder `tensorboard`.
        pub tensorboard: bool = false => Allowed::Switch,
    }
}

settings_table! {
    /// Judges that look at a run while it trains, at images held out from the training ones and never at test images.
    pub struct JudgeConfig("judge") {
        /// Epochs between two judgements: k-NN, linear probe, held-out loss and signs of collapse; 0 never judges. Changes no result.
        pub every: u32 = 0 => Allowed::at_least(0),
        /// Share of the training images that is held out for them, and trained on by no step, whether judges look or not.
        pub share: f64 = 0.0 => Allowed::Part(0.5),
        /// Held-out images that judges are asked about, at most, and training images that they learn from.
        pub rows: usize = 2000 => Allowed::whole(2, 100_000),
    }
}

settings_table! {
    /// Which checkpoint is kept beside the newest ones.
    pub struct CheckpointConfig("checkpoint") {
        /// Keep the checkpoint of the best judgement beside the newest: by `knn` or `linear` accuracy, by the `held-out` loss, or `off`.
        pub best: Best = Best::Off => Allowed::Words(Best::names),
    }
}

settings_table! {
    /// When a run ends before its last step.
    pub struct StopConfig("stop") {
        /// Judgements in a row without a better one, by `checkpoint.best`, after which the run ends; 0 trains to the last step.
        pub patience: u32 = 0 => Allowed::at_least(0),
    }
}

impl Default for Config {
    fn default() -> Self {
        // A table of numbers and words can always be written.
        let defaults = |entry: &registry::Entry| entry.defaults().unwrap_or_default();
        let tables = registry::METHODS.iter().map(|entry| (entry.table.to_owned(), defaults(entry)));
        Self {
            method: "simvae".to_owned(),
            seed: 0,
            epochs: 400,
            steps: 0,
            batch: 128,
            accumulate: 1,
            precision: Precision::Single,
            views: 10,
            data: DataConfig::default(),
            model: ModelConfig::default(),
            likelihood: LikelihoodSettings::default(),
            own: tables.filter(|(_, table)| !table.is_empty()).map(|(key, table)| (key, Value::Table(table))).collect(),
            projector: ProjectorConfig::default(),
            augment: Augmentation::default(),
            optim: OptimConfig::default(),
            judge: JudgeConfig::default(),
            checkpoint: CheckpointConfig::default(),
            stop: StopConfig::default(),
            log: LogConfig::default(),
        }
    }
}

impl Config {
    /// The settings of a method's own table.
    ///
    /// # Errors
    /// When one is missing, unknown or of another type.
    pub fn own<M: Method>(&self) -> Result<M, ConfigError> {
        self.table(M::TABLE).try_into().map_err(|error: toml::de::Error| ConfigError::wrong_type(M::TABLE, error))
    }

    /// Sets a method's own table.
    ///
    /// # Errors
    /// When a setting cannot be written in TOML.
    pub fn set_own<M: Method>(&mut self, method: &M) -> Result<(), ConfigError> {
        let table = Table::try_from(method).map_err(|error| ConfigError::wrong_type(M::TABLE, error))?;
        self.own.insert(M::TABLE.to_owned(), Value::Table(table));
        Ok(())
    }

    pub(super) fn table(&self, key: &str) -> Table {
        self.own.get(key).and_then(Value::as_table).cloned().unwrap_or_default()
    }

    /// Steps after which each of so many images has been visited `epochs` times, rounded up to whole batches.
    pub fn steps_until(&self, epochs: u32, images: usize) -> u64 {
        (u64::from(epochs) * images as u64).div_ceil(self.batch.max(1) as u64)
    }

    /// Steps of a run on so many images.
    pub fn total_steps(&self, images: usize) -> u64 {
        if self.steps > 0 { self.steps.into() } else { self.steps_until(self.epochs, images) }
    }

    /// Steps of linear warm-up of a run on so many images.
    pub fn warmup_steps(&self, images: usize) -> u64 {
        let OptimConfig { warmup_steps, warmup_epochs, .. } = self.optim;
        if warmup_steps > 0 { warmup_steps.into() } else { self.steps_until(warmup_epochs, images) }
    }

    /// What the method minimises.
    ///
    /// # Errors
    /// When there is no such method, or its table is wrong.
    pub fn objective(&self) -> Result<Arc<dyn Objective>, ConfigError> {
        let Some(entry) = registry::find(&self.method) else {
            return Err(ConfigError::unknown("method", &self.method, &registry::names()));
        };
        entry.objective(self.table(entry.table)).map_err(|error| ConfigError::wrong_type(entry.table, error))
    }

    /// What the networks are made of.
    ///
    /// # Errors
    /// When there are no such networks.
    pub fn backbone(&self) -> Result<Arc<dyn Backbone>, ConfigError> {
        match BACKBONES.iter().find(|kind| kind.name == self.model.kind) {
            Some(kind) => Ok((kind.make)(&self.model)),
            None => Err(ConfigError::unknown("model.kind", &self.model.kind, &crate::nn::names())),
        }
    }
}

impl DataConfig {
    /// How much of the data set is wanted, and how image files become one.
    pub fn file_options(&self) -> FileOptions {
        let cache = match self.cache.as_str() {
            "off" => None,
            "auto" => cached("images"),
            folder => Some(PathBuf::from(folder)),
        };
        FileOptions { limit: self.limit, size: self.size, store: self.store, corrupt: self.corrupt, cache }
    }
}
