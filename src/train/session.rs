//! A model and its data on a device, ready to train and to be looked at.

use super::blueprint::{Blueprint, READ_BATCH};
use super::fits::{blueprint_for, copies, step_of_member, step_that_fits};
use super::progress::Progress;
use super::stream::Stream;
use crate::augment::ImageSource;
use crate::data::{Dataset, Images};
use crate::device::group::{Member, Shared};
use crate::device::{Device, DeviceError, Executor, Values, reference};
use crate::kernels::augment::sample::shuffled;
use crate::kernels::common::clock;
use crate::kernels::common::philox::split;
use crate::methods::CAPACITY;
use crate::plan::{PlanId, Precision, Share, Tensor};
use crate::run_folder::{Checkpoint, CheckpointError};
use crate::settings::{Config, Recipe};
use std::collections::VecDeque;
use std::ops::Range;

/// Images whose loss is computed at a time, at most.
const JUDGE_BATCH: usize = 64;

/// An opened device with the model and the data set.
pub struct Session {
    /// Handles of the memory.
    pub blueprint: Blueprint,
    /// The device.
    pub executor: Box<dyn Executor>,
    /// The sources that do not lie on the device as a whole.
    streams: Vec<Stream>,
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

/// Checks that rows of numbers are finite: nothing that a diverged model puts out is handed on.
pub(super) fn finite(what: &'static str, numbers: &[f32], width: usize) -> Result<(), DeviceError> {
    match numbers.iter().position(|x| !x.is_finite()) {
        Some(at) => Err(DeviceError::NotFinite { what, row: at / width, column: at % width, value: numbers[at] }),
        None => Ok(()),
    }
}

impl Session {
    /// Opens the device, uploads the data as far as it fits and initialises the weights.
    ///
    /// # Errors
    /// When the data are not consistent, the device fails, or model and data do not fit it.
    pub fn open(recipe: &Recipe, data: &Dataset, device: &Device) -> Result<Self, DeviceError> {
        let blueprint = blueprint_for(recipe, data, device, &Share::ALONE)?;
        device.check_room(&blueprint.layout, None, copies(&blueprint))?;
        let executor = device.open(&blueprint.layout)?;
        Self::with(blueprint, data, executor)
    }

    /// [`Session::open`] on the f64 twins.
    ///
    /// # Errors
    /// As [`Session::open`].
    pub fn reference(recipe: &Recipe, data: &Dataset) -> Result<Self, DeviceError> {
        let blueprint = blueprint_for(recipe, data, &Device::cpu(), &Share::ALONE)?;
        let executor = reference(&blueprint.layout)?;
        Self::with(blueprint, data, executor)
    }

    /// [`Session::open`] with the training step loaded. Step, model and data are planned before anything is allocated.
    ///
    /// # Errors
    /// As [`Session::open`]; also when the step does not fit beside the model.
    pub fn open_to_train(recipe: &Recipe, data: &Dataset, device: &Device) -> Result<(Self, PlanId), DeviceError> {
        Self::open_member(recipe, data, device, (&Share::ALONE, None))
    }

    /// The same as a member of a group, if there is one, which computes its share of each step.
    pub(super) fn open_member(
        recipe: &Recipe,
        data: &Dataset,
        device: &Device,
        (share, group): (&Share, Option<&Member>),
    ) -> Result<(Self, PlanId), DeviceError> {
        let (blueprint, step) = step_of_member(recipe, data, device, (share, group))?;
        let executor = device.open(&blueprint.layout)?;
        let executor = match group {
            Some(group) => Box::new(Shared::new(executor, group.clone())),
            None => executor,
        };
        let mut session = Self::with(blueprint, data, executor)?;
        let step = session.executor.load(step)?;
        Ok((session, step))
    }

