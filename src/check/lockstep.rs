//! A device against the f64 twins, dispatch by dispatch: every buffer of a step.

use super::fixture::{Fixture, cases};
use super::golden::Worst;
use super::table::{Outcome, Row};
use super::{GRADIENT_TOLERANCE, Target, relative_error};
use crate::device::{DeviceError, Values, reference};
use crate::kernels::Access;
use crate::kernels::loss::likelihood::LikelihoodKind;
use crate::loss::Objective;

/// Steps to follow: the second and third see moments, warm-up, decay and a batch that straddles two epochs.
const STEPS: u32 = 3;

/// Runs a few training steps on a target and on the f64 twins side by side and compares what each dispatch wrote.
///
/// # Errors
/// When a device fails.
pub fn lockstep(target: &Target) -> Result<Vec<Row>, DeviceError> {
    let follow = |(name, kind, objective): (String, LikelihoodKind, Objective)| follow(target, kind, &objective, &name);
    cases().into_iter().map(follow).collect()
}

fn follow(target: &Target, kind: LikelihoodKind, objective: &Objective, name: &str) -> Result<Row, DeviceError> {
    let fixture = Fixture::new(kind, objective, true)?;
    let mut executors = [target.open(&fixture.layout)?, reference(&fixture.layout)?];
    for executor in &mut executors {
        fixture.prepare(executor.as_mut())?;
        executor.load(fixture.plan.clone())?;
    }
    let mut worst = Worst::default();
    for step in 1..=STEPS {
        for (index, dispatch) in fixture.plan.dispatches.iter().enumerate() {
            for executor in &mut executors {
                executor.run_part(fixture.plan.id, index..index + 1)?;
            }
            for (binding, tensor) in dispatch.kernel.bindings().iter().zip(&dispatch.tensors) {
                if binding.access == Access::Read {
                    continue;
                }
                let [got, want] = [executors[0].read(*tensor)?, executors[1].read(*tensor)?];
                let error = match (&got, &want) {
                    (Values::U32(got), Values::U32(want)) => {
                        if got == want {
                            0.0
                        } else {
                            f64::INFINITY
                        }
                    }
                    _ => relative_error(&got.to_f64(), &want.to_f64()),
                };
                worst.note(&format!("{} of `{}`, step {step}", binding.name, dispatch.label), error);
            }
        }
    }
    let (tensor, worst) = worst.into_pair();
    let outcome =
        Outcome::Compared { loss: 0.0, loss_tolerance: 0.0, tensor, tensor_tolerance: GRADIENT_TOLERANCE, worst };
    Ok(Row { case: format!("step_{name}"), target: target.name(), outcome })
}
