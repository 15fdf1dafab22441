//! A golden case's step on an executor.

use super::super::{Target, norm, relative_error, relative_error_on_scale};
use super::GoldenError;
use super::case::Case;
use crate::device::{DeviceError, Executor, Values};
use crate::kernels::common::clock;
use crate::kernels::loss::likelihood::LikelihoodKind;
use crate::methods::{Batch, Forward, Golden, Model, Objective};
use crate::nn::{MlpBackbone, Params, Sizes};
use crate::optim::{OptimConfig, Optimiser, StepState};
use crate::plan::{Graph, Layout, PlanId, Precision, Tensor};
use std::sync::Arc;

/// A case's model on an executor.
pub(super) struct Step<'a> {
    case: &'a Case,
    golden: &'a Golden<Arc<dyn Objective>>,
    executor: Box<dyn Executor>,
    plan: PlanId,
    params: Params,
    model: Model,
    noise: Tensor,
    forward: Forward,
    rows: usize,
}

impl<'a> Step<'a> {
    /// Records the step, opens the target and writes weights and images.
    pub fn open(
        case: &'a Case,
        golden: &'a Golden<Arc<dyn Objective>>,
        target: &Target,
        precision: Precision,
    ) -> Result<Self, GoldenError> {
        let widths = case.widths()?;
        let [pixels, hidden @ .., outputs] = widths.as_slice() else {
            return Err(case.problem("there is no encoder (`enc.0.weight`)"));
        };
        let latent = if golden.summed { outputs / 2 } else { *outputs };
        let views_apart = if case.has("x_aug") { 2 } else { 1 };
        let rows = case.shape("x")?[0] * views_apart;
        if latent == 0 || golden.views == 0 || rows % golden.views != 0 {
            return Err(case.problem(format!("{rows} rows of {} views, latent size {latent}", golden.views)));
        }
        let mut layout = Layout::default();
        let mut params = Params::default();
        let state = StepState::new(&mut layout);
        let backbone = MlpBackbone { hidden: hidden.to_vec() };
        let sizes = Sizes { image: [1, 1, *pixels], backbone: &backbone, latent, classes: latent, projector: &[] };
        let likelihood = case.facts.likelihood();
        let model = Model::new(&mut layout, &mut params, golden.method.as_ref(), &sizes, likelihood, state.clock);

        let mut g = Graph::new("golden").precise(precision);
        let optimiser = Optimiser {
            settings: OptimConfig { lr: 1e-3, eps: case.facts.adam_eps.unwrap_or(1e-8), ..OptimConfig::default() },
            warmup_steps: 0,
            cosine_until: None,
        };
        optimiser.begin_step(&mut g, &state, rows, rows);
        let x = g.input("x", [rows, *pixels]);
        let noise = g.input("noise", [rows, latent]);
        let labels = g.input_uints("labels", [rows]);
        let batch = Batch { x, views: golden.views, share: 1.0, noise: &|_| noise, labels: &|_| labels };
        let forward = golden.method.emit(&mut g, &model, &batch);
        g.backward();
        if case.facts.adam_eps.is_some() {
            optimiser.update(&mut g, &state, &model.memory);
        }
        g.keep(forward.encoded);
        g.keep(forward.z);
        let mut executor = target.open(&layout)?;
        let plan = executor.load(g.finish().map_err(DeviceError::from)?)?;
        for spec in params.specs() {
            let weights = case.tensor(&spec.name, spec.param.shape.len())?;
            executor.write(model.memory.weight(spec.param), &Values::F32(weights.to_vec()))?;
        }
        executor.write(state.clock, &Values::U32(clock::fresh(0).to_vec()))?;
        let images = if case.facts.recon == Some(LikelihoodKind::Bernoulli) { "x_binary" } else { "x" };
        executor.write(x, &Values::F32(case.with_views(images, rows, *pixels)?))?;
        if case.has("y") {
            let words = case.tensor("y", rows)?.iter().map(|&label| label as u32).collect::<Vec<u32>>();
            if let Some(label) = words.iter().find(|&&label| label as usize >= latent) {
                return Err(case.problem(format!("label {label} in `y`, {latent} classes")));
            }
            executor.write(labels, &Values::U32(words))?;
        }
        Ok(Self { case, golden, executor, plan, params, model, noise, forward, rows })
    }