    /// The device with kernels that suit the training step: see [`Device::tuned_to`].
    ///
    /// # Errors
    /// As [`Session::open_to_train`].
    pub fn tuned(
        recipe: &Recipe,
        data: &Dataset,
        device: &Device,
        share: Share,
        progress: &mut dyn Progress,
    ) -> Result<Device, DeviceError> {
        if recipe.config.precision == Precision::Mixed && !device.is_cooperative() {
            let name = device.name();
            progress
                .note(&format!("precision = mixed: {name} has no cooperative matrices, and will not be faster for it"));
        }
        if device.adapter().is_none() {
            return Ok(device.clone());
        }
        let (_, step) = step_that_fits(recipe, data, device, &share)?;
        device.tuned_to(&step, &mut |text| progress.note(text))
    }

    fn with(blueprint: Blueprint, data: &Dataset, mut executor: Box<dyn Executor>) -> Result<Self, DeviceError> {
        let labels = |images: &Images| Values::U32(images.label_words());
        let mut streams = Vec::new();
        for (source, images) in [(&blueprint.train, &data.train), (&blueprint.test, &data.test)] {
            streams.extend(Stream::begin(executor.as_mut(), source, images)?);
        }
        if let Some((source, judged)) = blueprint.judged.zip(data.judged.as_ref()) {
            streams.extend(Stream::begin(executor.as_mut(), &source.all, &judged.images)?);
            executor.write(source.labels, &labels(&judged.images))?;
        }
        executor.write(blueprint.labels, &labels(&data.train))?;
        executor.write(blueprint.test_labels, &labels(&data.test))?;
        executor.write(blueprint.memory.weights, &Values::F32(blueprint.params.initial(blueprint.config.seed)))?;
        blueprint.memory.write_buffers(executor.as_mut(), blueprint.params.initial_buffers())?;
        executor.write(blueprint.state.clock, &Values::U32(clock::fresh(blueprint.config.seed).to_vec()))?;
        Ok(Self { blueprint, executor, streams })
    }

    /// Brings model, optimiser and clock to where a checkpoint has them.
    ///
    /// # Errors
    /// When the checkpoint is of another architecture, or the device fails.
    pub(super) fn restore(&mut self, checkpoint: &Checkpoint) -> Result<(), CheckpointError> {
        let Self { blueprint, executor, .. } = self;
        checkpoint.load(executor.as_mut(), &blueprint.params, &blueprint.memory)?;
        executor.write(blueprint.state.clock, &Values::U32(checkpoint.state.clock.clone()))?;
        Ok(())
    }

    /// Whether all that a checkpoint would keep is finite: weights, moments and running statistics.
    pub(super) fn weights_are_finite(&mut self) -> Result<bool, DeviceError> {
        let memory = &self.blueprint.memory;
        let mut finite = memory.read_buffers(self.executor.as_mut())?.iter().all(|x| x.is_finite());
        for tensor in [memory.weights, memory.first, memory.second] {
            finite = finite && self.executor.read(tensor)?.to_f32().iter().all(|x| x.is_finite());
        }
        Ok(finite)
    }

    /// Replays the training step `times` times, when `done` steps are done.
    ///
    /// # Errors
    /// When the device fails.
    pub fn train(&mut self, step: PlanId, done: u64, times: u64) -> Result<(), DeviceError> {
        let Config { seed, batch, .. } = self.blueprint.config;
        let source = self.blueprint.train;
        self.replay(step, &source, (seed, batch), done..done + times)
    }

    /// Replays the steps of a plan that draws batches of a source in shuffled order, and streams the images ahead where
    /// the device does not hold them.
    pub(super) fn replay(
        &mut self,
        plan: PlanId,
        source: &ImageSource,
        (seed, batch): (u64, usize),
        steps: Range<u64>,
    ) -> Result<(), DeviceError> {
        let at_a_time = source.ring(batch).map_or(u64::MAX, |ring| ring.steps as u64);
        let mut step = steps.start;
        while step < steps.end {
            let until = steps.end.min(step.saturating_add(at_a_time));
            self.stream(source, (seed, batch), step..until)?;
            self.executor.run(plan, (until - step) as u32)?;
            step = until;
        }
        Ok(())
    }

