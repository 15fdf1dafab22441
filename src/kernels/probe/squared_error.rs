//! Twin of `shaders/probe/squared_error.wgsl`: the loss of regression.

use crate::kernels::{Access, Args, Binding, Kernel, Launch, Tuning};
use crate::math::Real;
use crate::math::pieces::{rows, rows_mut, side_by_side};
use crate::math::simd::CHUNK;
use encase::ShaderType;

/// `(prediction - target)^2` and its gradient. Tensors: predictions, targets, terms, dpredictions; all of `count` elements.
#[derive(Clone, Debug)]
pub struct SquaredError {
    /// Elements, rows times outputs.
    pub count: usize,
    /// The loss's derivative with respect to one term, usually `1 / rows`.
    pub gradient_scale: f64,
}

/// The shader's uniform block.
#[derive(ShaderType)]
pub struct Params {
    count: u32,
    gradient_scale: f32,
}

impl Kernel for SquaredError {
    type Params = Params;

    fn bindings(&self) -> Vec<Binding> {
        vec![
            Binding::real("predictions", Access::Read, self.count),
            Binding::real("targets", Access::Read, self.count),
            Binding::real("terms", Access::Write, self.count),
            Binding::real("dpredictions", Access::Write, self.count),
        ]
    }

    fn params(&self) -> Params {
        Params { count: self.count as u32, gradient_scale: self.gradient_scale as f32 }
    }

    fn launch(&self, _tuning: &Tuning) -> Launch {
        Launch::elementwise(shader!("probe/squared_error"), self.count)
    }

    fn twin<T: Real>(&self, mut args: Args<'_, T>) {
        let (predictions, targets) = (args.real(0), args.real(1));
        let (terms, dpredictions) = (args.real_mut(2), args.real_mut(3));
        let scale = T::of(2.0 * self.gradient_scale);
        let outputs = (rows_mut(&mut terms[..self.count], CHUNK), rows_mut(dpredictions, CHUNK));
        let inputs = (rows(predictions, CHUNK), rows(targets, CHUNK));
        side_by_side((outputs, inputs), 1, |_, ((terms, dpredictions), (predictions, targets))| {
            let outputs = terms.iter_mut().zip(dpredictions);
            for ((term, d), (&prediction, &target)) in outputs.zip(predictions.iter().zip(targets)) {
                let error = prediction - target;
                *term = error * error;
                *d = error * scale; // d (p - t)^2 / d p = 2 (p - t)
            }
        });
    }

    fn examples() -> Vec<Self> {
        [1, 63, 1009].map(|count| Self { count, gradient_scale: 0.25 }).into()
    }
}
