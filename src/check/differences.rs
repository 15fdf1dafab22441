//! The f64 twins' backward against central differences of their forward.

use super::fixture::{Case, Fixture, cases};
use super::golden::Worst;
use super::table::{Outcome, Row};
use super::{REFERENCE_TOLERANCE, relative_error};
use crate::device::{DeviceError, Executor, Values, reference};

/// Half the distance of the two evaluations: the error of the difference falls with its square and the rounding error
/// grows with its inverse; the two meet near 1e-5 in double precision.
const STEP: f64 = 1e-5;

/// Checks every weight of a small model, for every objective.
///
/// # Errors
/// Never on a sound machine: the reference executor has no device to lose.
pub fn central_differences() -> Result<Vec<Row>, DeviceError> {
    cases().iter().map(check).collect()
}

fn check(case: &Case) -> Result<Row, DeviceError> {
    let fixture = Fixture::new(case, false)?;
    let mut executor = reference(&fixture.layout)?;
    fixture.prepare(executor.as_mut())?;
    let plan = executor.load(fixture.plan.clone())?;
    let loss = |executor: &mut dyn Executor, weights: &[f64]| -> Result<f64, DeviceError> {
        fixture.rewind(executor)?;
        executor.write(fixture.memory.weights, &Values::F64(weights.to_vec()))?;
        executor.run(plan, 1)?;
        let log = executor.read(fixture.log.losses)?.to_f64();
        Ok(fixture.log.row(&log, 1)[0])
    };
    let mut weights = executor.read(fixture.memory.weights)?.to_f64();
    loss(executor.as_mut(), &weights)?;
    let gradients = executor.read(fixture.memory.gradients)?.to_f64();

    let mut worst = Worst::default();
    for spec in fixture.params.specs() {
        let range = spec.param.offset..spec.param.offset + spec.param.shape.len();
        let mut differences = Vec::with_capacity(range.len());
        for i in range.clone() {
            let weight = weights[i];
            weights[i] = weight + STEP;
            let above = loss(executor.as_mut(), &weights)?;
            weights[i] = weight - STEP;
            let below = loss(executor.as_mut(), &weights)?;
            weights[i] = weight;
            differences.push((above - below) / (2.0 * STEP));
        }
        worst.note(&spec.name, relative_error(&gradients[range], &differences));
    }
    let (tensor, worst) = worst.into_pair();
    let outcome =
        Outcome::Compared { loss: 0.0, loss_tolerance: 0.0, tensor, tensor_tolerance: REFERENCE_TOLERANCE, worst };
    Ok(Row { case: format!("differences_{}", case.name), target: "f64 twin".to_owned(), outcome })
}