    /// Writes the images of steps into the ring of a source that the device does not hold as a whole.
    fn stream(
        &mut self,
        source: &ImageSource,
        (seed, batch): (u64, usize),
        steps: Range<u64>,
    ) -> Result<(), DeviceError> {
        let images = source.images as u64;
        let Some(stream) = self.streams.iter().find(|stream| stream.feeds(source)) else { return Ok(()) };
        for step in steps {
            // As the clock has it: batches are cut from one stream of epochs.
            let image = |row: usize| {
                let at = step * batch as u64 + row as u64;
                shuffled(split(seed), (at / images) as u32, (at % images) as u32, images as u32) as usize
            };
            stream.write(self.executor.as_mut(), batch, step, image)?;
        }
        Ok(())
    }

    /// Brings the training images of one step to the device, where they are not there, for those who run its dispatches themselves.
    pub(super) fn stream_step(&mut self, done: u64) -> Result<(), DeviceError> {
        let Config { seed, batch, .. } = self.blueprint.config;
        let source = self.blueprint.train;
        self.stream(&source, (seed, batch), done..done + 1)
    }

    /// Encodes the first `count` images of a source.
    ///
    /// # Errors
    /// When the device fails.
    pub fn embed(&mut self, source: &ImageSource, count: usize) -> Result<Embedding, DeviceError> {
        let count = count.min(source.images);
        let batch = READ_BATCH.min(source.images);
        let (latent, width) = (self.blueprint.model.networks.latent, self.blueprint.model.networks.encoded);
        let (plan, encoded) = self.blueprint.encode(source, batch)?;
        let plan = self.executor.load(plan)?;
        let mut rows = Vec::with_capacity(count.next_multiple_of(batch) * width);
        let mut requested = VecDeque::new();
        for first in (0..count).step_by(batch) {
            self.seek(source, first, batch)?;
            self.executor.run(plan, 1)?;
            requested.push_back(self.executor.request(encoded)?);
            if let Some(&oldest) = requested.front()
                && let Some(values) = self.executor.arrived(oldest, false)?
            {
                requested.pop_front();
                rows.extend(values.into_f32());
            }
        }
        for ticket in requested {
            rows.extend(self.executor.arrived(ticket, true)?.iter().flat_map(Values::to_f32));
        }
        self.executor.unload(plan);
        let rows = || rows.chunks_exact(width).take(count);
        let mu: Vec<f32> = rows().flat_map(|row| &row[..latent]).copied().collect();
        let logvar: Vec<f32> = rows().flat_map(|row| &row[latent..]).copied().collect();
        finite("representation", &mu, latent)?;
        finite("log-variance", &logvar, latent)?;
        Ok(Embedding { mu, logvar, latent })
    }

    /// Reconstructs, with a generative model, the first `count` images of a source from their posterior means: the images
    /// and their reconstructions, each `[count, channels, height, width]` in 0..=1.
    ///
    /// # Errors
    /// When the device fails.
    pub fn reconstruct(&mut self, source: &ImageSource, count: usize) -> Result<(Vec<f32>, Vec<f32>), DeviceError> {
        let (mut x, mut pictures) = (Vec::new(), Vec::new());
        self.each_reconstruction(source, count, &mut |images, reconstructions| {
            x.extend_from_slice(images);
            pictures.extend_from_slice(reconstructions);
        })?;
        Ok((x, pictures))
    }

    /// The mean squared error of a pixel in 0..=1 when a generative model reconstructs all images of a source from their
    /// posterior means.
    ///
    /// # Errors
    /// When the device fails.
    pub fn reconstruction_error(&mut self, source: &ImageSource) -> Result<f64, DeviceError> {
        let (mut sum, mut pixels) = (0.0, 0);
        self.each_reconstruction(source, source.images, &mut |images, reconstructions| {
            pixels += images.len();
            sum += images.iter().zip(reconstructions).map(|(x, y)| f64::from(x - y).powi(2)).sum::<f64>();
        })?;
        Ok(sum / pixels as f64)
    }

