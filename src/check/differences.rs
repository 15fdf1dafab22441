//! The f64 twins' backward against central differences of their forward.

use super::fixture::{Case, Fixture, cases};
use super::golden::Worst;
use super::table::{Outcome, Row};
use super::{REFERENCE_TOLERANCE, norm, relative_error};
use crate::device::{DeviceError, Executor, Values, reference};
use crate::kernels::cost::Machine;
use crate::plan::Precision;

/// Half the distance of the two evaluations: the error of the difference falls with its square and the rounding error
/// grows with its inverse; the two meet near 1e-5 in double precision.
const STEP: f64 = 1e-5;
/// The same for convolutional networks: they have so many ReLUs that a longer step often crosses a kink.
const STEP_CONV: f64 = 1e-6;
/// Weights of a parameter that are checked in convolutional networks, whose steps take longer, spread evenly over it. In others
/// every weight is.
const SAMPLE_CONV: usize = 8;
/// In convolutional networks, differences over one and over half a step that disagree by more than this, relative to the parameter's largest one, straddle
/// the kink of a ReLU or of a maximum: they are no derivative.
const KINK: f64 = REFERENCE_TOLERANCE / 4.0;
/// Part of the weights that may stand at a kink.
const MOST_KINKS: f64 = 0.25;
/// How many roundings a difference may gather.
const ROUNDINGS: f64 = 100.0;

/// Checks the weights of a small model, for every objective.
///
/// # Errors
/// Never on a sound machine: the reference executor has no device to lose.
pub fn central_differences() -> Result<Vec<Row>, DeviceError> {
    cases().iter().map(check).collect()
}

fn check(case: &Case) -> Result<Row, DeviceError> {
    let fixture = Fixture::new(case, false, Machine::Twins, Precision::Single)?;
    let mut executor = reference(&fixture.layout)?;
    fixture.prepare(executor.as_mut())?;
    let plan = executor.load(fixture.plan.clone())?;
    let dispatches = &fixture.plan.dispatches;
    // The loss is known once its last term is recorded; most of what comes behind is the backward.
    let recorded = dispatches.iter().rposition(|dispatch| dispatch.tensors.contains(&fixture.log.losses));
    let forward = recorded.map_or(0, |last| last + 1);
    let run = |executor: &mut dyn Executor, weights: &[f64], until: usize| -> Result<(), DeviceError> {
        fixture.rewind(executor)?;
        executor.write(fixture.memory.weights, &Values::F64(weights.to_vec()))?;
        executor.run_part(plan, 0..until)
    };
    let loss = |executor: &mut dyn Executor, weights: &[f64]| -> Result<f64, DeviceError> {
        run(executor, weights, forward)?;
        let log = executor.read(fixture.log.losses)?.to_f64();
        Ok(fixture.log.row(&log, 1)[0])
    };
    let mut weights = executor.read(fixture.memory.weights)?.to_f64();
    run(executor.as_mut(), &weights, dispatches.len())?;
    let gradients = executor.read(fixture.memory.gradients)?.to_f64();

    let value = loss(executor.as_mut(), &weights)?;
    let convolutional = case.convolutional;
    let (step, sample) = if convolutional { (STEP_CONV, SAMPLE_CONV) } else { (STEP, usize::MAX) };
    // What rounding makes of a difference that should be zero.
    let noise = f64::EPSILON * value.abs() / step;
    let whole = norm(gradients.iter().copied());
    let mut worst = Worst::default();
    let (mut checked, mut kinks) = (0, 0);
    for spec in fixture.params.specs() {
        let range = spec.param.offset..spec.param.offset + spec.param.shape.len();
        let mut pairs = Vec::new();
        for i in range.clone().step_by(range.len().div_ceil(sample)) {
            let weight = weights[i];
            let mut difference = |step: f64| -> Result<f64, DeviceError> {
                weights[i] = weight + step;
                let above = loss(executor.as_mut(), &weights)?;
                weights[i] = weight - step;
                let below = loss(executor.as_mut(), &weights)?;
                weights[i] = weight;
                Ok((above - below) / (2.0 * step))
            };
            let full = difference(step)?;
            pairs.push((gradients[i], full, if convolutional { difference(step / 2.0)? } else { full }));
        }
        checked += pairs.len();
        let largest = pairs.iter().map(|(_, d, _)| d.abs()).fold(0.0, f64::max);
        let smooth = |(_, d, half): &(f64, f64, f64)| (d - half).abs() <= KINK * largest + ROUNDINGS * noise;
        kinks += pairs.iter().filter(|pair| !smooth(pair)).count();
        let (got, want): (Vec<f64>, Vec<f64>) = pairs.iter().filter(|p| smooth(p)).map(|&(g, d, _)| (g, d)).unzip();
        let below_noise = norm(want.iter().copied()) < ROUNDINGS * noise * (want.len() as f64).sqrt();
        let error = if below_noise {
            // The gradient of a bias that a batch normalisation cancels, for example.
            norm(got.iter().zip(&want).map(|(g, w)| g - w)) / whole
        } else {
            relative_error(&got, &want)
        };
        worst.note(&spec.name, error);
    }
    if kinks as f64 > MOST_KINKS * checked as f64 {
        worst.note(&format!("{kinks} of {checked} weights stand at a kink"), f64::INFINITY);
    }
    let (tensor, worst) = worst.into_pair();
    let outcome =
        Outcome::Compared { loss: 0.0, loss_tolerance: 0.0, tensor, tensor_tolerance: REFERENCE_TOLERANCE, worst };
    Ok(Row { case: format!("differences_{}", case.name()), target: "f64 twin".to_owned(), outcome })
}
