//! What a run puts on a device: memory, model and the plans that train and look at it.

use crate::augment::{ImageSource, ViewCount};
use crate::data::{Dataset, Images};
use crate::kernels::DType;
use crate::kernels::activation::{Activation, Function};
use crate::kernels::augment::views::Ring;
use crate::kernels::common::clock::CLOCK_WORDS;
use crate::kernels::cost::Machine;
use crate::methods::{LossLog, Model, Objective, Parts, StepLoss, reparameterise};
use crate::nn::{Mode, ParamMemory, Params, Pass};
use crate::optim::{Optimiser, Schedule, StepState};
use crate::plan::{Exchange, Graph, Layout, Plan, PlanError, Share, Tensor};
use crate::settings::{Config, Recipe};
use std::sync::Arc;

/// Images that a plan which walks over a data set in order takes at a time, at most.
pub(crate) const READ_BATCH: usize = 256;
/// Steps given to the executor at a time: how soon an interruption is noticed, and how far images are streamed ahead.
pub(super) const STEPS_AT_A_TIME: usize = 4;

/// The handles of a run's memory and its model.
#[derive(Clone, Debug)]
pub struct Blueprint {
    /// All persistent memory.
    pub layout: Layout,
    /// The model's parameters.
    pub params: Params,
    /// Their memory.
    pub memory: ParamMemory,
    /// Clock and rates of training.
    pub state: StepState,
    /// The clock of plans that walk over a data set in order: only its cursor matters.
    pub reading: Tensor,
    /// Training images on the device.
    pub train: ImageSource,
    /// Test images on the device.
    pub test: ImageSource,
    /// Labels of the training images, `[images]` words.
    pub labels: Tensor,
    /// Labels of the test images.
    pub test_labels: Tensor,
    /// The networks and the log.
    pub model: Model,
    /// Memory of a step that is computed in parts; none where it is computed at once.
    pub parts: Option<Parts>,
    /// What judges see while the run trains; none where nothing judges it.
    pub judged: Option<JudgedSource>,
    /// Clock of the plans that compute the loss of images that are not trained on, and its log.
    pub judging: (StepState, LossLog),
    /// What is minimised.
    pub objective: Arc<dyn Objective>,
    pub(super) config: Config,
    pub(super) share: Share,
    machine: Machine,
}

/// Where what judges see while a run trains lies on the device, as a whole.
#[derive(Clone, Copy, Debug)]
pub struct JudgedSource {
    /// All images: first those that no step sees, then some that are trained on.
    pub all: ImageSource,
    /// Those that no step sees.
    pub held_out: ImageSource,
    /// Labels of all, `[images]` words.
    pub labels: Tensor,
}

/// Images and what the model makes of them, both `[batch, pixels]` in 0..=1.
#[derive(Clone, Copy, Debug)]
pub struct Reconstruction {
    /// The images.
    pub x: Tensor,
    /// Their reconstructions.
    pub pictures: Tensor,
}

/// Latents and their pictures.
#[derive(Clone, Copy, Debug)]
pub struct Decoding {
    /// `[count, latent]`
    pub z: Tensor,
    /// `[count, pixels]` in 0..=1.
    pub pictures: Tensor,
}

/// Steps of a whole run: those of the settings, or the stream of `epochs * images` images, rounded up to whole batches. None where there
/// is nothing to train.
pub(super) fn total_steps(config: &Config, objective: &dyn Objective, images: usize) -> u64 {
    if objective.trains() { config.total_steps(images) } else { 0 }
}

impl Blueprint {
    /// Lays out the memory of a run. Images stay on the device as a whole where they take at most `room` bytes.
    pub fn new(recipe: &Recipe, data: &Dataset, room: u64) -> Self {
        Self::of_share(recipe, data, room, Share::ALONE)
    }

