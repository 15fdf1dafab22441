//! Twin of `shaders/loss/record.wgsl`: loss terms into the log.

use crate::kernels::common::clock::{self, STEP};
use crate::kernels::cost::Work;
use crate::kernels::{Access, Args, Binding, Kernel, Launch, Tuning, common};
use crate::math::Real;
use encase::ShaderType;

/// Sums `count` terms and writes the scaled sum into the current step's row of the log.
///
/// Tensors: clock, terms `[count]`, losses `[capacity, columns]`. A row is `[total, term 1, term 2, ...]`.
#[derive(Clone, Debug)]
pub struct Record {
    /// Terms to sum.
    pub count: usize,
    /// Factor of the sum, usually `1 / rows`.
    pub scale: f64,
    /// Rows of the log, which is a ring over the steps.
    pub capacity: usize,
    /// Columns of the log.
    pub columns: usize,
    /// This term's column, from 1; column 1 also begins the total.
    pub column: usize,
    /// Whether to add to what an earlier part of the step has written.
    pub add: bool,
}

/// The shader's uniform block.
#[derive(ShaderType)]
pub struct Params {
    count: u32,
    scale: f32,
    capacity: u32,
    columns: u32,
    column: u32,
    add: u32,
}

impl Kernel for Record {
    type Params = Params;

    fn bindings(&self) -> Vec<Binding> {
        vec![
            clock::binding(Access::Read),
            Binding::real("terms", Access::Read, self.count),
            Binding::real("losses", Access::Update, self.capacity * self.columns),
        ]
    }

    fn params(&self) -> Params {
        Params {
            count: self.count as u32,
            scale: self.scale as f32,
            capacity: self.capacity as u32,
            columns: self.columns as u32,
            column: self.column as u32,
            add: self.add.into(),
        }
    }

    fn launch(&self, _tuning: &Tuning) -> Launch {
        Launch::groups(shader!("loss/record").with(common::clock::WGSL).reducing(64), 1)
    }

    fn work(&self, _tuning: &Tuning) -> Work {
        Work::looking_up(self.bindings(), "losses", 8 * self.columns as u64)
    }

    fn twin<T: Real>(&self, mut args: Args<'_, T>) {
        let (clock, terms, losses) = (args.uint(0), args.real(1), args.real_mut(2));
        let at = (clock[STEP] as usize % self.capacity) * self.columns;
        // Pairwise, so that single precision stays exact enough over thousands of terms.
        let mean = pairwise(&terms[..self.count]) * T::of(self.scale);
        let total = if self.column == 1 && !self.add { T::ZERO } else { losses[at] };
        let term = if self.add { losses[at + self.column] } else { T::ZERO };
        losses[at] = total + mean;
        losses[at + self.column] = term + mean;
    }

    fn examples() -> Vec<Self> {
        let example = |(count, column, add)| Self { count, scale: 0.25, capacity: 5, columns: 4, column, add };
        [(1, 1, false), (63, 2, false), (1009, 3, false), (7, 1, true), (65, 3, true)].map(example).into()
    }
}

fn pairwise<T: Real>(terms: &[T]) -> T {
    match terms.len() {
        0..=32 => terms.iter().copied().sum(),
        n => {
            let (low, high) = terms.split_at(n / 2);
            pairwise(low) + pairwise(high)
        }
    }
}
