//! A method's networks in their place on a device, and what a step gives them.

use super::{LikelihoodSettings, LossLog, Objective};
use crate::kernels::loss::likelihood::LikelihoodKind;
use crate::nn::{Init, Mode, Networks, Param, ParamMemory, Params, Pass, Sizes};
use crate::plan::{Graph, Layout, Tensor};

/// Networks with their memory, the clock and the log.
#[derive(Clone, Debug)]
pub struct Model {
    /// The networks.
    pub networks: Networks,
    /// Their parameters' memory.
    pub memory: ParamMemory,
    /// The step's clock.
    pub clock: Tensor,
    /// Where the loss terms go.
    pub log: LossLog,
    /// Distribution of the pixels, for objectives that reconstruct them.
    pub likelihood: LikelihoodSettings,
    /// Logarithm of the variance of the pixels `[1]`, where it is learned.
    pub pixel_logvar: Option<Param>,
    /// Whether it trains.
    pub mode: Mode,
}

/// What a step sees.
pub struct Batch<'a> {
    /// `[images * views, pixels]`; the row is `image * views + view`.
    pub x: Tensor,
    /// Views of each image, J.
    pub views: usize,
    /// The share of a step's images that these are: 1 but for a part of them.
    pub share: f64,
    /// Emits standard normal noise `[rows, latent]`, for objectives that sample.
    pub noise: &'a dyn Fn(&mut Graph) -> Tensor,
    /// Emits the rows' labels, `[rows]` words, for objectives that use them.
    pub labels: &'a dyn Fn(&mut Graph) -> Tensor,
}

/// The tensors of one forward pass.
#[derive(Clone, Copy, Debug)]
pub struct Forward {
    /// The encoder's output, `[rows, encoded]`.
    pub encoded: Tensor,
    /// What enters the loss: samples of the posterior `[rows, latent]`, or the head's output.
    pub z: Tensor,
}

impl Batch<'_> {
    /// Rows, `images * views`.
    pub fn rows(&self) -> usize {
        self.x.shape.as_matrix().0
    }

    /// Images.
    pub fn images(&self) -> usize {
        self.rows() / self.views
    }

    /// What a sum over these rows is multiplied by, so that a step's sums add up to the mean over all its rows.
    pub fn scale(&self) -> f64 {
        self.share / self.rows() as f64
    }
}

impl Model {
    /// Declares the networks and their memory.
    pub fn new(
        layout: &mut Layout,
        params: &mut Params,
        objective: &dyn Objective,
        sizes: &Sizes<'_>,
        likelihood: LikelihoodSettings,
        clock: Tensor,
    ) -> Self {
        let networks = objective.networks(params, sizes);
        let learns = networks.generative && likelihood.learn_variance && likelihood.kind == LikelihoodKind::Gaussian;
        let begin = Init::Constant(likelihood.variance.ln());
        let pixel_logvar = learns.then(|| params.add("likelihood.logvar", [1], begin));
        let memory = params.allocate(layout);
        let log = LossLog::new(layout, objective.terms());
        Self { networks, memory, clock, log, likelihood, pixel_logvar, mode: Mode::Training }
    }

    /// Emits encoder and head, and remembers their backward.
    pub fn project(&self, g: &mut Graph, x: Tensor) -> Forward {
        let encoded = self.encode(g, x);
        let z = self.continue_with_head(g, encoded);
        Forward { encoded, z }
    }

    /// Emits the encoder, and remembers its backward.
    pub fn encode(&self, g: &mut Graph, x: Tensor) -> Tensor {
        let pass = Pass { mode: self.mode, differentiate_input: false };
        self.networks.encoder.forward(g, &self.memory, x, pass)
    }

    /// Emits the head on what came from the encoder, and remembers its backward.
    pub fn continue_with_head(&self, g: &mut Graph, z: Tensor) -> Tensor {
        let pass = Pass { mode: self.mode, differentiate_input: true };
        self.networks.head.forward(g, &self.memory, z, pass)
    }

    /// The same model before its later passes of a step: nothing is remembered of this one, and the statistics of batch normalisation
    /// do not follow it.
    pub(super) fn rehearsing(&self) -> Self {
        Self { mode: Mode::Rehearsal, ..self.clone() }
    }

    /// The same model in a later part of a step, whose terms are added to those of the parts before.
    pub(super) fn adding(&self) -> Self {
        Self { log: self.log.adding(), ..self.clone() }
    }

    /// Records the sum of each of the objective's terms, in their order, times `scale`.
    ///
    /// # Panics
    /// When there is not one for each of [`Objective::terms`].
    pub fn record(&self, g: &mut Graph, terms: &[Tensor], scale: f64) {
        self.log.record(g, self.clock, terms, scale);
    }
}
