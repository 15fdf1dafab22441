//! The small models whose every buffer the checks look at: odd-sized layers, augmented sprites of random bytes.

use crate::augment::{Augmentation, EffectSettings, ImageSource};
use crate::device::{DeviceError, Executor, Values};
use crate::kernels::DType;
use crate::kernels::common::clock;
use crate::kernels::common::philox::{Purpose, philox, unit};
use crate::kernels::latent::normal::Normal;
use crate::kernels::loss::likelihood::LikelihoodKind;
use crate::kernels::loss::simvae::ContentPrior;
use crate::methods::supervised::Supervised;
use crate::methods::{Batch, LikelihoodSettings, LossLog, Model, Objective, cr_vae, simclr, simvae, vae, vicreg};
use crate::nn::{Backbone, Init, ParamMemory, Params, Sizes};
use crate::optim::{Optimiser, StepState};
use crate::plan::{Graph, Layout, Plan, PlanError, Tensor};
use std::sync::Arc;

const SEED: u64 = 7;
/// Factor of the initial weights.
const SPREAD: f32 = 2.0;
const IMAGES: usize = 11;
const BATCH: usize = 5;
const CLASSES: usize = 4;
const SHAPE: [usize; 3] = [1, 7, 9];
/// The smallest images and the narrowest layers of the convolutional networks.
const CONV_SHAPE: [usize; 3] = [3, 16, 16];
const CONV_WIDTH: usize = 4;
/// Random part of what would begin with one value everywhere.
const UNEVEN: f64 = 0.5;
const LATENT: usize = 3;
const HIDDEN: [usize; 2] = [17, 13];

/// A method to check.
pub(super) struct Case {
    pub name: String,
    objective: Arc<dyn Objective>,
    views: usize,
    image: [usize; 3],
    backbone: Backbone<'static>,
    /// Images of a step.
    batch: usize,
}

impl Case {
    /// Whether the networks are convolutional.
    pub fn is_convolutional(&self) -> bool {
        !matches!(self.backbone, Backbone::Mlp(_))
    }
}

/// Every method, the generative ones with both likelihoods.
pub(super) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    let mut add = |name: &str, views, objective| {
        let (name, backbone) = (name.to_owned(), Backbone::Mlp(&HIDDEN));
        cases.push(Case { name, objective, views, image: SHAPE, backbone, batch: BATCH });
    };
    for (kind_name, kind) in [("gaussian", LikelihoodKind::Gaussian), ("bernoulli", LikelihoodKind::Bernoulli)] {
        let likelihood = LikelihoodSettings { kind, variance: 0.1 };
        for (prior_name, prior) in [("uniform", ContentPrior::Uniform), ("gaussian", ContentPrior::Gaussian)] {
            let settings = simvae::Settings { variance_z: 0.15, prior, entropy_scale: 1.5 };
            let simvae = Arc::new(simvae::SimVae { likelihood, settings });
            add(&format!("simvae_{prior_name}_{kind_name}"), 3, simvae);
        }
        let settings = vae::Settings { beta: 4.0 };
        add(&format!("beta_vae_{kind_name}"), 1, Arc::new(vae::Vae { likelihood, settings }));
        let settings = cr_vae::Settings { beta: 0.9, lambda: 0.6 };
        add(&format!("cr_vae_{kind_name}"), 2, Arc::new(cr_vae::CrVae { likelihood, settings }));
    }
    let settings = simclr::Settings { temperature: 0.3 };
    add("simclr", 3, Arc::new(simclr::SimClr { settings, projector: vec![9, 7] }));
    let settings = vicreg::Settings { invariance: 25.0, variance: 20.0, covariance: 1.5 };
    add("vicreg", 3, Arc::new(vicreg::VicReg { settings, projector: vec![5] }));
    add("supervised", 1, Arc::new(Supervised { classifier: true }));

    cases.push(Case {
        name: "simvae_official_conv".to_owned(),
        objective: Arc::new(simvae_gaussian()),
        views: 2,
        image: CONV_SHAPE,
        backbone: Backbone::Official(CONV_WIDTH),
        batch: BATCH,
    });
    let likelihood = LikelihoodSettings { kind: LikelihoodKind::Gaussian, variance: 0.1 };
    cases.push(Case {
        name: "beta_vae_resnet18".to_owned(),
        objective: Arc::new(vae::Vae { likelihood, settings: vae::Settings { beta: 4.0 } }),
        views: 1,
        image: CONV_SHAPE,
        backbone: Backbone::ResNet18(CONV_WIDTH),
        batch: BATCH,
    });
    cases
}

