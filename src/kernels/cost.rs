//! What a dispatch costs: its work, counted, and a model of the time that a named card takes for it.
//!
//! The model knows neither caches nor latencies. A dispatch takes the longer of its memory traffic and its multiply-adds, after a fixed
//! overhead. Workgroups run in rounds over the compute units, so a few large ones leave units idle. What a unit makes of its multiply-adds
//! is bounded by the loop: by the share of its instructions that are multiply-adds, and by its reads of workgroup memory. Trust the order
//! of the results more than the numbers.

use super::product::Variant;
use super::{Access, AnyKernel, Binding, Tuning};

/// The work of a dispatch.
#[derive(Clone, Copy, Debug, Default, PartialEq, serde::Serialize)]
pub struct Work {
    /// Multiply-adds of the product as usually counted; the zeros around an image are numbers like any other. Counted for products alone:
    /// the arithmetic of other kernels hides behind their memory traffic.
    pub multiply_adds: u64,
    /// Multiply-adds that a GPU does: whole tiles, and the zeros between the elements of a stride. A transposed convolution that computes
    /// nothing of a wide border may do fewer than are counted.
    pub padded_multiply_adds: u64,
    /// Bytes of the tensors, each element read or written once; tiles that read an element again find it in a cache.
    pub bytes: u64,
    /// What its invocations execute, where there are multiply-adds.
    pub inner: Inner,
}

/// What an invocation of a product executes.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Inner {
    /// Multiply-adds among its instructions, 0 to 1; more where an instruction does many.
    pub share: f64,
    /// Words that it reads from workgroup memory for a multiply-add.
    pub reads: f64,
    /// Invocations of a workgroup.
    pub invocations: f64,
    /// Multiply-adds that a unit does at most in the time of one by an invocation: more than one by cooperative matrices.
    pub most: f64,
}

/// Invocations that a unit needs to hide what each of them waits for. Fitted to every tile of the products of three steps on an H200: the
/// model's first tile takes 7 to 13 % longer than the best one in the sum, the best of its first four at most 3 % (docs/performance.md).
const ENOUGH: f64 = 576.0;
/// Invocations that a unit holds.
const ROOM: f64 = 1024.0;

impl Default for Inner {
    fn default() -> Self {
        Self { share: 1.0, reads: 0.0, invocations: ENOUGH, most: 1.0 }
    }
}

impl Work {
    /// No arithmetic to speak of: what is read and what is written, twice what is updated.
    pub fn moving(bindings: impl IntoIterator<Item = Binding>) -> Self {
        let bytes = |binding: Binding| match binding.access {
            Access::Read | Access::Write => 4 * binding.len as u64,
            Access::Update => 8 * binding.len as u64,
        };
        Self { bytes: bindings.into_iter().map(bytes).sum(), ..Self::default() }
    }

    /// The same where a binding is a table of which only so many bytes are looked up.
    pub fn looking_up(bindings: Vec<Binding>, table: &str, bytes: u64) -> Self {
        let work = Self::moving(bindings.into_iter().filter(|binding| binding.name != table));
        Self { bytes: work.bytes + bytes, ..work }
    }
}

/// A card as the model sees it.
#[derive(Clone, Copy, Debug)]
pub struct Card {
    /// Name.
    pub name: &'static str,
    /// Compute units (streaming multiprocessors).
    pub units: f64,
    /// Multiply-adds of single precision a second, at the boost clock.
    pub multiply_adds: f64,
    /// Bytes of memory traffic a second.
    pub bytes: f64,
    /// Instructions that a unit can issue for each multiply-add that it can do.
    pub issue: f64,
    /// Words of workgroup memory that a unit can read for each multiply-add that it can do.
    pub reads: f64,
    /// Seconds between two dispatches of which the second waits for the first: assumed.
    pub overhead: f64,
}

/// The card that tiles are chosen for.
pub const RTX_3090: Card = Card {
    name: "RTX 3090",
    units: 82.0,
    multiply_adds: 17.8e12,
    bytes: 936e9,
    issue: 1.0,
    reads: 0.25,
    overhead: 3.5e-6,
};

/// Cards of three generations, by their makers' data sheets.
pub const CARDS: [Card; 3] = [
    Card {
        name: "RTX 2080 Ti",
        units: 68.0,
        multiply_adds: 6.7e12,
        bytes: 616e9,
        issue: 2.0,
        reads: 0.5,
        overhead: 3.5e-6,
    },
    RTX_3090,
    Card { name: "H100", units: 132.0, multiply_adds: 33.5e12, bytes: 3350e9, issue: 1.0, reads: 0.25, overhead: 3e-6 },
];

