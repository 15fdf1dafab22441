//! Twin of `shaders/ceiling/copy.wgsl`: memory traffic and nothing else.

use crate::kernels::{Access, Args, Binding, Kernel, Launch, Tuning};
use crate::math::Real;
use crate::math::pieces::{rows, rows_mut, side_by_side};
use crate::math::simd::CHUNK;
use encase::ShaderType;

/// Copies numbers, four at a time.
///
/// Tensors: x, y, each `[4 quads]`.
#[derive(Clone, Debug)]
pub struct Copy {
    /// A quarter of the numbers.
    pub quads: usize,
}

/// The shader's uniform block.
#[derive(ShaderType)]
pub struct Params {
    quads: u32,
}

impl Kernel for Copy {
    type Params = Params;

    fn bindings(&self) -> Vec<Binding> {
        let binding = |name, access| Binding::real(name, access, 4 * self.quads);
        vec![binding("x", Access::Read), binding("y", Access::Write)]
    }

    fn params(&self) -> Params {
        Params { quads: self.quads as u32 }
    }

    fn launch(&self, _tuning: &Tuning) -> Launch {
        Launch::elementwise(shader!("ceiling/copy"), self.quads)
    }

    fn twin<T: Real>(&self, mut args: Args<'_, T>) {
        let (x, y) = (args.real(0), args.real_mut(1));
        let (x, y) = (&x[..4 * self.quads], &mut y[..4 * self.quads]);
        side_by_side((rows_mut(y, CHUNK), rows(x, CHUNK)), 1, |_, (y, x)| y.copy_from_slice(x));
    }

    fn examples() -> Vec<Self> {
        [1, 16, 251].map(|quads| Self { quads }).into()
    }
}
