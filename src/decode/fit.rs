//! A decoder on a device: its memory, its training step, and how well it draws the test images.

use super::{DecodeError, DecodeSettings, Decoded, Score, mean_image};
use crate::augment::{Augmentation, ImageSource, ViewCount};
use crate::device::{Device, Executor, Values};
use crate::eval::Rows;
use crate::eval::probe::Moments;
use crate::kernels::DType;
use crate::kernels::activation::{Activation, Function};
use crate::kernels::augment::sample::shuffled;
use crate::kernels::common::clock;
use crate::kernels::common::philox::split;
use crate::kernels::loss::likelihood::{Likelihood, LikelihoodKind};
use crate::kernels::loss::variance::Variance;
use crate::kernels::probe::gather::Gather;
use crate::methods::{CAPACITY, LossLog};
use crate::nn::{Mode, Module, ParamMemory, Params, Pass};
use crate::optim::{OptimConfig, Optimiser, StepState};
use crate::plan::{Graph, Layout, Plan, PlanError, Tensor};
use crate::train::{Progress, READ_BATCH, Stream, Trained, image_source, room_for_images};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

/// Steps between two looks at the error and at `stop`. The log holds them.
const STRETCH: u64 = 32;
const _: () = assert!(STRETCH as usize <= CAPACITY);

/// Representations of training and test images, standardised: row-major.
struct Codes {
    latent: usize,
    train: Vec<f32>,
    test: Vec<f32>,
}

/// The handles of a decoder's memory.
struct Decoder {
    batch: usize,
    network: Arc<dyn Module>,
    memory: ParamMemory,
    state: StepState,
    train: ImageSource,
    test: ImageSource,
    /// Representations of the training images, `[images, latent]`.
    codes: Tensor,
    log: LossLog,
}

/// The tensors of a plan that draws test images.
struct Drawing {
    /// Their representations, which the host writes.
    z: Tensor,
    images: Tensor,
    pictures: Tensor,
    /// The sum of squared errors of each.
    errors: Tensor,
}

/// Trains a decoder of the run's own kind of networks (`model.kind`) on the representations of its training images as they are, and draws the test
/// images from theirs. The representation stays as it is; each of its numbers is standardised over the training images.
/// None if `stop` was raised.
///
/// # Errors
/// When a setting makes no sense, the representation or the decoder's error is not finite, or the device fails or is too small.
pub fn decode(
    mut trained: Trained,
    device: &Device,
    settings: &DecodeSettings,
    progress: &mut dyn Progress,
    stop: &AtomicBool,
) -> Result<Option<Decoded>, DecodeError> {
    settings.check()?;
    let codes = Codes::of(&mut trained)?;
    // The model makes room for the decoder.
    let Trained { config, data, session, step: trained_steps, .. } = trained;
    drop(session);

    let (mut layout, mut params) = (Layout::default(), Params::default());
    let threshold = config.augment.threshold;
    let batch = settings.batch.min(data.train.len());
    let decoder = {
        let shape = data.train.seen;
        let backbone = config.backbone()?;
        let image = [shape.channels, shape.height, shape.width];
        let network = backbone.decoder(&mut params, "dec", image, codes.latent);
        let room = (batch, room_for_images(&config, device));
        Decoder {
            batch,
            network,
            memory: params.allocate(&mut layout),
            state: StepState::new(&mut layout),
            train: image_source(&mut layout, "training images", &data.train, room, threshold),
            test: image_source(&mut layout, "test images", &data.test, room, threshold),
            codes: layout.add("training representations", DType::Real, [data.train.len(), codes.latent]),
            log: LossLog::new(&mut layout, &["error"]),
        }
    };
    let step = decoder.training_step(settings)?;
    device.check_room(&layout, Some(&step), params.flat_len() as u64)?;
    let mut executor = device.open(&layout)?;
    let train_feed = Stream::begin(executor.as_mut(), &decoder.train, &data.train)?;
    let test_feed = Stream::begin(executor.as_mut(), &decoder.test, &data.test)?;
    executor.write(decoder.codes, &Values::F32(codes.train))?;
    executor.write(decoder.memory.weights, &Values::F32(params.initial(settings.seed)))?;
    decoder.memory.write_buffers(executor.as_mut(), params.initial_buffers())?;
    executor.write(decoder.state.clock, &Values::U32(clock::fresh(settings.seed).to_vec()))?;
    if !decoder.learn(executor.as_mut(), step, train_feed.as_ref(), settings, progress, stop)? {
        return Ok(None);
    }
    let (squared, images, pictures) =
        decoder.draw(executor.as_mut(), test_feed.as_ref(), &codes.test, codes.latent, settings.shown)?;
    let pixels = decoder.test.images * decoder.test.view_len();
    let error = squared / pixels as f64;
    if !error.is_finite() {
        return Err(DecodeError::Diverged { error, step: settings.steps.into() });
    }
    let score = Score {
        method: config.method.clone(),
        seed: config.seed,
        trained_steps,
        latent: codes.latent,
        decoder: settings.clone(),
        parameters: params.count(),
        error,
        mean_image_error: mean_image::error(&data.train, &data.test, threshold),
    };
    Ok(Some(Decoded { score, shape: decoder.test.shape, images, pictures }))
}

