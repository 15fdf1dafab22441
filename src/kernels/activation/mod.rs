//! Twin of `shaders/activation/activation.wgsl`: activations that no matrix product could take along.

use crate::kernels::{Access, Args, Binding, Kernel, Launch, Tuning, common};
use crate::math::pieces::{rows, rows_mut, side_by_side};
use crate::math::{Real, simd};
use encase::ShaderType;

/// The function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Function {
    /// max(x, 0)
    Relu = 0,
    /// 1 / (1 + e^-x)
    Sigmoid = 1,
}

/// `y = f(x)`. Tensors: x, x again, y; all of `count` elements.
#[derive(Clone, Debug)]
pub struct Activation {
    /// The function.
    pub function: Function,
    /// Elements.
    pub count: usize,
}

/// `dx = dy f'(x)`, with f' written in y. Tensors: dy, y, dx; all of `count` elements.
#[derive(Clone, Debug)]
pub struct ActivationBackward {
    /// The function.
    pub function: Function,
    /// Elements.
    pub count: usize,
}

/// The shader's uniform block.
#[derive(ShaderType)]
pub struct Params {
    count: u32,
}

const CHUNK: usize = 1 << 14;

fn bindings(count: usize) -> Vec<Binding> {
    vec![
        Binding::real("input", Access::Read, count),
        Binding::real("output", Access::Read, count),
        Binding::real("result", Access::Write, count),
    ]
}

fn launch(function: Function, backward: bool, count: usize) -> Launch {
    let shader = shader!("activation/activation")
        .with(common::math::WGSL)
        .constant("KIND", function as u32)
        .constant("BACKWARD", backward);
    Launch::elementwise(shader, count)
}

/// An example of each function and count.
fn each<K>(example: impl Fn(Function, usize) -> K) -> Vec<K> {
    let counts = [1, 63, 64, 1009];
    let of = |function| counts.map(|count| example(function, count));
    [Function::Relu, Function::Sigmoid].into_iter().flat_map(of).collect()
}

impl Kernel for Activation {
    type Params = Params;

    fn bindings(&self) -> Vec<Binding> {
        bindings(self.count)
    }

    fn params(&self) -> Params {
        Params { count: self.count as u32 }
    }

    fn launch(&self, _tuning: &Tuning) -> Launch {
        launch(self.function, false, self.count)
    }

    fn twin<T: Real>(&self, mut args: Args<'_, T>) {
        let (x, y) = (args.real(0), args.real_mut(2));
        side_by_side((rows_mut(&mut y[..self.count], CHUNK), rows(x, CHUNK)), 1, |_, (y, x)| {
            simd::vectorize(
                #[inline(always)]
                || match self.function {
                    Function::Relu => y.iter_mut().zip(x).for_each(|(y, x)| *y = x.max(T::ZERO)),
                    Function::Sigmoid => y.iter_mut().zip(x).for_each(|(y, x)| *y = x.sigmoid()),
                },
            );
        });
    }

    fn examples() -> Vec<Self> {
        each(|function, count| Self { function, count })
    }
}

impl Kernel for ActivationBackward {
    type Params = Params;

    fn bindings(&self) -> Vec<Binding> {
        bindings(self.count)
    }

    fn params(&self) -> Params {
        Params { count: self.count as u32 }
    }

    fn launch(&self, _tuning: &Tuning) -> Launch {
        launch(self.function, true, self.count)
    }

    fn twin<T: Real>(&self, mut args: Args<'_, T>) {
        let (dy, y, dx) = (args.real(0), args.real(1), args.real_mut(2));
        let slope = |y: T| match self.function {
            Function::Relu if y > T::ZERO => T::ONE,
            Function::Relu => T::ZERO,
            Function::Sigmoid => y * (T::ONE - y),
        };
        let chunks = (rows_mut(&mut dx[..self.count], CHUNK), rows(dy, CHUNK), rows(y, CHUNK));
        side_by_side(chunks, 1, |_, (dx, dy, y)| {
            dx.iter_mut().zip(dy.iter().zip(y)).for_each(|(dx, (&dy, &y))| *dx = dy * slope(y));
        });
    }

    fn examples() -> Vec<Self> {
        each(|function, count| Self { function, count })
    }
}
