//! Executors: what runs a plan. [`gpu`] dispatches the WGSL kernels, [`cpu`] calls their twins.

mod choose;
pub mod cpu;
pub mod gpu;
pub mod group;
mod plans;
mod timeline;

pub use choose::{Device, DeviceRequest, choose, reference};
pub use timeline::{Stopwatch, Timeline};

use crate::plan::{Layout, Plan, PlanError, PlanId, Tensor};
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};

/// What a device refused or lost.
#[derive(Debug, thiserror::Error)]
pub enum DeviceError {
    /// No adapter of the wanted kind.
    #[error("{wanted}: no such device. {hint}")]
    NoAdapter {
        /// What was asked for.
        wanted: String,
        /// What there is instead, and what to do.
        hint: String,
    },
    /// No adapter of this name or number.
    #[error("{wanted}: no such device. {hint}")]
    UnknownName {
        /// What was asked for.
        wanted: String,
        /// What there is instead, and what to do.
        hint: String,
    },
    /// More memory than the adapter offers.
    #[error(
        "{what} needs {needed} bytes, {device} offers {available}: use a smaller batch or model, or another device"
    )]
    TooLarge {
        /// What does not fit.
        what: String,
        /// The device.
        device: String,
        /// Bytes needed.
        needed: u64,
        /// Bytes available.
        available: u64,
    },
    /// A training step that is too large, where a smaller one or one in parts is not.
    #[error("{refused}. {advice}")]
    StepTooLarge {
        /// What does not fit.
        refused: Box<DeviceError>,
        /// What would.
        advice: String,
    },
    /// Another member of the group that computes a step together has failed.
    #[error("another device of this run cannot go on: {message}")]
    Group {
        /// Who, and why.
        message: String,
    },
    /// A single dispatch that a driver may take for a hang.
    #[error(
        "`{what}` would take {seconds:.1} s on an {card}, by the cost model, and {device} may be slower: drivers take a card away after two \
         to ten seconds. Use a smaller batch or model"
    )]
    TooLong {
        /// The dispatch.
        what: String,
        /// The device.
        device: String,
        /// The slowest card that the cost model knows.
        card: &'static str,
        /// Seconds on that.
        seconds: f64,
    },
    /// A model puts out NaN or infinity.
    #[error(
        "the {what} of image {row} is {value} (number {column}): the model has diverged. Look at an earlier checkpoint with --checkpoint STEP, or \
         train anew with a lower optim.lr"
    )]
    NotFinite {
        /// What it puts out.
        what: &'static str,
        /// The image, from 0.
        row: usize,
        /// The number of the row, from 0.
        column: usize,
        /// Its value.
        value: f32,
    },
    /// The adapter reported an error or was lost.
    #[error("{device}: {message}")]
    Failed {
        /// The device.
        device: String,
        /// What the driver said.
        message: String,
    },
    /// A tensor belongs to a plan that this executor did not load, or the data does not fit it.
    #[error("tensor {shape}: {problem}")]
    BadTensor {
        /// The tensor's shape.
        shape: String,
        /// What is wrong.
        problem: String,
    },
    /// Data that do not fit together: kernels would read outside of them.
    #[error("{0}")]
    Data(String),
    /// A shader is not what its kernel declares.
    #[error(transparent)]
    Shader(#[from] gpu::ShaderError),
    /// The plan itself is wrong.
    #[error(transparent)]
    Plan(#[from] PlanError),
}

impl DeviceError {
    /// Whether the call was wrong, rather than something that failed.
    pub fn is_usage(&self) -> bool {
        matches!(self, Self::UnknownName { .. })
    }

    /// What is wrong with a tensor.
    pub(crate) fn bad(tensor: Tensor, problem: impl Into<String>) -> Self {
        Self::BadTensor { shape: format!("{:?}", tensor.shape), problem: problem.into() }
    }
}

/// Stands for a copy of a tensor that was asked for: only who asked gets it, once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticket(u64);

impl Ticket {
    fn unique() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

/// Bytes as little-endian words, the last filled up with zeros.
pub(crate) fn words_of(bytes: &[u8]) -> Vec<u32> {
    let word = |chunk: &[u8]| {
        let mut four = [0; 4];
        four[..chunk.len()].copy_from_slice(chunk);
        u32::from_le_bytes(four)
    };
    bytes.chunks(4).map(word).collect()
}

/// Numbers on the host, in the precision of the executor that they come from.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    /// Single precision.
    F32(Vec<f32>),
    /// Double precision.
    F64(Vec<f64>),
    /// Words.
    U32(Vec<u32>),
}

impl Values {
    /// As single precision numbers.
    pub fn to_f32(&self) -> Vec<f32> {
        match self {
            Values::F32(x) => x.clone(),
            Values::F64(x) => x.iter().map(|&x| x as f32).collect(),
            Values::U32(x) => x.iter().map(|&x| x as f32).collect(),
        }
    }

    /// [`Values::to_f32`], without a copy of what is in single precision already.
    pub fn into_f32(self) -> Vec<f32> {
        match self {
            Values::F32(x) => x,
            others => others.to_f32(),
        }
    }

    /// As double precision numbers.
    pub fn to_f64(&self) -> Vec<f64> {
        match self {
            Values::F32(x) => x.iter().map(|&x| f64::from(x)).collect(),
            Values::F64(x) => x.clone(),
            Values::U32(x) => x.iter().map(|&x| f64::from(x)).collect(),
        }
    }

    /// The words; empty where these are real numbers.
    pub fn words(&self) -> &[u32] {
        match self {
            Values::U32(x) => x,
            _ => &[],
        }
    }

    /// Number of elements.
    pub fn len(&self) -> usize {
        match self {
            Values::F32(x) => x.len(),
            Values::F64(x) => x.len(),
            Values::U32(x) => x.len(),
        }
    }

    /// Whether there is no element.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Runs plans over the memory of one [`Layout`].
pub trait Executor {
    /// The device in words.
    fn device(&self) -> &str;

    /// The persistent memory that this executor was made for.
    fn layout(&self) -> &Layout;

    /// Prepares a plan: allocates its arena and compiles its kernels.
    fn load(&mut self, plan: Plan) -> Result<PlanId, DeviceError>;

    /// Bytes that are allocated on the device now by the driver's books, where it keeps any.
    fn allocated_bytes(&self) -> Option<u64> {
        None
    }

    /// A plan that was loaded.
    fn plan(&self, id: PlanId) -> Result<&Plan, DeviceError>;

    /// Forgets a plan and frees its arena.
    fn unload(&mut self, id: PlanId);

    /// Replays a plan `times` times. A GPU executor queues the work and returns before it is done.
    fn run(&mut self, id: PlanId, times: u32) -> Result<(), DeviceError>;

    /// Runs a stretch of a plan's dispatches once: how the gradient checks look at every buffer of a step.
    fn run_part(&mut self, id: PlanId, dispatches: Range<usize>) -> Result<(), DeviceError>;

    /// Runs a plan once and says when each of its dispatches ran: slower than [`Executor::run`], and waited for.
    fn timeline(&mut self, id: PlanId) -> Result<Timeline, DeviceError> {
        timeline::by_the_host(self, id, |_| Ok(()))
    }

    /// Writes a tensor, after all work queued before and ahead of all work queued later.
    fn write(&mut self, tensor: Tensor, values: &Values) -> Result<(), DeviceError>;

    /// Reads a tensor: waits for all work queued before.
    fn read(&mut self, tensor: Tensor) -> Result<Values, DeviceError>;

    /// Asks for a copy of a tensor as it is after all work queued before, without waiting. It arrives from [`Executor::arrived`].
    fn request(&mut self, tensor: Tensor) -> Result<Ticket, DeviceError>;

    /// The copy that was asked for, if it has come; waits for it when `wait` is set or too many are on their way. An error where it was
    /// not asked for on this executor, or has been taken.
    fn arrived(&mut self, ticket: Ticket, wait: bool) -> Result<Option<Values>, DeviceError>;
}