/// The authors' networks at their full width, for both of their image sizes: the smaller images on as many rows as the CPU's
/// fast convolutions want, the larger ones on two.
pub(super) fn full_cases() -> Vec<Case> {
    let case = |side: usize, batch: usize| Case {
        name: format!("simvae_official_conv_{side}_full_width"),
        objective: Arc::new(simvae_gaussian()),
        views: 2,
        image: [3, side, side],
        backbone: Backbone::Official(64),
        batch,
    };
    vec![case(32, 8), case(64, 1)]
}

fn simvae_gaussian() -> simvae::SimVae {
    simvae::SimVae {
        likelihood: LikelihoodSettings { kind: LikelihoodKind::Gaussian, variance: 0.1 },
        settings: simvae::Settings { variance_z: 0.15, prior: ContentPrior::Gaussian, entropy_scale: 1.5 },
    }
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
    labels: Tensor,
}

impl Fixture {
    /// Records the step. `update` adds Adam.
    pub fn new(case: &Case, update: bool) -> Result<Self, PlanError> {
        let mut layout = Layout::default();
        let mut params = Params::default();
        let count = case.image.iter().product::<usize>();
        let state = StepState::new(&mut layout);
        let sizes = Sizes { image: case.image, backbone: case.backbone, latent: LATENT, classes: CLASSES };
        let model = Model::new(&mut layout, &mut params, case.objective.as_ref(), &sizes, state.clock);
        let pixels = layout.add("images", DType::Uint, [(IMAGES * count).div_ceil(4)]);
        let known = layout.add("labels", DType::Uint, [IMAGES]);

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
        optimiser.begin_step(&mut g, &state, IMAGES, case.batch);
        let how = Augmentation {
            plain_views: case.objective.plain_views(),
            area: [0.4, 1.0],
            aspect: [0.75, 4.0 / 3.0],
            horizontal_flip: 0.5,
            vertical_flip: 0.5,
            effects: EffectSettings::default(),
        };
        let threshold = case.name.ends_with("bernoulli");
        let source = ImageSource { pixels, images: IMAGES, shape: case.image, threshold };
        let views = case.views;
        let drawn = source.augmented(&mut g, state.clock, case.batch, views, &how);
        let noise = |g: &mut Graph| {
            let noise = g.tensor("noise", [case.batch * views, LATENT]);
            g.push("noise", Normal { count: noise.len(), purpose: Purpose::Noise }, &[state.clock, noise]);
            noise
        };
        let labels = |g: &mut Graph| drawn.labels(g, known);
        case.objective.emit(&mut g, &model, &Batch { x: drawn.x, views, noise: &noise, labels: &labels });
        g.backward();
        if update {
            optimiser.update(&mut g, &state, &model.memory);
        }
        let Model { memory, log, .. } = model;
        Ok(Self { layout, params, memory, state, log, plan: g.finish()?, pixels, labels: known })
    }

    /// Writes images, labels, weights and a fresh clock.
    pub fn prepare(&self, executor: &mut dyn Executor) -> Result<(), DeviceError> {
        let words = (0..self.pixels.len()).map(|i| philox([1, 2], [i as u32, 0, 0, 0])[0]).collect();
        executor.write(self.pixels, &Values::U32(words))?;
        let labels = (0..IMAGES).map(|i| (i % CLASSES) as u32).collect();
        executor.write(self.labels, &Values::U32(labels))?;
        // Larger weights than usual spread the representations: gradients of rows that are all alike would cancel.
        let mut weights: Vec<f32> = self.params.initial(SEED).iter().map(|weight| SPREAD * weight).collect();
        // A shift of zero would leave channels that are all alike exactly at the kink of a ReLU.
        for spec in self.params.specs().iter().filter(|spec| matches!(spec.init, Init::Constant(_))) {
            let range = spec.param.offset..spec.param.offset + spec.param.shape.len();
            for (i, weight) in range.clone().zip(&mut weights[range]) {
                *weight += (UNEVEN * (2.0 * unit(philox([3, 4], [i as u32, 0, 0, 0])[0]) - 1.0)) as f32;
            }
        }
        executor.write(self.memory.weights, &Values::F32(weights))?;
        self.memory.write_buffers(executor, self.params.initial_buffers())?;
        self.rewind(executor)
    }

    /// Sets the clock back, so that the next step repeats the first.
    pub fn rewind(&self, executor: &mut dyn Executor) -> Result<(), DeviceError> {
        executor.write(self.state.clock, &Values::U32(clock::fresh(SEED).to_vec()))
    }
}
