//! The small model whose every buffer the checks look at: two odd-sized layers, augmented sprites of random bytes.

use crate::augment::{Augmentation, ImageSource};
use crate::device::{DeviceError, Executor, Values};
use crate::kernels::DType;
use crate::kernels::common::clock;
use crate::kernels::common::philox::{Purpose, philox};
use crate::kernels::latent::normal::Normal;
use crate::kernels::loss::likelihood::LikelihoodKind;
use crate::kernels::loss::simvae::ContentPrior;
use crate::loss::{LikelihoodSettings, LossLog, Model, Objective, simvae, vae};
use crate::nn::{AutoEncoder, ParamMemory, Params};
use crate::optim::{Optimiser, StepState};
use crate::plan::{Graph, Layout, Plan, PlanError, Tensor};

const SEED: u64 = 7;
const IMAGES: usize = 11;
const BATCH: usize = 5;
const VIEWS: usize = 3;
const SHAPE: [usize; 3] = [1, 7, 9];
const LATENT: usize = 3;
const HIDDEN: [usize; 2] = [17, 13];

/// Every likelihood with every objective, each under its name.
pub(super) fn cases() -> Vec<(String, LikelihoodKind, Objective)> {
    let simvae = |prior| Objective::SimVae(simvae::Settings { variance_z: 0.15, prior, entropy_scale: 1.5 });
    let objectives = [
        ("simvae_uniform", simvae(ContentPrior::Uniform)),
        ("simvae_gaussian", simvae(ContentPrior::Gaussian)),
        ("beta_vae", Objective::Vae(vae::Settings { beta: 4.0 })),
    ];
    let likelihoods = [("gaussian", LikelihoodKind::Gaussian), ("bernoulli", LikelihoodKind::Bernoulli)];
    let pairs = objectives.iter().flat_map(|objective| likelihoods.iter().map(move |kind| (objective, kind)));
    pairs
        .map(|((name, objective), (kind_name, kind))| (format!("{name}_{kind_name}"), *kind, objective.clone()))
        .collect()
}

/// A training step in miniature.
pub(super) struct Fixture {
    pub layout: Layout,
    pub params: Params,
    pub memory: ParamMemory,
    pub state: StepState,
    pub log: LossLog,
    pub plan: Plan,
    pixels: Tensor,
}

impl Fixture {
    /// Records the step. `update` adds Adam.
    pub fn new(kind: LikelihoodKind, objective: &Objective, update: bool) -> Result<Self, PlanError> {
        let mut layout = Layout::default();
        let mut params = Params::default();
        let count = SHAPE.iter().product();
        let networks = AutoEncoder::new(&mut params, count, &HIDDEN, LATENT);
        let memory = params.allocate(&mut layout);
        let state = StepState::new(&mut layout);
        let log = LossLog::new(&mut layout, objective.terms());
        let pixels = layout.add("images", DType::Uint, [(IMAGES * count).div_ceil(4)]);
        let likelihood = LikelihoodSettings { kind, variance: 0.1 };
        let threshold = kind == LikelihoodKind::Bernoulli;

        let mut g = Graph::new("miniature step");
        let optimiser = Optimiser {
            learning_rate: 1e-2,
            beta1: 0.9,
            beta2: 0.999,
            epsilon: 1e-8,
            weight_decay: 0.01,
            warmup_steps: 2,
            cosine_until: Some(9),
        };
        optimiser.begin_step(&mut g, &state, IMAGES, BATCH);
        let how =
            Augmentation { area: [0.4, 1.0], aspect: [0.75, 4.0 / 3.0], horizontal_flip: 0.5, vertical_flip: 0.5 };
        let source = ImageSource { pixels, images: IMAGES, shape: SHAPE, threshold };
        let x = source.augmented(&mut g, state.clock, BATCH, VIEWS, &how);
        let noise = g.tensor("noise", [BATCH * VIEWS, LATENT]);
        g.push("noise", Normal { count: noise.len(), purpose: Purpose::Noise }, &[state.clock, noise]);
        let model = Model { networks, memory, likelihood, clock: state.clock, log: log.clone() };
        objective.emit(&mut g, &model, VIEWS, x.reshape([BATCH * VIEWS, count]), noise);
        g.backward();
        if update {
            optimiser.update(&mut g, &state, &memory);
        }
        Ok(Self { layout, params, memory, state, log, plan: g.finish()?, pixels })
    }

    /// Writes images, weights and a fresh clock.
    pub fn prepare(&self, executor: &mut dyn Executor) -> Result<(), DeviceError> {
        let words = (0..self.pixels.len()).map(|i| philox([1, 2], [i as u32, 0, 0, 0])[0]).collect();
        executor.write(self.pixels, &Values::U32(words))?;
        executor.write(self.memory.weights, &Values::F32(self.params.initial(SEED)))?;
        self.rewind(executor)
    }

    /// Sets the clock back, so that the next step repeats the first.
    pub fn rewind(&self, executor: &mut dyn Executor) -> Result<(), DeviceError> {
        executor.write(self.state.clock, &Values::U32(clock::fresh(SEED).to_vec()))
    }
}
