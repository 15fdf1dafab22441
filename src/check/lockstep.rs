//! A device against the f64 twins, dispatch by dispatch: every buffer of a step.

use super::fixture::{Case, Fixture, cases, full_cases};
use super::golden::Worst;
use super::table::{Outcome, Row};
use super::{Target, case_name, norm, relative_error_on_scale};
use crate::device::{DeviceError, Values, reference};
use crate::kernels::{Access, DType};
use crate::plan::Precision;

/// Steps to follow: the second and third see moments, warm-up, decay and a batch that straddles two epochs.
const STEPS: u32 = 3;

/// Runs a few training steps on a target and on the f64 twins side by side and compares what each dispatch wrote. The
/// target gets each dispatch's inputs from the twins: rounding does not add up, and Adam, which blows a gradient that is
/// zero but for rounding up to full size, does not tear the two apart. In mixed precision the twins round nothing.
///
/// # Errors
/// When a device fails.
pub fn lockstep(target: &Target, precision: Precision) -> Result<Vec<Row>, DeviceError> {
    cases().iter().map(|case| follow(target, case, (precision, STEPS))).collect()
}

/// [`lockstep`] of one step of the authors' convolutional networks at their full width, which takes a while.
///
/// # Errors
/// When a device fails.
pub fn full_width(target: &Target, precision: Precision) -> Result<Vec<Row>, DeviceError> {
    full_cases().iter().map(|case| follow(target, case, (precision, 1))).collect()
}

fn follow(target: &Target, case: &Case, (precision, steps): (Precision, u32)) -> Result<Row, DeviceError> {
    let fixture = Fixture::new(case, true, target.machine(), precision)?;
    let mut executors = [target.open_for(&fixture.plan, &fixture.layout)?, reference(&fixture.layout)?];
    for executor in &mut executors {
        fixture.prepare(executor.as_mut())?;
        executor.load(fixture.plan.clone())?;
    }
    let mut worst = Worst::default();
    for step in 1..=steps {
        for (index, dispatch) in fixture.plan.dispatches.iter().enumerate() {
            let mut scale = 0.0_f64;
            for (binding, tensor) in dispatch.kernel.bindings().iter().zip(&dispatch.tensors) {
                if binding.access != Access::Write && binding.dtype == DType::Real {
                    let input = executors[1].read(*tensor)?;
                    scale = scale.max(norm(input.to_f64().into_iter()));
                    executors[0].write(*tensor, &Values::F32(input.to_f32()))?;
                }
            }
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
                    _ => relative_error_on_scale(&got.to_f64(), &want.to_f64(), scale),
                };
                worst.note(&format!("{} of `{}`, step {step}", binding.name, dispatch.label), error);
            }
        }
    }
    let (tensor, worst) = worst.into_pair();
    let (_, tensor_tolerance) = target.tolerances(precision);
    let outcome = Outcome::Compared { loss: 0.0, loss_tolerance: 0.0, tensor, tensor_tolerance, worst };
    Ok(Row { case: case_name(&format!("step_{}", case.name()), precision), target: target.name(), outcome })
}
