//! Judges that look at a run while it trains, at images held out from the training ones. They run plans of their own and change no
//! weight.

use super::run_error::RunError;
use super::session::{Session, finite};
use crate::data::{Dataset, Judged};
use crate::device::{Device, Values};
use crate::kernels::common::clock;
use crate::measure::knn::{Metric, accuracy};
use crate::measure::probe::{LogisticSettings, logistic};
use crate::measure::{EvalError, Labelled, Rows, collapse, with_class};
use crate::run_folder::BestSoFar;
use crate::settings::{Best, Config};
use std::time::Instant;

/// Neighbours that vote.
const NEIGHBOURS: usize = 5;
/// When the linear probe is good enough to compare checkpoints: this is far before the last digit of its loss, and after the last change of
/// its accuracy that anyone would act on.
const PROBE: LogisticSettings = LogisticSettings { penalty: 1.0, gradient_norm: 1e-3, iterations: 200 };
/// Images whose pairs of views are encoded at a time, at most.
const PAIRS: usize = 128;

/// Names of the scores, as `metrics.jsonl` has them.
pub(super) const KNN: &str = "knn";
pub(super) const LINEAR: &str = "linear";
pub(super) const HELD_OUT: &str = "held_out_loss";

/// The scores of a judgement.
pub(super) type Scores = Vec<(&'static str, f64)>;

/// The judges of a run, and what they found so far.
pub(super) struct Judging<'a> {
    judged: Option<&'a Judged>,
    config: &'a Config,
    /// The best judgement so far, of the runs of before too.
    pub best: Option<BestSoFar>,
    /// Seconds that judging took.
    seconds: f64,
}

impl<'a> Judging<'a> {
    /// Checks that there is what judges are to look at.
    ///
    /// # Errors
    /// When nothing is held out, or there are no classes to choose a checkpoint by.
    pub fn check(config: &Config, data: &Dataset) -> Result<(), RunError> {
        if config.judge.share > 0.0 && data.judged.is_none() {
            return Err(RunError::NothingHeldOut { share: config.judge.share, images: data.train.len() });
        }
        let by = config.checkpoint.best;
        match by.needs_classes() && data.train.judged_classes() < 2 {
            true => Err(RunError::NoClasses { best: by }),
            false => Ok(()),
        }
    }

    /// Those that the settings ask for, after the best judgement of before.
    pub fn new(config: &'a Config, data: &'a Dataset, best: Option<BestSoFar>) -> Self {
        let judged = data.judged.as_ref().filter(|_| config.judge.every > 0);
        // A score of another kind cannot be compared.
        let best = best.filter(|best| best.by == config.checkpoint.best);
        Self { judged, config, best, seconds: 0.0 }
    }

    /// What is judged and what is not, in words; none where nothing is.
    pub fn about(&self) -> Option<String> {
        let judged = self.judged?;
        let (held_out, known) = (judged.held_out, judged.images.len() - judged.held_out);
        let labels = match judged.images.judged_classes() {
            0 | 1 => "no k-NN and no linear probe, which need two classes".to_owned(),
            _ => format!("k-NN and the linear probe learn from {known} training images"),
        };
        Some(format!("judged every {} epochs on {held_out} held-out images; {labels}", self.config.judge.every))
    }

    /// Judges the model as it is after `step` steps.
    ///
    /// # Errors
    /// When a judge refuses or the device fails.
    pub fn judge(&mut self, session: &mut Session, step: u64) -> Result<Scores, RunError> {
        let Some(judged) = self.judged else { return Ok(Vec::new()) };
        // What was queued before is no part of the judging.
        session.executor.read(session.blueprint.state.clock)?;
        let began = Instant::now();
        let mut scores = scores(session, judged, self.config)?;
        // JSON has no number for these.
        scores.retain(|(_, score)| score.is_finite());
        self.remember(step, &scores);
        self.seconds += began.elapsed().as_secs_f64();
        Ok(scores)
    }

    fn remember(&mut self, step: u64, scores: &Scores) {
        let by = self.config.checkpoint.best;
        let wanted = match by {
            Best::Off => return,
            Best::Knn => KNN,
            Best::Linear => LINEAR,
            Best::HeldOut => HELD_OUT,
        };
        let score = scores.iter().find(|(name, _)| *name == wanted).map(|(_, score)| *score);
        match (&mut self.best, score) {
            (None, Some(score)) => self.best = Some(BestSoFar { by, step, score, since: 0 }),
            (Some(best), Some(score)) if by.is_better(score, best.score) => {
                *best = BestSoFar { by, step, score, since: 0 };
            }
            (Some(best), _) => best.since += 1,
            (None, None) => {}
        }
    }

