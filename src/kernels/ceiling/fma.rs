//! Twin of `shaders/ceiling/fma.wgsl`: multiply-adds in registers and nothing else.

use crate::kernels::cost::Work;
use crate::kernels::{Access, Args, Binding, Kernel, Launch, Tuning};
use crate::math::pieces::{rows, rows_mut, side_by_side};
use crate::math::{Real, simd};
use encase::ShaderType;

/// Multiplies and adds 16 numbers an element, `rounds` times each, and sums them.
///
/// Tensors: x, where the numbers begin, and y, their sums, each `[count]`.
#[derive(Clone, Debug)]
pub struct Fma {
    /// Elements.
    pub count: usize,
    /// Multiply-adds of each number.
    pub rounds: usize,
}

/// The shader's uniform block.
#[derive(ShaderType)]
pub struct Params {
    count: u32,
    rounds: u32,
}

/// Numbers of an element.
const CHAINS: usize = 16;
/// Elements that the twin takes together: their numbers fill eight of the widest vector registers.
const TOGETHER: usize = 8;
/// Every number tends to `TERM / (1 - FACTOR)`.
const FACTOR: f32 = 0.75;
const TERM: f32 = 0.5;

impl Kernel for Fma {
    type Params = Params;

    fn bindings(&self) -> Vec<Binding> {
        let binding = |name, access| Binding::real(name, access, self.count);
        vec![binding("x", Access::Read), binding("y", Access::Write)]
    }

    fn params(&self) -> Params {
        Params { count: self.count as u32, rounds: self.rounds as u32 }
    }

    fn launch(&self, _tuning: &Tuning) -> Launch {
        let shader = shader!("ceiling/fma").shared("FACTOR", FACTOR).shared("TERM", TERM);
        Launch::elementwise(shader, self.count)
    }

    fn work(&self, _tuning: &Tuning) -> Work {
        let multiply_adds = (CHAINS * self.count * self.rounds) as u64;
        Work { multiply_adds, padded_multiply_adds: multiply_adds, ..Work::moving(self.bindings()) }
    }

    fn twin<T: Real>(&self, mut args: Args<'_, T>) {
        let (x, y) = (args.real(0), args.real_mut(1));
        let elements = (rows_mut(&mut y[..self.count], TOGETHER), rows(&x[..self.count], TOGETHER));
        side_by_side(elements, 16, |_, (y, x)| {
            simd::vectorize(
                #[inline(always)]
                || {
                    let mut numbers = [T::ZERO; CHAINS * TOGETHER];
                    for (numbers, &x) in numbers.chunks_exact_mut(CHAINS).zip(x) {
                        numbers.iter_mut().zip(0u8..).for_each(|(number, chain)| *number = x + T::of(chain.into()));
                    }
                    let (factor, term) = (T::from(FACTOR), T::from(TERM));
                    for _ in 0..self.rounds {
                        for number in &mut numbers {
                            *number = number.fused(factor, term);
                        }
                    }
                    for (y, numbers) in y.iter_mut().zip(numbers.chunks_exact(CHAINS)) {
                        *y = numbers.iter().copied().sum();
                    }
                },
            );
        });
    }

    fn examples() -> Vec<Self> {
        [(1, 1), (64, 5), (1021, 3)].map(|(count, rounds)| Self { count, rounds }).into()
    }
}