/// Two cores of a CPU that a software adapter computes with.
const SOFTWARE: Card = Card {
    name: "software adapter",
    units: 2.0,
    multiply_adds: 1.2e9,
    bytes: 2e9,
    issue: 1.0,
    reads: 1.0,
    overhead: 20e-6,
};

/// What a plan is recorded for: where an operation has several forms, they follow it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Machine {
    /// The kernels' twins, which choose for themselves.
    #[default]
    Twins,
    /// A software adapter, whose products are computed by strips.
    Software,
    /// A real GPU.
    Gpu,
}

impl Machine {
    /// Modelled seconds of a kernel, which for twins are those of a GPU.
    pub fn seconds(self, kernel: &dyn AnyKernel) -> f64 {
        let (card, tuning) = match self {
            Self::Software => (SOFTWARE, Tuning::of(Variant::Strip)),
            Self::Twins | Self::Gpu => (RTX_3090, Tuning::default()),
        };
        card.seconds(&kernel.work(&tuning), kernel.launch(&tuning).workgroups)
    }
}

impl Card {
    /// The share of its multiply-adds that a loop can reach.
    pub fn reach(&self, inner: &Inner) -> f64 {
        let issue = inner.share * self.issue;
        let reads = if inner.reads > 0.0 { self.reads / inner.reads } else { f64::INFINITY };
        issue.min(reads).min(inner.most)
    }

    /// Modelled seconds of the multiply-adds of so many workgroups, in rounds over the units.
    pub fn arithmetic(&self, work: &Work, groups: f64) -> f64 {
        let rounds = (groups / self.units).ceil();
        let idle = rounds * self.units / groups;
        let fill = ((rounds * work.inner.invocations).min(ROOM) / ENOUGH).min(1.0);
        work.padded_multiply_adds as f64 * idle / (self.multiply_adds * self.reach(&work.inner) * fill)
    }

    /// Modelled seconds of a dispatch of so many workgroups.
    pub fn seconds(&self, work: &Work, workgroups: [u32; 3]) -> f64 {
        let groups = workgroups.iter().map(|&count| f64::from(count)).product::<f64>().max(1.0);
        let arithmetic = self.arithmetic(work, groups);
        // A unit draws no more than its share of the bandwidth.
        let memory = work.bytes as f64 / (self.bytes * (groups / self.units).min(1.0));
        self.overhead + arithmetic.max(memory)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CARD: Card =
        Card { name: "", units: 10.0, multiply_adds: 1e3, bytes: 1e3, issue: 2.0, reads: 0.5, overhead: 1.0 };

    #[test]
    fn the_longer_of_arithmetic_and_memory_counts() {
        let work = |padded_multiply_adds, bytes| Work { padded_multiply_adds, bytes, ..Work::default() };
        assert_eq!(CARD.seconds(&work(0, 2_000), [10, 1, 1]), 3.0);
        assert_eq!(CARD.seconds(&work(3_000, 2_000), [5, 2, 1]), 4.0);
        assert_eq!(CARD.seconds(&work(0, 2_000), [5, 1, 1]), 5.0, "half of the units draw half of the bandwidth");
        assert_eq!(CARD.seconds(&work(1_100, 0), [11, 1, 1]), 3.0, "the eleventh group takes a second round");
        let small = Work { inner: Inner { invocations: ENOUGH / 4.0, ..Inner::default() }, ..work(1_000, 0) };
        assert_eq!(CARD.seconds(&small, [10, 1, 1]), 5.0, "a quarter of the invocations that hide waiting");
    }

    #[test]
    fn a_loop_is_bounded_by_its_instructions_and_its_reads() {
        assert_eq!(CARD.reach(&Inner::default()), 1.0);
        assert_eq!(CARD.reach(&Inner { share: 0.25, reads: 0.25, ..Inner::default() }), 0.5);
        assert_eq!(CARD.reach(&Inner { share: 0.75, reads: 2.0, ..Inner::default() }), 0.25);
    }

    #[test]
    fn updates_move_twice_and_tables_what_is_looked_up() {
        let bindings = || {
            vec![
                Binding::real("x", Access::Read, 3),
                Binding::uint("table", Access::Read, 1000),
                Binding::real("y", Access::Update, 5),
            ]
        };
        assert_eq!(Work::moving(bindings()).bytes, 4 * (3 + 1000 + 2 * 5));
        assert_eq!(Work::looking_up(bindings(), "table", 7).bytes, 4 * (3 + 2 * 5) + 7);
    }
}
