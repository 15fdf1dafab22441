//! A probe on a device: its memory, its training step, its evaluation, and the loop over epochs.

use super::{Head, ProbeSettings};
use crate::device::{Device, Values};
use crate::kernels::DType;
use crate::kernels::augment::labels::Labels;
use crate::kernels::augment::sample::{Sample, VIEW_WORDS};
use crate::kernels::common::clock;
use crate::kernels::linear::column_sum::ColumnSum;
use crate::kernels::loss::cross_entropy::CrossEntropy;
use crate::kernels::loss::likelihood::{Likelihood, LikelihoodKind};
use crate::kernels::loss::record::Record;
use crate::kernels::loss::variance::Variance;
use crate::kernels::probe::{agree::Agree, correct::Correct, gather::Gather, squared_error::SquaredError};
use crate::measure::{EvalError, Rows};
use crate::nn::{Mlp, ParamMemory, Params};
use crate::optim::{OptimConfig, Optimiser, StepState};
use crate::plan::{Graph, Layout, Plan, PlanError, Tensor};
use std::collections::VecDeque;

/// Columns of the loss log: the total and its only term.
const COLUMNS: usize = 2;
/// Parts of a region begin at multiples of this many elements.
const ALIGNMENT: usize = 64;

/// What the outputs of a probe are.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    /// Logits of classes; the answers are labels, `[rows]` words.
    Classes,
    /// Factors; the answers are `[rows, outputs]` reals.
    Factors,
    /// Logits of questions that are answered by yes or no; the answers are `[rows, outputs]` reals, 1 or 0.
    Attributes,
}

/// What a probe learns to predict.
pub(super) struct Task {
    pub kind: Kind,
    pub outputs: usize,
    /// Answers of the training rows.
    pub train: Values,
    /// Answers of the test rows.
    pub test: Values,
}

/// What an evaluation found.
pub(super) struct Evaluation {
    /// Epochs trained.
    pub epoch: u32,
    /// Mean loss of the last epoch's steps.
    pub loss: f64,
    /// Over the test rows: the number of right answers; each factor's sum of squared errors; or how often a yes is recognised
    /// for each question, then how often a no.
    pub scores: Vec<f64>,
}

/// Rows and their answers on the device.
struct Split {
    rows: usize,
    embeddings: Tensor,
    answers: Tensor,
}

struct Probe {
    kind: Kind,
    outputs: usize,
    batch: usize,
    network: Mlp,
    memory: ParamMemory,
    state: StepState,
    train: Split,
    test: Split,
    /// The losses and the scores, which the host reads as one.
    report: Tensor,
    /// A ring of an epoch's steps.
    losses: Tensor,
    scores: Tensor,
}

/// Trains a probe and returns its evaluations, the last one after the last epoch.
pub(super) fn fit(
    device: &Device,
    train: Rows<'_>,
    test: Rows<'_>,
    task: &Task,
    settings: &ProbeSettings,
) -> Result<Vec<Evaluation>, EvalError> {
    let batch = settings.batch.min(train.count());
    let steps_until = |epoch: u32| (u64::from(epoch) * train.count() as u64).div_ceil(batch.max(1) as u64);
    check(settings, steps_until(settings.epochs))?;

    let (mut layout, mut params) = (Layout::default(), Params::default());
    let probe = Probe::new(&mut layout, &mut params, train, test, task, settings, batch);
    let mut executor = device.open(&layout)?;
    for (split, rows, answers) in [(&probe.train, train, &task.train), (&probe.test, test, &task.test)] {
        executor.write(split.embeddings, &Values::F32(rows.values().to_vec()))?;
        executor.write(split.answers, answers)?;
    }
    executor.write(probe.memory.weights, &Values::F32(params.initial(settings.seed)))?;
    executor.write(probe.state.clock, &Values::U32(clock::fresh(settings.seed).to_vec()))?;
    let step = executor.load(probe.training_step(settings)?)?;
    let evaluation = executor.load(probe.evaluation()?)?;

    let mut history: Vec<Evaluation> = Vec::new();
    let mut requested = VecDeque::new();
    let mut note = |copy: Values, epoch: u32| {
        let found = probe.read(&copy.to_f64(), epoch);
        let loss = found.loss;
        history.push(found);
        if loss.is_finite() { Ok(()) } else { Err(EvalError::Diverged { epoch, loss }) }
    };
    for epoch in 1..=settings.epochs {
        executor.run(step, (steps_until(epoch) - steps_until(epoch - 1)) as u32)?;
        if epoch % settings.evaluate_every == 0 || epoch == settings.epochs {
            executor.run(evaluation, 1)?;
            requested.push_back((executor.request(probe.report)?, epoch));
        }
        while let Some(&(ticket, of)) = requested.front() {
            let Some(copy) = executor.arrived(ticket, epoch == settings.epochs)? else { break };
            requested.pop_front();
            note(copy, of)?;
        }
    }
    Ok(history)
}