    /// The same for a member of a group that computes each step together: its images, in its rank's place among the others'. The batch, or
    /// each of its parts, has an image for each member at least.
    pub fn of_share(recipe: &Recipe, data: &Dataset, room: u64, share: Share) -> Self {
        let Recipe { config, objective, .. } = recipe;
        let mut layout = Layout::default();
        let mut params = Params::default();
        let shape = data.train.seen;
        let state = StepState::new(&mut layout);
        let sizes = recipe.sizes([shape.channels, shape.height, shape.width], data.train.classes.len());
        let model = Model::new(&mut layout, &mut params, objective.as_ref(), &sizes, config.likelihood, state.clock);
        let reading = layout.add("reading clock", DType::Uint, [CLOCK_WORDS]);
        let threshold = config.augment.threshold;
        let mut source =
            |name: &str, images: &Images| image_source(&mut layout, name, images, (config.batch, room), threshold);
        let train = source("training images", &data.train);
        let test = source("test images", &data.test);
        let wanted = data.judged.as_ref().filter(|_| config.judge.every > 0);
        let judged = wanted.map(|judged| {
            let all = image_source(&mut layout, "judged images", &judged.images, (config.batch, u64::MAX), threshold);
            let labels = layout.add("judged labels", DType::Uint, [judged.images.len()]);
            JudgedSource { all, held_out: ImageSource { images: judged.held_out, ..all }, labels }
        });
        let labels = layout.add("training labels", DType::Uint, [data.train.len()]);
        let test_labels = layout.add("test labels", DType::Uint, [data.test.len()]);
        let judging = (StepState::new(&mut layout), LossLog::new(&mut layout, objective.terms()));
        let networks = (objective.as_ref(), &model);
        let cut = (config.batch, config.accumulate.max(1), share.size);
        let parts = Parts::new(&mut layout, networks, (&train, config.views), cut);
        let (memory, config) = (model.memory, config.clone());
        Self {
            layout,
            params,
            memory,
            state,
            reading,
            train,
            test,
            labels,
            test_labels,
            model,
            parts,
            judged,
            judging,
            objective: objective.clone(),
            config,
            share,
            machine: Machine::default(),
        }
    }

    /// The same, whose plans are recorded for this.
    pub fn on(self, machine: Machine) -> Self {
        Self { machine, ..self }
    }

    fn graph(&self, name: &str) -> Graph {
        Graph::new(name).on(self.machine)
    }

    /// Steps of the whole run; none where there is nothing to train.
    pub fn total_steps(&self) -> u64 {
        total_steps(&self.config, self.objective.as_ref(), self.train.images)
    }

    /// Steps after which every image has been visited `epochs` times.
    pub fn steps_until(&self, epochs: u32) -> u64 {
        self.config.steps_until(epochs, self.train.images)
    }

    /// How many views of an image a step sees.
    pub fn view_count(&self) -> ViewCount {
        let Config { views, ref augment, .. } = self.config;
        ViewCount { views, plain: if augment.plain { views } else { self.objective.plain_views() } }
    }

    /// Records one training step: views, forward, loss, backward, at once or in parts, and Adam.
    ///
    /// # Errors
    /// Never for a valid configuration; a [`PlanError`] is a mistake of a layer.
    pub fn training_step(&self) -> Result<Plan, PlanError> {
        let mut g = self.graph("training step").shared(self.share.clone()).precise(self.config.precision);
        let optimiser = self.optimiser();
        optimiser.begin_step(&mut g, &self.state, self.train.images, self.config.batch);
        let loss = self.loss(&self.model, &self.train, self.labels);
        loss.gradient(&mut g, self.config.batch, self.parts.as_ref());
        if self.objective.trains() {
            optimiser.update(&mut g, &self.state, &self.memory);
        }
        if !self.share.alike {
            // Unlike devices round what they update differently.
            g.meet(self.memory.weights, Exchange::First);
            if !self.params.buffers().is_empty() {
                g.meet(self.memory.buffers, Exchange::First);
            }
        }
        g.finish()
    }

    /// Records the loss of the next `batch` images of a source: the objective without its backward, in the judging log. `known` are
    /// the labels of its images.
    ///
    /// # Errors
    /// As [`Blueprint::training_step`].
    pub fn held_out_loss(&self, source: &ImageSource, known: Tensor, batch: usize) -> Result<Plan, PlanError> {
        let mut g = self.graph("held-out loss");
        let (state, log) = &self.judging;
        self.optimiser().begin_step(&mut g, state, source.images, batch);
        let model = Model { clock: state.clock, log: log.clone(), mode: Mode::Evaluation, ..self.model.clone() };
        self.loss(&model, source, known).emit(&mut g, batch);
        g.finish()
    }

    /// Records the encoding of two random views of each of the next `batch` images of a source, by the judging clock: rows as of
    /// [`Blueprint::encode`], `[2 * batch, encoded]`, the views of an image behind each other.
    ///
    /// # Errors
    /// As [`Blueprint::training_step`].
    pub fn encode_pairs(&self, source: &ImageSource, batch: usize) -> Result<(Plan, Tensor), PlanError> {
        let mut g = self.graph("encode pairs of views");
        let (state, _) = &self.judging;
        self.optimiser().begin_step(&mut g, state, source.images, batch);
        let count = ViewCount { views: 2, plain: 0 };
        let x = source.augmented(&mut g, state.clock, batch, count, &self.config.augment).x;
        let encoded = self.model.networks.encoder.forward(&mut g, &self.memory, x, Pass::LOOK);
        g.keep(encoded);
        Ok((g.finish()?, encoded))
    }

