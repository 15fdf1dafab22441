//! Twin of `shaders/optim/accumulate.wgsl`: sums over the parts of a step.

use crate::kernels::{Access, Args, Binding, Kernel, Launch, Tuning};
use crate::math::Real;
use crate::math::pieces::{rows, rows_mut, side_by_side};
use crate::math::simd::{self, CHUNK};
use encase::ShaderType;

/// Adds `count` elements of a tensor, from `from` on, to those of another, from `to` on, or puts them in their place.
///
/// Tensors: what is read, and what is written.
#[derive(Clone, Debug)]
pub struct Accumulate {
    /// Elements.
    pub count: usize,
    /// The first that is read.
    pub from: usize,
    /// The first that is written.
    pub to: usize,
    /// Whether to add to what is there.
    pub add: bool,
}

/// The shader's uniform block.
#[derive(ShaderType)]
pub struct Params {
    count: u32,
    source_first: u32,
    sums_first: u32,
    add: u32,
}

impl Kernel for Accumulate {
    type Params = Params;

    fn bindings(&self) -> Vec<Binding> {
        // What lies before the stretch stays.
        let access = if self.add || self.to > 0 { Access::Update } else { Access::Write };
        vec![
            Binding::real("source", Access::Read, self.from + self.count),
            Binding::real("sums", access, self.to + self.count),
        ]
    }

    fn params(&self) -> Params {
        let [count, source_first, sums_first] = [self.count, self.from, self.to].map(|x| x as u32);
        Params { count, source_first, sums_first, add: self.add.into() }
    }

    fn launch(&self, _tuning: &Tuning) -> Launch {
        Launch::elementwise(shader!("optim/accumulate"), self.count)
    }

    fn twin<T: Real>(&self, mut args: Args<'_, T>) {
        let (source, sums) = (&args.real(0)[self.from..][..self.count], args.real_mut(1));
        let sums = &mut sums[self.to..][..self.count];
        side_by_side((rows_mut(sums, CHUNK), rows(source, CHUNK)), 1, |_, (sums, source)| {
            if !self.add {
                return sums.copy_from_slice(source);
            }
            simd::vectorize(
                #[inline(always)]
                || sums.iter_mut().zip(source).for_each(|(sum, &x)| *sum += x),
            );
        });
    }

    fn examples() -> Vec<Self> {
        let example = |(count, from, to, add)| Self { count, from, to, add };
        [(1, 0, 0, false), (64, 0, 3, false), (1021, 7, 0, true), (131, 5, 11, true), (67, 13, 0, false)]
            .map(example)
            .into()
    }
}
