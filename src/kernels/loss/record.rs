//! Twin of `shaders/loss/record.wgsl`: loss terms into the log.

use crate::kernels::common::clock::{self, STEP};
use crate::kernels::cost::Work;
use crate::kernels::{Access, Args, Binding, Kernel, Launch, Tuning, common};
use crate::math::Real;
use encase::ShaderType;

/// Invocations that add.
const LANES: u32 = 256;

/// Loss terms that one dispatch sums.
pub const MOST: usize = 3;

/// Sums loss terms and writes the scaled sums into the current step's row of the log.
///
/// Tensors: clock, three of terms (any tensor in the place of one that is not there), losses `[capacity, columns]`. A row is
/// `[total, term 1, term 2, ...]`.
#[derive(Clone, Debug)]
pub struct Record {
    /// Elements of each term; none of one that is not there.
    pub counts: [usize; MOST],
    /// Factor of the sums, usually `1 / rows`.
    pub scale: f64,
    /// Rows of the log, which is a ring over the steps.
    pub capacity: usize,
    /// Columns of the log.
    pub columns: usize,
    /// The first term's column, from 1; column 1 also begins the total.
    pub column: usize,
    /// Whether to add to what an earlier part of the step has written.
    pub add: bool,
}

/// The shader's uniform block.
#[derive(ShaderType)]
pub struct Params {
    first: u32,
    second: u32,
    third: u32,
    scale: f32,
    capacity: u32,
    columns: u32,
    column: u32,
    add: u32,
}

impl Kernel for Record {
    type Params = Params;

    fn bindings(&self) -> Vec<Binding> {
        let [first, second, third] = self.counts;
        vec![
            clock::binding(Access::Read),
            Binding::real("first", Access::Read, first),
            Binding::real("second", Access::Read, second),
            Binding::real("third", Access::Read, third),
            Binding::real("losses", Access::Update, self.capacity * self.columns),
        ]
    }

    fn params(&self) -> Params {
        let [first, second, third] = self.counts.map(|count| count as u32);
        Params {
            first,
            second,
            third,
            scale: self.scale as f32,
            capacity: self.capacity as u32,
            columns: self.columns as u32,
            column: self.column as u32,
            add: self.add.into(),
        }
    }

    fn launch(&self, _tuning: &Tuning) -> Launch {
        Launch::groups(shader!("loss/record").with(common::clock::WGSL).reducing(LANES), 1)
    }

    fn work(&self, _tuning: &Tuning) -> Work {
        Work::looking_up(self.bindings(), "losses", 8 * self.columns as u64)
    }

    fn twin<T: Real>(&self, mut args: Args<'_, T>) {
        let (clock, terms, losses) = (args.uint(0), [1, 2, 3].map(|term| args.real(term)), args.real_mut(4));
        let at = (clock[STEP] as usize % self.capacity) * self.columns;
        let row = &mut losses[at..][..self.columns];
        if self.column == 1 && !self.add {
            row[0] = T::ZERO;
        }
        let there = terms.iter().zip(&self.counts).filter(|(_, count)| **count > 0);
        for ((terms, &count), column) in there.zip(self.column..) {
            // Pairwise, so that single precision stays exact enough over thousands of terms.
            let mean = pairwise(&terms[..count]) * T::of(self.scale);
            row[0] += mean;
            row[column] = if self.add { row[column] + mean } else { mean };
        }
    }

    fn examples() -> Vec<Self> {
        let example = |(counts, column, add)| Self { counts, scale: 0.25, capacity: 5, columns: 4, column, add };
        let whole =
            [([1, 0, 0], 1, false), ([63, 0, 0], 2, false), ([257, 7, 0], 2, false), ([65, 1009, 256], 1, false)];
        whole.into_iter().chain([([7, 0, 0], 1, true), ([7, 300, 1], 1, true)]).map(example).collect()
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