    /// Hands the first `count` images of a source and their reconstructions to `take`, batch by batch.
    fn each_reconstruction(
        &mut self,
        source: &ImageSource,
        count: usize,
        take: &mut dyn FnMut(&[f32], &[f32]),
    ) -> Result<(), DeviceError> {
        let count = count.min(source.images);
        let batch = READ_BATCH.min(count);
        let (plan, tensors) = self.blueprint.reconstruct(source, batch)?;
        let plan = self.executor.load(plan)?;
        let pixels = source.shape.iter().product::<usize>();
        for first in (0..count).step_by(batch) {
            self.seek(source, first, batch)?;
            self.executor.run(plan, 1)?;
            let images = self.executor.read(tensors.x)?.into_f32();
            let reconstructions = self.executor.read(tensors.pictures)?.into_f32();
            // The last batch goes on with images from the beginning.
            let wanted = batch.min(count - first) * pixels;
            if let Err(error) = finite("reconstruction", &reconstructions[..wanted], pixels) {
                self.executor.unload(plan);
                return Err(error);
            }
            take(&images[..wanted], &reconstructions[..wanted]);
        }
        self.executor.unload(plan);
        Ok(())
    }

    /// Draws the pictures of latents `[count, latent]` with a generative model: `[count, channels, height, width]` in
    /// 0..=1.
    ///
    /// # Errors
    /// When the device fails.
    pub fn decode(&mut self, z: &[f32]) -> Result<Vec<f32>, DeviceError> {
        let latent = self.blueprint.model.networks.latent;
        let batch = READ_BATCH.min(z.len() / latent);
        if batch == 0 {
            return Ok(Vec::new());
        }
        let (plan, tensors) = self.blueprint.decode(batch)?;
        let plan = self.executor.load(plan)?;
        let mut pictures = Vec::new();
        // Piece by piece: a picture for each of many dimensions may be more than a device can bind.
        for piece in z.chunks(batch * latent) {
            let mut rows = piece.to_vec();
            rows.resize(batch * latent, 0.0);
            self.executor.write(tensors.z, &Values::F32(rows))?;
            self.executor.run(plan, 1)?;
            let drawn = self.executor.read(tensors.pictures)?.into_f32();
            pictures.extend_from_slice(&drawn[..drawn.len() / batch * (piece.len() / latent)]);
        }
        self.executor.unload(plan);
        finite("picture", &pictures, self.blueprint.test.shape.iter().product())?;
        Ok(pictures)
    }

    /// The objective and its terms on views of the test images, each the mean over all whole batches; `total` first.
    ///
    /// # Errors
    /// When the device fails.
    pub fn held_out_loss(&mut self, seed: u64) -> Result<Vec<(&'static str, f64)>, DeviceError> {
        let Blueprint { test, test_labels, .. } = self.blueprint;
        self.loss_of(&test, test_labels, seed)
    }

    /// [`Session::held_out_loss`] of another source, whose images have these labels.
    pub(super) fn loss_of(
        &mut self,
        source: &ImageSource,
        known: Tensor,
        seed: u64,
    ) -> Result<Vec<(&'static str, f64)>, DeviceError> {
        let images = source.images;
        let batch = JUDGE_BATCH.min(images);
        let plan = self.executor.load(self.blueprint.held_out_loss(source, known, batch)?)?;
        let (state, log) = self.blueprint.judging.clone();
        self.executor.write(state.clock, &Values::U32(clock::fresh(seed).to_vec()))?;
        let columns = log.columns();
        let mut sums = vec![0.0; columns.len()];
        let steps = (images / batch) as u64;
        for step in 1..=steps {
            self.replay(plan, source, (seed, batch), step - 1..step)?;
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

    /// Sets the reading clock to an image, from which a plan reads the next `batch`.
    fn seek(&mut self, source: &ImageSource, first: usize, batch: usize) -> Result<(), DeviceError> {
        let mut words = clock::fresh(0);
        words[clock::STEP] = 1;
        words[clock::CURSOR] = first as u32;
        self.executor.write(self.blueprint.reading, &Values::U32(words.to_vec()))?;
        match self.streams.iter().find(|stream| stream.feeds(source)) {
            Some(stream) => stream.write(self.executor.as_mut(), batch, 0, |row| (first + row) % source.images),
            None => Ok(()),
        }
    }
}