    fn loss<'a>(&'a self, model: &'a Model, source: &'a ImageSource, known: Tensor) -> StepLoss<'a> {
        let (objective, how) = (self.objective.as_ref(), &self.config.augment);
        StepLoss { objective, model, source, known, count: self.view_count(), how }
    }

    fn optimiser(&self) -> Optimiser {
        let optim = &self.config.optim;
        let cosine = optim.schedule == Schedule::Cosine;
        Optimiser {
            settings: optim.clone(),
            warmup_steps: self.config.warmup_steps(self.train.images) as u32,
            cosine_until: cosine.then(|| self.total_steps() as u32),
        }
    }

    /// Records the encoding of `batch` images of a source, as they are, from the reading clock's cursor on: rows
    /// that begin with the representation, `[batch, encoded]`.
    ///
    /// # Errors
    /// As [`Blueprint::training_step`].
    pub fn encode(&self, source: &ImageSource, batch: usize) -> Result<(Plan, Tensor), PlanError> {
        let mut g = self.graph("encode");
        let x = source.plain(&mut g, self.reading, batch);
        let encoded = self.model.networks.encoder.forward(&mut g, &self.memory, x, Pass::LOOK);
        g.keep(encoded);
        Ok((g.finish()?, encoded))
    }

    /// Records the reconstruction of `batch` images of a source from their posterior means, by a generative model.
    ///
    /// # Errors
    /// As [`Blueprint::training_step`].
    pub fn reconstruct(&self, source: &ImageSource, batch: usize) -> Result<(Plan, Reconstruction), PlanError> {
        let model = &self.model.networks;
        let mut g = self.graph("reconstruct");
        let x = source.plain(&mut g, self.reading, batch);
        let encoded = model.encoder.forward(&mut g, &self.memory, x, Pass::LOOK);
        // An input that nobody writes stays zero, and without noise the sample is the mean.
        let noise = g.input("no noise", [batch, model.latent]);
        let z = reparameterise(&mut g, encoded, noise);
        let pictures = self.emit_pictures(&mut g, z);
        g.keep(x);
        Ok((g.finish()?, Reconstruction { x, pictures }))
    }

    /// Records the pictures of `count` latents that the host writes into the returned `z` `[count, latent]`, by a
    /// generative model.
    ///
    /// # Errors
    /// As [`Blueprint::training_step`].
    pub fn decode(&self, count: usize) -> Result<(Plan, Decoding), PlanError> {
        let mut g = self.graph("decode");
        let z = g.input("z", [count, self.model.networks.latent]);
        let pictures = self.emit_pictures(&mut g, z);
        Ok((g.finish()?, Decoding { z, pictures }))
    }

    fn emit_pictures(&self, g: &mut Graph, z: Tensor) -> Tensor {
        let logits = self.model.networks.head.forward(g, &self.memory, z, Pass::LOOK);
        let pictures = g.tensor("pictures", logits.shape);
        let kernel = Activation { function: Function::Sigmoid, count: pictures.len() };
        g.push("sigmoid", kernel, &[logits, logits, pictures]);
        g.keep(pictures);
        pictures
    }
}

/// Lays out images: all of them where they take at most `room` bytes, else a ring for steps of `batch`.
pub(crate) fn image_source(
    layout: &mut Layout,
    name: &str,
    images: &Images,
    (batch, room): (usize, u64),
    threshold: bool,
) -> ImageSource {
    let (seen, stored) = (images.seen, images.shape);
    ImageSource {
        pixels: layout.add(name, DType::Uint, [held_bytes(images, batch, room).div_ceil(4)]),
        images: images.len(),
        shape: [seen.channels, seen.height, seen.width],
        stored: [stored.height, stored.width],
        threshold,
    }
}

/// Bytes of images that lie on the device: all, or a ring that a few steps and any other plan fit into.
fn held_bytes(images: &Images, batch: usize, room: u64) -> usize {
    let stride = |batch: usize| Ring::stride(batch.min(images.len()) * images.shape.bytes());
    let ring = (STEPS_AT_A_TIME * stride(batch)).max(stride(READ_BATCH));
    let all = images.pixels.len();
    if all as u64 > room { ring.min(all) } else { all }
}
