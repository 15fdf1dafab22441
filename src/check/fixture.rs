//! The small models whose every buffer the checks look at: odd-sized layers, augmented sprites of random bytes.

use crate::augment::{Augmentation, ImageSource, ViewCount};
use crate::device::{DeviceError, Executor, Values};
use crate::kernels::DType;
use crate::kernels::common::clock;
use crate::kernels::common::philox::{philox, unit};
use crate::kernels::cost::Machine;
use crate::kernels::loss::likelihood::LikelihoodKind;
use crate::kernels::loss::simvae::ContentPrior;
use crate::methods::simvae::SimVae;
use crate::methods::vae::BetaVae;
use crate::methods::{Example, LikelihoodSettings, LossLog, Model, Objective, StepLoss, registry};
use crate::nn::{Backbone, Init, MlpBackbone, OfficialConv, ParamMemory, Params, ResNetBackbone, Sizes};
use crate::optim::{OptimConfig, Optimiser, StepState};
use crate::plan::{Graph, Layout, Plan, PlanError, Precision, Tensor};
use std::sync::Arc;

const SEED: u64 = 7;
/// Factor of the initial weights.
const SPREAD: f32 = 2.0;
const IMAGES: usize = 11;
const BATCH: usize = 5;
const CLASSES: usize = 4;
const SHAPE: [usize; 3] = [1, 7, 9];
/// The narrowest layers of the convolutional networks.
const CONV_WIDTH: usize = 4;
/// Random part of what would begin with one value everywhere.
const UNEVEN: f64 = 0.5;
const LATENT: usize = 3;
const HIDDEN: [usize; 2] = [17, 13];

/// A method to check.
pub(super) struct Case {
    example: Example<Arc<dyn Objective>>,
    image: [usize; 3],
    backbone: Arc<dyn Backbone>,
    /// Images of a step.
    batch: usize,
    /// Whether the networks are convolutional.
    pub convolutional: bool,
}

impl Case {
    pub fn name(&self) -> &str {
        &self.example.name
    }
}

/// Every example of every method, as an MLP, and both convolutional networks.
pub(super) fn cases() -> Vec<Case> {
    let mlp: Arc<dyn Backbone> = Arc::new(MlpBackbone { hidden: HIDDEN.to_vec() });
    let examples = registry::METHODS.iter().flat_map(registry::Entry::examples);
    let small = examples.map(|example| Case {
        example,
        image: SHAPE,
        backbone: mlp.clone(),
        batch: BATCH,
        convolutional: false,
    });
    let convolutional = [
        conv("simvae_official_conv", 2, Arc::new(simvae()), 16, Arc::new(OfficialConv { width: CONV_WIDTH }), BATCH),
        conv(
            "beta_vae_resnet18",
            1,
            Arc::new(BetaVae { beta: 4.0 }),
            16,
            Arc::new(ResNetBackbone { width: CONV_WIDTH }),
            BATCH,
        ),
    ];
    small.chain(convolutional).collect()
}

/// The authors' networks at their full width, for both of their image sizes: the smaller images on as many rows as the CPU's
/// fast convolutions want, the larger ones on two.
pub(super) fn full_cases() -> Vec<Case> {
    let case = |side: usize, batch: usize| {
        let name = format!("simvae_official_conv_{side}_full_width");
        conv(&name, 2, Arc::new(simvae()), side, Arc::new(OfficialConv { width: 64 }), batch)
    };
    vec![case(32, 8), case(64, 1)]
}

fn conv(
    name: &str,
    views: usize,
    method: Arc<dyn Objective>,
    side: usize,
    backbone: Arc<dyn Backbone>,
    batch: usize,
) -> Case {
    let likelihood = LikelihoodSettings { kind: LikelihoodKind::Gaussian, variance: 0.1, learn_variance: false };
    let example = Example { name: name.to_owned(), views, likelihood, projector: &[], method };
    Case { example, image: [3, side, side], backbone, batch, convolutional: true }
}

fn simvae() -> SimVae {
    SimVae { variance_z: 0.15, learn_variance_z: false, prior: ContentPrior::Gaussian, entropy_scale: 1.5 }
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
    /// Records the step for a machine. `update` adds Adam.
    pub fn new(case: &Case, update: bool, machine: Machine, precision: Precision) -> Result<Self, PlanError> {
        let mut layout = Layout::default();
        let mut params = Params::default();
        let count = case.image.iter().product::<usize>();
        let state = StepState::new(&mut layout);
        let Example { views, likelihood, projector, ref method, .. } = case.example;
        let sizes =
            Sizes { image: case.image, backbone: case.backbone.as_ref(), latent: LATENT, classes: CLASSES, projector };
        let model = Model::new(&mut layout, &mut params, method.as_ref(), &sizes, likelihood, state.clock);
        let pixels = layout.add("images", DType::Uint, [(IMAGES * count).div_ceil(4)]);
        let known = layout.add("labels", DType::Uint, [IMAGES]);

        let mut g = Graph::new("miniature step").on(machine).precise(precision);
        let optimiser = Optimiser {
            settings: OptimConfig { lr: 1e-2, weight_decay: 0.01, ..OptimConfig::default() },
            warmup_steps: 2,
            cosine_until: Some(9),
        };
        optimiser.begin_step(&mut g, &state, IMAGES, case.batch);
        let how = Augmentation { aspect: [0.75, 4.0 / 3.0], horizontal_flip: 0.5, ..Augmentation::default() };
        let threshold = likelihood.kind == LikelihoodKind::Bernoulli;
        let [_, height, width] = case.image;
        let source = ImageSource { pixels, images: IMAGES, shape: case.image, stored: [height, width], threshold };
        let count = ViewCount { views, plain: method.plain_views() };
        let loss = StepLoss { objective: method.as_ref(), model: &model, source: &source, known, count, how: &how };
        loss.gradient(&mut g, case.batch, None);
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