impl Codes {
    fn of(trained: &mut Trained) -> Result<Self, DecodeError> {
        let session = &mut trained.session;
        let (train, test) = (session.blueprint.train, session.blueprint.test);
        let (train, test) = (session.embed(&train, train.images)?, session.embed(&test, test.images)?);
        let latent = train.latent;
        let known = Rows::new("training images", &train.mu, latent)?;
        let asked = Rows::new("test images", &test.mu, latent)?;
        let moments = Moments::of(known);
        Ok(Self { latent, train: moments.standardise(known), test: moments.standardise(asked) })
    }
}

impl Decoder {
    /// Records one step: images and their representations, forward, squared error, backward, Adam.
    fn training_step(&self, settings: &DecodeSettings) -> Result<Plan, PlanError> {
        let optimiser = Optimiser {
            settings: OptimConfig { lr: settings.learning_rate, ..OptimConfig::default() },
            warmup_steps: 0,
            cosine_until: Some(settings.steps),
        };
        let (clock, rows) = (self.state.clock, self.batch);
        let (images, width) = self.codes.shape.as_matrix();
        let mut g = Graph::new("decoder step");
        optimiser.begin_step(&mut g, &self.state, images, rows);
        let as_they_are = ViewCount { views: 1, plain: 1 };
        let drawn = self.train.augmented(&mut g, clock, rows, as_they_are, &Augmentation::default());
        let z = g.tensor("z", [rows, width]);
        g.push("gather", Gather { images, rows, width }, &[drawn.boxes, self.codes, z]);
        let pass = Pass { mode: Mode::Training, differentiate_input: false };
        let logits = self.network.forward(&mut g, &self.memory, z, pass);
        let dlogits = g.grad_first(logits);
        let scale = 1.0 / rows as f64;
        let errors = squared_error(&mut g, logits, drawn.x, dlogits, scale);
        self.log.record(&mut g, clock, &[errors], scale);
        g.backward();
        optimiser.update(&mut g, &self.state, &self.memory);
        g.finish()
    }

    /// Trains; false if `stop` was raised.
    fn learn(
        &self,
        executor: &mut dyn Executor,
        step: Plan,
        feed: Option<&Stream>,
        settings: &DecodeSettings,
        progress: &mut dyn Progress,
        stop: &AtomicBool,
    ) -> Result<bool, DecodeError> {
        let plan = executor.load(step)?;
        let (steps, images, rows) = (u64::from(settings.steps), self.train.images as u64, self.batch as u64);
        let seed = split(settings.seed);
        progress.begin(0, steps);
        let mut done = 0;
        while done < steps {
            if stop.load(Ordering::Relaxed) {
                progress.finish();
                return Ok(false);
            }
            let (from, began) = (done, Instant::now());
            done = steps.min(done + STRETCH);
            for step in from..done {
                if let Some(feed) = feed {
                    let image = |row: usize| {
                        let at = step * rows + row as u64;
                        shuffled(seed, (at / images) as u32, (at % images) as u32, images as u32) as usize
                    };
                    feed.write(executor, self.batch, step, image)?;
                }
                executor.run(plan, 1)?;
            }
            let copy = executor.read(self.log.losses)?.to_f64();
            let sum = (from + 1..=done).map(|step| self.log.row(&copy, step)[0]).sum::<f64>();
            let error = sum / (done - from) as f64;
            if !error.is_finite() {
                progress.finish();
                return Err(DecodeError::Diverged { error, step: done });
            }
            let rate = ((done - from) * rows) as f64 / began.elapsed().as_secs_f64();
            progress.advance(done, (done * rows) as f64 / images as f64, rate, &[("squared error of an image", error)]);
        }
        progress.finish();
        executor.unload(plan);
        Ok(true)
    }