fn check(settings: &ProbeSettings, steps: u64) -> Result<(), EvalError> {
    let refuse =
        |name, value: &dyn ToString, wanted| Err(EvalError::Setting { name, value: value.to_string(), wanted });
    let ProbeSettings { learning_rate, epochs, batch, evaluate_every, .. } = settings;
    if !(learning_rate.is_finite() && *learning_rate > 0.0) {
        return refuse("learning rate", learning_rate, "a positive number");
    }
    for (name, value) in [("epochs", *epochs as usize), ("batch", *batch), ("evaluate_every", *evaluate_every as usize)]
    {
        if value == 0 {
            return refuse(name, &value, "at least 1");
        }
    }
    if settings.head == (Head::Mlp { hidden: Some(0) }) {
        return refuse("hidden width", &0, "at least 1");
    }
    if u32::try_from(steps).is_err() {
        return refuse("number of steps", &steps, "below 2^32: use fewer epochs or a larger batch");
    }
    Ok(())
}

impl Probe {
    fn new(
        layout: &mut Layout,
        params: &mut Params,
        train: Rows<'_>,
        test: Rows<'_>,
        task: &Task,
        settings: &ProbeSettings,
        batch: usize,
    ) -> Self {
        let (kind, outputs, width) = (task.kind, task.outputs, train.width());
        let widths = match settings.head {
            Head::Linear => vec![width, outputs],
            Head::Mlp { hidden } => vec![width, hidden.unwrap_or(width), outputs],
        };
        let network = Mlp::new(params, "probe", &widths);
        let memory = params.allocate(layout);
        let state = StepState::new(layout);
        let mut split = |name: &str, rows: Rows<'_>| Split {
            rows: rows.count(),
            embeddings: layout.add(&format!("{name} embeddings"), DType::Real, [rows.count(), width]),
            answers: match kind {
                Kind::Classes => layout.add(&format!("{name} labels"), DType::Uint, [rows.count()]),
                Kind::Factors | Kind::Attributes => {
                    layout.add(&format!("{name} targets"), DType::Real, [rows.count(), outputs])
                }
            },
        };
        let (train, test) = (split("training", train), split("test", test));
        let steps = train.rows.div_ceil(batch);
        let scores = match kind {
            Kind::Classes => 1,
            Kind::Factors => outputs,
            Kind::Attributes => 2 * outputs,
        };
        let first_score = (steps * COLUMNS).next_multiple_of(ALIGNMENT);
        let report = layout.add("report", DType::Real, [first_score + scores]);
        Self {
            kind,
            outputs,
            batch,
            network,
            memory,
            state,
            train,
            test,
            report,
            losses: report.slice(0, [steps, COLUMNS]),
            scores: report.slice(first_score, [scores]),
        }
    }

    /// Draws a batch, then forward, loss, backward and Adam.
    fn training_step(&self, settings: &ProbeSettings) -> Result<Plan, PlanError> {
        let Split { rows: images, embeddings, answers } = self.train;
        let (rows, clock) = (self.batch, self.state.clock);
        let optimiser = Optimiser {
            settings: OptimConfig { lr: settings.learning_rate, ..OptimConfig::default() },
            warmup_steps: 0,
            cosine_until: None,
        };
        let mut g = Graph::new("probe step");
        optimiser.begin_step(&mut g, &self.state, images, rows);
        let drawn = g.uints("drawn rows", [rows, VIEW_WORDS]);
        g.push("draw rows", draw(images, rows), &[clock, drawn]);
        let gather = |g: &mut Graph, matrix: Tensor| {
            let (_, width) = matrix.shape.as_matrix();
            let gathered = g.tensor("gathered", [rows, width]);
            g.push("gather", Gather { images, rows, width }, &[drawn, matrix, gathered]);
            gathered
        };
        let x = gather(&mut g, embeddings);
        let y = self.network.forward(&mut g, &self.memory, x, false);
        let dy = g.grad_first(y);
        let scale = 1.0 / rows as f64;
        let terms = match self.kind {
            Kind::Classes => {
                let labels = g.uints("labels", [rows]);
                g.push("labels", Labels { images, rows }, &[drawn, answers, labels]);
                let terms = g.tensor("cross-entropy", [rows]);
                let kernel = CrossEntropy { rows, classes: self.outputs, gradient_scale: scale };
                g.push("cross-entropy", kernel, &[y, labels, terms, dy]);
                terms
            }
            Kind::Factors => {
                let targets = gather(&mut g, answers);
                squared_error(&mut g, y, targets, dy, scale)
            }
            Kind::Attributes => {
                let targets = gather(&mut g, answers);
                let terms = g.tensor("cross-entropies", [rows]);
                // The cross-entropies of a row's questions are minus the logarithm of a Bernoulli's probability.
                let kind = LikelihoodKind::Bernoulli;
                let kernel = Likelihood {
                    kind,
                    rows,
                    width: self.outputs,
                    variance: Variance::Fixed(1.0),
                    gradient_scale: scale,
                };
                g.push("cross-entropies", kernel, &[y, targets, terms, dy]);
                terms
            }
        };
        let (capacity, columns) = self.losses.shape.as_matrix();
        let record = Record { counts: [terms.len(), 0, 0], scale, capacity, columns, column: 1, add: false };
        g.push("record loss", record, &[clock, terms, terms, terms, self.losses]);
        g.backward();
        optimiser.update(&mut g, &self.state, &self.memory);
        g.finish()
    }

    /// Scores all test rows.
    fn evaluation(&self) -> Result<Plan, PlanError> {
        let Split { rows, embeddings, answers } = self.test;
        let mut g = Graph::new("probe evaluation");
        let y = self.network.forward(&mut g, &self.memory, embeddings, false);
        let terms = match self.kind {
            Kind::Classes => {
                let hits = g.tensor("hits", [rows, 1]);
                g.push("correct", Correct { rows, classes: self.outputs }, &[y, answers, hits]);
                hits
            }
            Kind::Factors => {
                let unused = g.tensor("unused gradient", y.shape);
                squared_error(&mut g, y, answers, unused, 1.0)
            }
            Kind::Attributes => {
                let hits = g.tensor("hits", [rows, 2 * self.outputs]);
                g.push("agree", Agree { rows, outputs: self.outputs }, &[y, answers, hits]);
                hits
            }
        };
        let (rows, columns) = terms.shape.as_matrix();
        g.push("scores", ColumnSum { rows, columns }, &[terms, self.scores]);
        g.finish()
    }

    /// Makes sense of a copy of the report.
    fn read(&self, report: &[f64], epoch: u32) -> Evaluation {
        let losses = &report[..self.losses.len()];
        let steps = losses.len() / COLUMNS;
        Evaluation {
            epoch,
            loss: losses.iter().step_by(COLUMNS).sum::<f64>() / steps as f64,
            scores: report[report.len() - self.scores.len()..].to_vec(),
        }
    }
}

/// Draws `rows` of `images` rows in a shuffled order.
fn draw(images: usize, rows: usize) -> Sample {
    Sample {
        images: images as u32,
        first: 0,
        rows: rows as u32,
        views: 1,
        plain: 1,
        height: 1,
        width: 1,
        shuffle: true,
        crop: false,
        area: [1.0; 2],
        aspect: [1.0; 2],
        horizontal_flip: 0.0,
        vertical_flip: 0.0,
    }
}

fn squared_error(g: &mut Graph, y: Tensor, targets: Tensor, dy: Tensor, gradient_scale: f64) -> Tensor {
    let terms = g.tensor("squared error", y.shape);
    g.push("squared error", SquaredError { count: y.len(), gradient_scale }, &[y, targets, terms, dy]);
    terms
}
