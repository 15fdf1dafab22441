//! Golden cases: losses, gradients and trajectories that PyTorch computed in double precision.
//!
//! A case is `NAME.json` (settings and losses) beside `NAME.safetensors` (weights, inputs, noise, gradients).

use super::table::{Outcome, Row};
use super::{Target, relative_error};
use crate::device::{DeviceError, Executor, Values};
use crate::kernels::common::clock;
use crate::kernels::loss::likelihood::LikelihoodKind;
use crate::kernels::loss::simvae::ContentPrior;
use crate::loss::{Forward, LikelihoodSettings, LossLog, Model, Objective, simvae, vae};
use crate::nn::{AutoEncoder, ParamMemory, Params};
use crate::optim::{Optimiser, StepState};
use crate::plan::{Graph, Layout, PlanId, Tensor};
use safetensors::SafeTensors;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A golden folder that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum GoldenError {
    /// A file cannot be read.
    #[error("{path}: {source}. --golden wants a folder of NAME.json and NAME.safetensors files")]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file holds something else.
    #[error("{path}: {problem}")]
    Format {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// The folder has no case.
    #[error("{path}: no golden case (NAME.json) in this folder")]
    Empty {
        /// The folder.
        path: PathBuf,
    },
    /// The device failed.
    #[error(transparent)]
    Device(#[from] DeviceError),
}

/// Cases whose names begin so can be compared; others are of methods that are not built yet.
const BUILT: [&str; 4] = ["simvae_", "vae_", "beta_vae_", "adam_trajectory_"];

/// Runs every case of a folder on every target.
///
/// # Errors
/// When a file cannot be read or a device fails; a case that exceeds its tolerance is a failed row, not an error.
pub fn golden(folder: &Path, targets: &[Target]) -> Result<Vec<Row>, GoldenError> {
    let io = |path: &Path| {
        let path = path.to_owned();
        move |source| GoldenError::Io { path, source }
    };
    let mut names: Vec<PathBuf> = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(io(folder))? {
        let path = entry.map_err(io(folder))?.path();
        if path.extension().is_some_and(|extension| extension == "json") {
            names.push(path);
        }
    }
    names.sort();
    if names.is_empty() {
        return Err(GoldenError::Empty { path: folder.to_owned() });
    }
    let mut rows = Vec::new();
    for path in names {
        let case = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        if !BUILT.iter().any(|prefix| case.starts_with(prefix)) {
            rows.push(Row { case, target: "-".to_owned(), outcome: Outcome::Skipped });
            continue;
        }
        let golden = Case::read(&path)?;
        for target in targets {
            let (loss, (tensor, worst)) = golden.run(target)?;
            let (loss_tolerance, tensor_tolerance) = target.tolerances();
            let outcome = Outcome::Compared { loss, loss_tolerance, tensor, tensor_tolerance, worst };
            rows.push(Row { case: case.clone(), target: target.name(), outcome });
        }
    }
    Ok(rows)
}

/// The settings of a case, under the names that the golden files use.
#[derive(Debug, Deserialize)]
struct Facts {
    /// Images of several views; other cases have rows.
    #[serde(rename = "B")]
    images: Option<usize>,
    #[serde(rename = "J")]
    views: Option<usize>,
    rows: Option<usize>,
    beta: Option<f64>,
    #[serde(rename = "D")]
    pixels: usize,
    #[serde(rename = "L")]
    latent: usize,
    var_x: Option<f64>,
    var_z_y: Option<f64>,
    recon: Option<LikelihoodKind>,
    p_y: Option<ContentPrior>,
    adam_eps: Option<f64>,
    losses: BTreeMap<String, serde_json::Value>,
}

impl Facts {
    fn views(&self) -> usize {
        self.views.unwrap_or(1)
    }

    fn rows(&self) -> usize {
        self.rows.unwrap_or_else(|| self.images.unwrap_or(0).saturating_mul(self.views()))
    }

    fn objective(&self) -> Objective {
        match self.beta {
            Some(beta) => Objective::Vae(vae::Settings { beta }),
            None => Objective::SimVae(simvae::Settings {
                variance_z: self.var_z_y.unwrap_or(0.15),
                prior: self.p_y.unwrap_or(ContentPrior::Uniform),
                entropy_scale: 1.0,
            }),
        }
    }
}

struct Case {
    path: PathBuf,
    facts: Facts,
    tensors: BTreeMap<String, (Vec<usize>, Vec<f32>)>,
}

/// A case's model on an executor.
struct Running {
    executor: Box<dyn Executor>,
    plan: PlanId,
    params: Params,
    memory: ParamMemory,
    log: LossLog,
    noise: Tensor,
    encoded: Tensor,
    z: Tensor,
}

impl Case {
    fn read(path: &Path) -> Result<Self, GoldenError> {
        let io = |path: &Path| {
            let path = path.to_owned();
            move |source| GoldenError::Io { path, source }
        };
        let format = |path: &Path, problem: String| GoldenError::Format { path: path.to_owned(), problem };
        let json = std::fs::read(path).map_err(io(path))?;
        let facts: Facts = serde_json::from_slice(&json).map_err(|error| format(path, error.to_string()))?;
        if facts.rows() == 0 || facts.pixels == 0 || facts.latent == 0 {
            return Err(format(path, "B and J (or rows), D and L must be at least 1".to_owned()));
        }
        let data = path.with_extension("safetensors");
        let bytes = std::fs::read(&data).map_err(io(&data))?;
        let file = SafeTensors::deserialize(&bytes).map_err(|error| format(&data, error.to_string()))?;
        let mut tensors = BTreeMap::new();
        for (name, view) in file.tensors() {
            if view.dtype() != safetensors::Dtype::F32 {
                return Err(format(&data, format!("tensor `{name}` is {:?}, F32 is expected", view.dtype())));
            }
            tensors.insert(name, (view.shape().to_vec(), bytemuck::pod_collect_to_vec(view.data())));
        }
        Ok(Self { path: data, facts, tensors })
    }

    fn tensor(&self, name: &str, len: usize) -> Result<&[f32], GoldenError> {
        let problem = match self.tensors.get(name) {
            Some((_, values)) if values.len() == len => return Ok(values),
            Some((shape, _)) => format!("tensor `{name}` is {shape:?}, {len} elements are expected"),
            None => format!("tensor `{name}` is missing"),
        };
        Err(GoldenError::Format { path: self.path.clone(), problem })
    }

    /// Widths of the hidden layers, from the encoder's weights.
    fn hidden(&self) -> Vec<usize> {
        let widths = (0..).map_while(|i| self.tensors.get(&format!("enc.{}.weight", 2 * i))?.0.first().copied());
        let mut widths: Vec<usize> = widths.collect();
        widths.pop();
        widths
    }

    fn is_trajectory(&self) -> bool {
        self.facts.adam_eps.is_some()
    }

    fn start(&self, target: &Target) -> Result<Running, GoldenError> {
        let Facts { pixels, latent, .. } = self.facts;
        let rows = self.facts.rows();
        let kind = self.facts.recon.unwrap_or(LikelihoodKind::Gaussian);
        let likelihood = LikelihoodSettings { kind, variance: self.facts.var_x.unwrap_or(0.02) };
        let objective = self.facts.objective();
        let mut layout = Layout::default();
        let mut params = Params::default();
        let networks = AutoEncoder::new(&mut params, pixels, &self.hidden(), latent);
        let memory = params.allocate(&mut layout);
        let state = StepState::new(&mut layout);
        let log = LossLog::new(&mut layout, objective.terms());
        let model = Model { networks, memory, likelihood, clock: state.clock, log: log.clone() };

        let mut g = Graph::new("golden");
        let optimiser = Optimiser {
            learning_rate: 1e-3,
            beta1: 0.9,
            beta2: 0.999,
            epsilon: self.facts.adam_eps.unwrap_or(1e-8),
            weight_decay: 0.0,
            warmup_steps: 0,
            cosine_until: None,
        };
        optimiser.begin_step(&mut g, &state, rows, rows);
        let x = g.input("x", [rows, pixels]);
        let noise = g.input("noise", [rows, latent]);
        let forward = objective.emit(&mut g, &model, self.facts.views(), x, noise);
        g.backward();
        if self.is_trajectory() {
            optimiser.update(&mut g, &state, &memory);
        }
        g.keep(forward.encoded);
        g.keep(forward.z);
        let mut executor = target.open(&layout)?;
        let plan = executor.load(g.finish().map_err(DeviceError::from)?)?;
        for spec in params.specs() {
            let weights = self.tensor(&spec.name, spec.param.shape.len())?;
            executor.write(memory.weight(spec.param), &Values::F32(weights.to_vec()))?;
        }
        executor.write(state.clock, &Values::U32(clock::fresh(0).to_vec()))?;
        let pixels_of = if kind == LikelihoodKind::Bernoulli { "x_binary" } else { "x" };
        executor.write(x, &Values::F32(self.tensor(pixels_of, rows * pixels)?.to_vec()))?;
        let Forward { encoded, z, .. } = forward;
        Ok(Running { executor, plan, params, memory, log, noise, encoded, z })
    }

    /// The largest relative error of a loss, and of a tensor with that tensor's name.
    fn run(&self, target: &Target) -> Result<(f64, (f64, String)), GoldenError> {
        let mut running = self.start(target)?;
        if self.is_trajectory() { self.trajectory(&mut running) } else { self.gradients(&mut running) }
    }

    fn loss(&self, name: &str) -> Result<f64, GoldenError> {
        self.facts.losses.get(name).and_then(serde_json::Value::as_f64).ok_or_else(|| GoldenError::Format {
            path: self.path.with_extension("json"),
            problem: format!("losses.{name} is not a number"),
        })
    }

    fn gradients(&self, running: &mut Running) -> Result<(f64, (f64, String)), GoldenError> {
        let (rows, latent) = (self.facts.rows(), self.facts.latent);
        let executor = running.executor.as_mut();
        executor.write(running.noise, &Values::F32(self.tensor("eps", rows * latent)?.to_vec()))?;
        executor.run(running.plan, 1)?;

        let log = executor.read(running.log.losses)?.to_f64();
        let per_row = rows as f64;
        let mut want = vec![self.loss("total")?, self.loss("rec_sum")? / per_row];
        match self.facts.beta {
            Some(beta) => want.push(beta * self.loss("kl_sum")? / per_row),
            None => want.extend([self.loss("prior_sum")? / per_row, self.loss("entropy_sum")? / per_row]),
        }
        let row = running.log.row(&log, 1);
        let loss = row.iter().zip(want).map(|(&got, want)| relative_error(&[got], &[want])).fold(0.0, f64::max);

        let mut worst = Worst::default();
        let encoded = executor.read(running.encoded)?.to_f64();
        let half = |i| encoded.chunks(latent).skip(i).step_by(2).flatten().copied().collect();
        let outputs = [("mu", half(0)), ("logvar", half(1)), ("z", executor.read(running.z)?.to_f64())];
        for (name, got) in outputs.iter().filter(|(name, _)| self.tensors.contains_key(*name)) {
            worst.see(name, got, self.tensor(name, rows * latent)?);
        }
        for spec in running.params.specs() {
            let name = format!("grad.{}", spec.name);
            let got = executor.read(running.memory.gradient(spec.param))?.to_f64();
            worst.see(&name, &got, self.tensor(&name, spec.param.shape.len())?);
        }
        Ok((loss, worst.into_pair()))
    }

    fn trajectory(&self, running: &mut Running) -> Result<(f64, (f64, String)), GoldenError> {
        let per_step = self.facts.rows() * self.facts.latent;
        let wanted = self.facts.losses.get("steps").and_then(serde_json::Value::as_array).cloned().unwrap_or_default();
        let steps = wanted.len();
        let noise = self.tensor("eps", steps * per_step)?;
        let executor = running.executor.as_mut();
        for noise in noise.chunks(per_step) {
            executor.write(running.noise, &Values::F32(noise.to_vec()))?;
            executor.run(running.plan, 1)?;
        }
        let log = executor.read(running.log.losses)?.to_f64();
        let mut loss = f64::INFINITY;
        if steps > 0 {
            let error = |(i, want): (usize, &serde_json::Value)| {
                let got = running.log.row(&log, i as u64 + 1)[0];
                relative_error(&[got], &[want.as_f64().unwrap_or(f64::NAN)])
            };
            loss = wanted.iter().enumerate().map(error).fold(0.0, f64::max);
        }
        let mut worst = Worst::default();
        for spec in running.params.specs() {
            let name = format!("final.{}", spec.name);
            let got = executor.read(running.memory.weight(spec.param))?.to_f64();
            worst.see(&name, &got, self.tensor(&name, spec.param.shape.len())?);
        }
        Ok((loss, worst.into_pair()))
    }
}

/// The worst tensor so far.
#[derive(Default)]
pub(super) struct Worst {
    error: f64,
    name: String,
}

impl Worst {
    fn see(&mut self, name: &str, got: &[f64], want: &[f32]) {
        let want: Vec<f64> = want.iter().map(|&x| f64::from(x)).collect();
        self.note(name, relative_error(got, &want));
    }

    pub(super) fn note(&mut self, name: &str, error: f64) {
        if self.name.is_empty() || error > self.error {
            *self = Self { error, name: name.to_owned() };
        }
    }

    pub(super) fn into_pair(self) -> (f64, String) {
        (self.error, self.name)
    }
}
