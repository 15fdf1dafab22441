//! A model and its data on a device, ready to train and to be looked at.

use super::blueprint::Blueprint;
use super::config::Config;
use crate::augment::ImageSource;
use crate::data::Dataset;
use crate::device::{Choice, DeviceError, Executor, Values};
use crate::kernels::Tuning;
use crate::kernels::common::clock;
use crate::plan::PlanId;

/// Images that one replay of the encoding plan takes.
const ENCODE_BATCH: usize = 256;

/// An opened device with the model, the data set and the training step loaded.
pub struct Session {
    /// Handles of the memory.
    pub blueprint: Blueprint,
    /// The device.
    pub executor: Box<dyn Executor>,
    /// The training step.
    pub step: PlanId,
}

/// Representations of images: posterior means, or what the encoder puts out.
#[derive(Clone, Debug)]
pub struct Embedding {
    /// `[images, latent]`, row-major.
    pub mu: Vec<f32>,
    /// Columns of `mu`.
    pub latent: usize,
}

impl Embedding {
    /// Number of images.
    pub fn len(&self) -> usize {
        self.mu.len() / self.latent
    }

    /// Whether there is no image.
    pub fn is_empty(&self) -> bool {
        self.mu.is_empty()
    }
}

impl Session {
    /// Opens the device, uploads the data, initialises the weights and loads the training step.
    ///
    /// # Errors
    /// When the device fails, or model and data do not fit it.
    pub fn open(config: &Config, data: &Dataset, choice: &Choice, tuning: Tuning) -> Result<Self, DeviceError> {
        let blueprint = Blueprint::new(config, data);
        let mut executor = choice.open(&blueprint.layout, tuning)?;
        for (source, images) in [(&blueprint.train, &data.train), (&blueprint.test, &data.test)] {
            executor.write(source.pixels, &Values::U32(pack(&images.pixels)))?;
        }
        let labels = data.train.labels.iter().map(|&label| u32::from(label)).collect();
        executor.write(blueprint.labels, &Values::U32(labels))?;
        executor.write(blueprint.memory.weights, &Values::F32(blueprint.params.initial(config.seed)))?;
        executor.write(blueprint.state.clock, &Values::U32(clock::fresh(config.seed).to_vec()))?;
        let step = executor.load(blueprint.training_step()?)?;
        Ok(Self { blueprint, executor, step })
    }

    /// Bytes on the device: persistent memory, and the arena of the training step.
    ///
    /// # Errors
    /// Never after [`Session::open`].
    pub fn device_bytes(&self) -> Result<(u64, u64), DeviceError> {
        Ok((self.blueprint.layout.device_bytes(), self.executor.plan(self.step)?.arena.device_bytes()))
    }

    /// Encodes the first `count` images of a source.
    ///
    /// # Errors
    /// When the device fails.
    pub fn embed(&mut self, source: &ImageSource, count: usize) -> Result<Embedding, DeviceError> {
        let count = count.min(source.images);
        let (latent, encoded_width) = (self.blueprint.model.networks.latent, self.blueprint.model.networks.encoded);
        let (plan, encoded) = self.blueprint.encode(source, ENCODE_BATCH.min(source.images))?;
        let plan = self.executor.load(plan)?;
        let batch = ENCODE_BATCH.min(source.images);
        let mut mu = Vec::with_capacity(count * latent);
        let mut keep = |values: Values| {
            for row in values.to_f32().chunks(encoded_width).take(count - mu.len() / latent) {
                mu.extend_from_slice(&row[..latent]);
            }
        };
        for first in (0..count).step_by(batch) {
            self.seek(first)?;
            self.executor.run(plan, 1)?;
            self.executor.request(encoded)?;
            if let Some(values) = self.executor.arrived(false)? {
                keep(values);
            }
        }
        while let Some(values) = self.executor.arrived(true)? {
            keep(values);
        }
        self.executor.unload(plan);
        Ok(Embedding { mu, latent })
    }

    /// Reconstructs, with a generative model, the first `count` images of a source from their posterior means: the images and their
    /// reconstructions, each `[count, channels, height, width]` in 0..=1.
    ///
    /// # Errors
    /// When the device fails.
    pub fn reconstruct(&mut self, source: &ImageSource, count: usize) -> Result<(Vec<f32>, Vec<f32>), DeviceError> {
        let (plan, tensors) = self.blueprint.reconstruct(source, count.min(source.images))?;
        let plan = self.executor.load(plan)?;
        self.seek(0)?;
        self.executor.run(plan, 1)?;
        let x = self.executor.read(tensors.x)?.to_f32();
        let pictures = self.executor.read(tensors.pictures)?.to_f32();
        self.executor.unload(plan);
        Ok((x, pictures))
    }

    /// Sets the reading clock to an image.
    fn seek(&mut self, image: usize) -> Result<(), DeviceError> {
        let mut words = clock::fresh(0);
        words[clock::CURSOR] = image as u32;
        self.executor.write(self.blueprint.reading, &Values::U32(words.to_vec()))
    }
}

/// Bytes as little-endian words, the last filled with zeros.
fn pack(bytes: &[u8]) -> Vec<u32> {
    let word = |chunk: &[u8]| {
        let mut four = [0; 4];
        four[..chunk.len()].copy_from_slice(chunk);
        u32::from_le_bytes(four)
    };
    bytes.chunks(4).map(word).collect()
}
