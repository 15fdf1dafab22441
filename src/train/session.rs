//! A model and its data on a device, ready to train and to be looked at.

use super::blueprint::Blueprint;
use super::config::Config;
use crate::augment::ImageSource;
use crate::data::{Dataset, Images};
use crate::device::{Choice, DeviceError, Executor, Values};
use crate::kernels::Tuning;
use crate::kernels::common::clock;
use crate::loss::CAPACITY;
use crate::plan::PlanId;

/// Images that one replay of the encoding plan takes.
const BATCH: usize = 256;

/// Images whose loss is computed at a time, at most.
const JUDGE_BATCH: usize = 64;

/// An opened device with the model and the data set.
pub struct Session {
    /// Handles of the memory.
    pub blueprint: Blueprint,
    /// The device.
    pub executor: Box<dyn Executor>,
}

/// Representations of images.
#[derive(Clone, Debug)]
pub struct Embedding {
    /// Posterior means, or what the encoder of a discriminative method puts out: `[images, latent]`, row-major.
    pub mu: Vec<f32>,
    /// Log-variances of the posteriors, like `mu`; empty for discriminative methods.
    pub logvar: Vec<f32>,
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
    /// Opens the device, uploads the data and initialises the weights.
    ///
    /// # Errors
    /// When the device fails, or model and data do not fit it.
    pub fn open(config: &Config, data: &Dataset, choice: &Choice, tuning: Tuning) -> Result<Self, DeviceError> {
        let blueprint = Blueprint::new(config, data);
        let mut executor = choice.open(&blueprint.layout, tuning)?;
        let labels = |images: &Images| Values::U32(images.labels.iter().map(|&label| u32::from(label)).collect());
        executor.write(blueprint.train.pixels, &Values::U32(pack(&data.train.pixels)))?;
        executor.write(blueprint.test.pixels, &Values::U32(pack(&data.test.pixels)))?;
        executor.write(blueprint.labels, &labels(&data.train))?;
        executor.write(blueprint.test_labels, &labels(&data.test))?;
        executor.write(blueprint.memory.weights, &Values::F32(blueprint.params.initial(config.seed)))?;
        blueprint.memory.write_buffers(executor.as_mut(), blueprint.params.initial_buffers())?;
        executor.write(blueprint.state.clock, &Values::U32(clock::fresh(config.seed).to_vec()))?;
        Ok(Self { blueprint, executor })
    }

    /// Loads the training step.
    ///
    /// # Errors
    /// When the step does not fit the device.
    pub fn load_step(&mut self) -> Result<PlanId, DeviceError> {
        self.executor.load(self.blueprint.training_step()?)
    }

    /// Encodes the first `count` images of a source.
    ///
    /// # Errors
    /// When the device fails.
    pub fn embed(&mut self, source: &ImageSource, count: usize) -> Result<Embedding, DeviceError> {
        let count = count.min(source.images);
        let batch = BATCH.min(source.images);
        let (latent, width) = (self.blueprint.model.networks.latent, self.blueprint.model.networks.encoded);
        let (plan, encoded) = self.blueprint.encode(source, batch)?;
        let plan = self.executor.load(plan)?;
        let mut rows = Vec::with_capacity(count.next_multiple_of(batch) * width);
        for first in (0..count).step_by(batch) {
            self.seek(first)?;
            self.executor.run(plan, 1)?;
            self.executor.request(encoded)?;
            if let Some(values) = self.executor.arrived(false)? {
                rows.extend(values.to_f32());
            }
        }
        while let Some(values) = self.executor.arrived(true)? {
            rows.extend(values.to_f32());
        }
        self.executor.unload(plan);
        let rows = || rows.chunks_exact(width).take(count);
        let mu = rows().flat_map(|row| &row[..latent]).copied().collect();
        let logvar = rows().flat_map(|row| &row[latent..]).copied().collect();
        Ok(Embedding { mu, logvar, latent })
    }

    /// Reconstructs, with a generative model, the first `count` images of a source from their posterior means: the images
    /// and their reconstructions, each `[count, channels, height, width]` in 0..=1.
    ///
    /// # Errors
    /// When the device fails.
    pub fn reconstruct(&mut self, source: &ImageSource, count: usize) -> Result<(Vec<f32>, Vec<f32>), DeviceError> {
        let count = count.min(source.images);
        let batch = BATCH.min(count);
        let (plan, tensors) = self.blueprint.reconstruct(source, batch)?;
        let plan = self.executor.load(plan)?;
        let (mut x, mut pictures) = (Vec::new(), Vec::new());
        for first in (0..count).step_by(batch) {
            self.seek(first)?;
            self.executor.run(plan, 1)?;
            x.extend(self.executor.read(tensors.x)?.to_f32());
            pictures.extend(self.executor.read(tensors.pictures)?.to_f32());
        }
        self.executor.unload(plan);
        let pixels = count * source.shape.iter().product::<usize>();
        x.truncate(pixels);
        pictures.truncate(pixels);
        Ok((x, pictures))
    }

    /// Draws the pictures of latents `[count, latent]` with a generative model: `[count, channels, height, width]` in
    /// 0..=1.
    ///
    /// # Errors
    /// When the device fails.
    pub fn decode(&mut self, z: &[f32]) -> Result<Vec<f32>, DeviceError> {
        let (plan, tensors) = self.blueprint.decode(z.len() / self.blueprint.model.networks.latent)?;
        let plan = self.executor.load(plan)?;
        self.executor.write(tensors.z, &Values::F32(z.to_vec()))?;
        self.executor.run(plan, 1)?;
        let pictures = self.executor.read(tensors.pictures)?.to_f32();
        self.executor.unload(plan);
        Ok(pictures)
    }

    /// The objective and its terms on views of the test images, each the mean over all whole batches; `total` first.
    ///
    /// # Errors
    /// When the device fails.
    pub fn held_out_loss(&mut self, seed: u64) -> Result<Vec<(&'static str, f64)>, DeviceError> {
        let images = self.blueprint.test.images;
        let batch = JUDGE_BATCH.min(images);
        let plan = self.executor.load(self.blueprint.held_out_loss(batch)?)?;
        let (state, log) = self.blueprint.judging.clone();
        self.executor.write(state.clock, &Values::U32(clock::fresh(seed).to_vec()))?;
        let columns = log.columns();
        let mut sums = vec![0.0; columns.len()];
        let steps = (images / batch) as u64;
        for step in 1..=steps {
            self.executor.run(plan, 1)?;
            if step % CAPACITY as u64 == 0 || step == steps {
                let copy = self.executor.read(log.losses)?.to_f64();
                for at in (step - 1) / CAPACITY as u64 * CAPACITY as u64 + 1..=step {
                    sums.iter_mut().zip(log.row(&copy, at)).for_each(|(sum, value)| *sum += value);
                }
            }
        }
        self.executor.unload(plan);
        Ok(columns.into_iter().zip(sums.into_iter().map(|sum| sum / steps as f64)).collect())
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
