//! Products and sums element by element, stored or added to what is there.

use wgpu_simvae::kernels::{Access, Args, Binding, Kernel, Launch, Shader, Tuning};
use wgpu_simvae::math::Real;

/// `y = a b` or `y = a`, or `y +=` that. Tensors: a, b (any where there is no factor), y.
#[derive(Clone, Debug)]
pub struct Pointwise {
    pub count: usize,
    pub factor: bool,
    pub accumulate: bool,
}

impl Kernel for Pointwise {
    type Params = u32;

    fn bindings(&self) -> Vec<Binding> {
        let access = if self.accumulate { Access::Update } else { Access::Write };
        vec![
            Binding::real("a", Access::Read, self.count),
            Binding::real("b", Access::Read, if self.factor { self.count } else { 0 }),
            Binding::real("y", access, self.count),
        ]
    }

    fn params(&self) -> u32 {
        self.count as u32
    }

    /// It runs on the CPU only.
    fn launch(&self, _tuning: &Tuning) -> Launch {
        Launch::elementwise(Shader::new("pointwise", ""), self.count)
    }

    fn twin<T: Real>(&self, mut args: Args<'_, T>) {
        let (a, b, y) = (args.real(0), args.real(1), args.real_mut(2));
        for i in 0..self.count {
            let value = if self.factor { a[i] * b[i] } else { a[i] };
            y[i] = if self.accumulate { y[i] + value } else { value };
        }
    }
}