    /// One step: the largest relative error of a loss, and of an output or a gradient with its name.
    pub fn gradients(mut self) -> Result<(f64, Worst), GoldenError> {
        let latent = self.model.networks.latent;
        if self.case.has("eps") {
            let noise = self.case.with_views("eps", self.rows, latent)?;
            self.executor.write(self.noise, &Values::F32(noise))?;
        }
        self.executor.run(self.plan, 1)?;

        let log = self.executor.read(self.model.log.losses)?.to_f64();
        let per_image = if self.case.has("x_aug") { self.rows / 2 } else { self.rows };
        let scale = if self.golden.summed { 1.0 / per_image as f64 } else { 1.0 };
        let mut wanted = vec![self.case.loss("total")?];
        for (name, weight) in &self.golden.terms {
            wanted.push(weight * scale * self.case.loss(name)?);
        }
        let row = self.model.log.row(&log, 1);
        let loss = row.iter().zip(wanted).map(|(&got, want)| relative_error(&[got], &[want])).fold(0.0, f64::max);

        let mut worst = Worst::default();
        let z = self.executor.read(self.forward.z)?.to_f64();
        let mut outputs = vec![("z", z.clone()), ("logits", z)];
        if self.model.networks.generative {
            let encoded = self.executor.read(self.forward.encoded)?.to_f64();
            let half = |i| encoded.chunks(latent).skip(i).step_by(2).flatten().copied().collect::<Vec<f64>>();
            outputs.extend([("mu", half(0)), ("logvar", half(1))]);
        }
        for (name, got) in outputs.iter().filter(|(name, _)| self.case.has(name)) {
            worst.see(name, got, self.case.tensor(name, self.rows * latent)?);
        }
        let mut gradients = Vec::new();
        for spec in self.params.specs() {
            let name = format!("grad.{}", spec.name);
            let got = self.executor.read(self.model.memory.gradient(spec.param))?.to_f64();
            let want = self.case.tensor(&name, spec.param.shape.len())?;
            gradients.push((name, got, want.iter().map(|&x| f64::from(x)).collect::<Vec<f64>>()));
        }
        let whole = norm(gradients.iter().flat_map(|(.., want)| want.iter().copied()));
        for (name, got, want) in gradients {
            worst.note(&name, relative_error_on_scale(&got, &want, whole));
        }
        Ok((loss, worst))
    }

    /// Steps of Adam: the largest relative error of a step's loss, and of a final weight with its name.
    pub fn trajectory(mut self) -> Result<(f64, Worst), GoldenError> {
        let wanted = self.case.trajectory()?;
        let per_step = self.rows * self.model.networks.latent;
        for noise in self.case.tensor("eps", wanted.len() * per_step)?.chunks(per_step) {
            self.executor.write(self.noise, &Values::F32(noise.to_vec()))?;
            self.executor.run(self.plan, 1)?;
        }
        let log = self.executor.read(self.model.log.losses)?.to_f64();
        let steps = (1..).zip(&wanted);
        let errors = steps.map(|(step, &want)| relative_error(&[self.model.log.row(&log, step)[0]], &[want]));
        let loss = errors.fold(0.0, f64::max);
        let mut worst = Worst::default();
        for spec in self.params.specs() {
            let name = format!("final.{}", spec.name);
            let got = self.executor.read(self.model.memory.weight(spec.param))?.to_f64();
            worst.see(&name, &got, self.case.tensor(&name, spec.param.shape.len())?);
        }
        Ok((loss, worst))
    }
}

/// The worst tensor so far.
#[derive(Default)]
pub(in crate::check) struct Worst {
    error: f64,
    name: String,
}

impl Worst {
    fn see(&mut self, name: &str, got: &[f64], want: &[f32]) {
        let want: Vec<f64> = want.iter().map(|&x| f64::from(x)).collect();
        self.note(name, relative_error(got, &want));
    }

    /// Takes note of a tensor's error.
    pub fn note(&mut self, name: &str, error: f64) {
        if self.name.is_empty() || error > self.error {
            *self = Self { error, name: name.to_owned() };
        }
    }

    /// The largest error and its tensor's name.
    pub fn into_pair(self) -> (f64, String) {
        (self.error, self.name)
    }
}