    /// Records the drawing of `rows` test images from the clock's cursor on.
    fn drawing(&self, rows: usize, width: usize) -> Result<(Plan, Drawing), PlanError> {
        let mut g = Graph::new("decode");
        let images = self.test.plain(&mut g, self.state.clock, rows);
        let z = g.input("z", [rows, width]);
        let logits = self.network.forward(&mut g, &self.memory, z, Pass::LOOK);
        let pictures = g.tensor("pictures", logits.shape);
        let sigmoid = Activation { function: Function::Sigmoid, count: pictures.len() };
        g.push("sigmoid", sigmoid, &[logits, logits, pictures]);
        let unused = g.tensor("unused gradient", logits.shape);
        let errors = squared_error(&mut g, logits, images, unused, 1.0);
        for kept in [images, pictures, errors] {
            g.keep(kept);
        }
        Ok((g.finish()?, Drawing { z, images, pictures, errors }))
    }

    /// Draws all test images: the sum of their squared errors, and the first `shown` images with their pictures.
    fn draw(
        &self,
        executor: &mut dyn Executor,
        feed: Option<&Stream>,
        codes: &[f32],
        width: usize,
        shown: usize,
    ) -> Result<(f64, Vec<f32>, Vec<f32>), DecodeError> {
        let count = self.test.images;
        let (rows, shown) = (READ_BATCH.min(count), shown.min(count));
        let (plan, tensors) = self.drawing(rows, width)?;
        let plan = executor.load(plan)?;
        let (mut squared, mut images, mut pictures) = (0.0, Vec::new(), Vec::new());
        for first in (0..count).step_by(rows) {
            let mut clock = clock::fresh(0);
            (clock[clock::STEP], clock[clock::CURSOR]) = (1, first as u32);
            executor.write(self.state.clock, &Values::U32(clock.to_vec()))?;
            if let Some(feed) = feed {
                feed.write(executor, rows, 0, |row| (first + row) % count)?;
            }
            // The last batch goes on with images from the beginning, which do not count.
            let here = rows.min(count - first);
            let mut z = codes[first * width..][..here * width].to_vec();
            z.resize(rows * width, 0.0);
            executor.write(tensors.z, &Values::F32(z))?;
            executor.run(plan, 1)?;
            squared += executor.read(tensors.errors)?.to_f64()[..here].iter().sum::<f64>();
            let wanted = shown.saturating_sub(first).min(here) * self.test.view_len();
            if wanted > 0 {
                images.extend_from_slice(&executor.read(tensors.images)?.to_f32()[..wanted]);
                pictures.extend_from_slice(&executor.read(tensors.pictures)?.to_f32()[..wanted]);
            }
        }
        Ok((squared, images, pictures))
    }
}

/// Emits each row's sum of squared errors between the images and the logits' sigmoid, and its gradient times `scale`.
fn squared_error(g: &mut Graph, logits: Tensor, images: Tensor, dlogits: Tensor, scale: f64) -> Tensor {
    let (rows, width) = logits.shape.as_matrix();
    let errors = g.tensor("squared error", [rows]);
    // A normal likelihood of variance one half, without its constants, is the squared error.
    let kernel = Likelihood {
        kind: LikelihoodKind::Gaussian,
        rows,
        width,
        variance: Variance::Fixed(0.5),
        gradient_scale: scale,
    };
    g.push("squared error", kernel, &[logits, images, errors, dlogits]);
    errors
}
