//! Twin of `shaders/optim/adam.wgsl`: the optimiser.

use crate::kernels::common::clock::{self, CORRECTION1, CORRECTION2, LEARNING_RATE};
use crate::kernels::{Access, Args, Binding, Kernel, Launch, Tuning, common};
use crate::math::pieces::{rows, rows_mut, side_by_side};
use crate::math::{Real, simd};
use encase::ShaderType;

/// One Adam step (Kingma and Ba, 2015, in PyTorch's form) over all parameters at once.
#[derive(Clone, Debug)]
pub struct Adam {
    /// Parameters.
    pub count: usize,
    /// Decay of the first moment.
    pub beta1: f64,
    /// Decay of the second moment.
    pub beta2: f64,
    /// Added to the denominator.
    pub epsilon: f64,
    /// Decoupled weight decay (AdamW); 0 is plain Adam.
    pub weight_decay: f64,
}

/// The shader's uniform block.
#[derive(ShaderType)]
pub struct Params {
    count: u32,
    beta1: f32,
    one_minus_beta1: f32,
    beta2: f32,
    one_minus_beta2: f32,
    epsilon: f32,
    weight_decay: f32,
}

impl Adam {
    /// Numbers that an invocation of the shader updates at a time.
    fn at_a_time(&self) -> usize {
        if self.count.is_multiple_of(4) { 4 } else { 1 }
    }
}

/// Elements that one task updates.
const CHUNK: usize = 1 << 15;

impl Kernel for Adam {
    type Params = Params;

    fn bindings(&self) -> Vec<Binding> {
        vec![
            clock::rates_binding(Access::Read),
            Binding::real("gradients", Access::Read, self.count),
            Binding::real("weights", Access::Update, self.count),
            Binding::real("first", Access::Update, self.count),
            Binding::real("second", Access::Update, self.count).within(1e-3, 1.0),
        ]
    }

    fn params(&self) -> Params {
        Params {
            count: (self.count / self.at_a_time()) as u32,
            beta1: self.beta1 as f32,
            one_minus_beta1: (1.0 - self.beta1) as f32,
            beta2: self.beta2 as f32,
            one_minus_beta2: (1.0 - self.beta2) as f32,
            epsilon: self.epsilon as f32,
            weight_decay: self.weight_decay as f32,
        }
    }

    fn launch(&self, _tuning: &Tuning) -> Launch {
        let shader = shader!("optim/adam").stored(self.at_a_time() == 4).with(common::clock::WGSL);
        Launch::elementwise(shader, self.count / self.at_a_time())
    }

    fn twin<T: Real>(&self, mut args: Args<'_, T>) {
        let rates = args.real(0);
        let gradients = args.real(1);
        let (weights, first, second) = (args.real_mut(2), args.real_mut(3), args.real_mut(4));
        let (rate, c1, c2) = (rates[LEARNING_RATE], rates[CORRECTION1], rates[CORRECTION2]);
        let [beta1, beta2, epsilon, decay] = [self.beta1, self.beta2, self.epsilon, self.weight_decay].map(T::of);
        let [keep1, keep2] = [1.0 - self.beta1, 1.0 - self.beta2].map(T::of);
        let weights = rows_mut(&mut weights[..self.count], CHUNK);
        let all = (weights, rows_mut(first, CHUNK), rows_mut(second, CHUNK), rows(gradients, CHUNK));
        side_by_side(all, 1, |_, (weights, first, second, gradients)| {
            simd::vectorize(
                #[inline(always)]
                || {
                    for (((w, m), v), &g) in weights.iter_mut().zip(first).zip(second).zip(gradients) {
                        *m = beta1 * *m + keep1 * g;
                        *v = beta2 * *v + keep2 * g * g;
                        *w -= rate * (decay * *w + c1 * *m / (v.sqrt() * c2 + epsilon));
                    }
                },
            );
        });
    }

    fn examples() -> Vec<Self> {
        let example = |count| Self { count, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weight_decay: 0.01 };
        [1, 4, 64, 1020, 1021].map(example).into()
    }
}