    /// Whether the last judgement was the best so far.
    pub fn is_best(&self, step: u64) -> bool {
        self.best.as_ref().is_some_and(|best| best.step == step)
    }

    /// Why the run should end before its last step, in words; none where it should not.
    pub fn over(&self) -> Option<String> {
        let best = self.best.as_ref().filter(|best| best.ends(self.config))?;
        let BestSoFar { by, step, score, since } = best;
        Some(format!("no better {by} in {since} judgements than {score:.4} at step {step}: stop.patience ends the run"))
    }

    /// What part of so many seconds judging took, in words; none where nothing was judged.
    pub fn cost(&self, of: f64) -> Option<String> {
        let percent = 100.0 * self.seconds / of.max(1e-9);
        self.judged.map(|_| format!("judging took {percent:.1} % of the run ({:.1} s)", self.seconds))
    }
}

fn scores(session: &mut Session, judged: &Judged, config: &Config) -> Result<Scores, RunError> {
    let Some(source) = session.blueprint.judged else { return Ok(Vec::new()) };
    let embedding = session.embed(&source.all, source.all.images)?;
    let width = embedding.latent;
    let (asked, known) = embedding.mu.split_at(judged.held_out * width);
    let (labels, known_labels) = judged.images.labels.split_at(judged.held_out);
    let mut scores = Vec::new();
    let classes = judged.images.judged_classes();
    let (asked_classed, known_classed) =
        (with_class(asked, width, labels, classes), with_class(known, width, known_labels, classes));
    if classes >= 2 && !asked_classed.1.is_empty() && !known_classed.1.is_empty() {
        let asked = Labelled::new("held-out images", &asked_classed.0, width, &asked_classed.1)?;
        let known = Labelled::new("training images", &known_classed.0, width, &known_classed.1)?;
        // On the CPU: so few rows are quicker judged than a second set of plans is made on a GPU.
        let k = NEIGHBOURS.min(known.rows().count());
        scores.push((KNN, accuracy(&Device::cpu(), known, asked, k, Metric::Euclidean)?));
        scores.push((LINEAR, logistic(known, asked, classes, &PROBE)?.accuracy));
    }
    let loss = session.loss_of(&source.held_out, source.labels, config.seed)?;
    scores.extend(loss.first().map(|(_, total)| (HELD_OUT, *total)));
    let rows = Rows::new("held-out images", asked, width)?;
    let (mean, least) = collapse::deviations(rows);
    scores.extend([
        ("deviation", mean),
        ("least_deviation", least),
        ("effective_rank", collapse::effective_rank(rows)),
    ]);
    // Of views that are all the same, an alignment says nothing.
    if !config.augment.plain {
        scores.push(("alignment", alignment(session, config.seed)?));
    }
    if rows.count() > 1 {
        scores.push(("uniformity", collapse::uniformity(rows)?));
    }
    Ok(scores)
}

/// The alignment of two views of each held-out image, of as many as fill whole batches.
fn alignment(session: &mut Session, seed: u64) -> Result<f64, RunError> {
    let Some(source) = session.blueprint.judged.map(|judged| judged.held_out) else { return Ok(0.0) };
    let batch = PAIRS.min(source.images);
    let (latent, width) = (session.blueprint.model.networks.latent, session.blueprint.model.networks.encoded);
    let (plan, encoded) = session.blueprint.encode_pairs(&source, batch).map_err(EvalError::from)?;
    let plan = session.executor.load(plan)?;
    session.executor.write(session.blueprint.judging.0.clock, &Values::U32(clock::fresh(seed).to_vec()))?;
    let mut views = [Vec::new(), Vec::new()];
    for step in 0..(source.images / batch) as u64 {
        session.replay(plan, &source, (seed, batch), step..step + 1)?;
        let rows = session.executor.read(encoded)?.into_f32();
        for (row, view) in rows.chunks_exact(width).zip([0, 1].into_iter().cycle()) {
            views[view].extend_from_slice(&row[..latent]);
        }
    }
    session.executor.unload(plan);
    finite("representation", &views[0], latent)?;
    let [first, second] = &views;
    let rows = |values| Rows::new("views of held-out images", values, latent);
    Ok(collapse::alignment(rows(first)?, rows(second)?)?)
}
