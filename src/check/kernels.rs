//! Every kernel against its f64 twin, at awkward sizes.
//!
//! Each tensor lies between guard zones of NaN. A kernel that reads outside its bindings computes NaN, one that writes outside changes a
//! guard: so this also shows that shaders may run without bounds checks.

use super::golden::Worst;
use super::packed::packed;
use super::relative_error;
use super::table::{Outcome, Row};
use crate::device::{DeviceError, Executor, Values};
use crate::kernels::common::view;
use crate::kernels::{Access, AnyKernel, Binding, Content, DType, Domain, Tuning};
use crate::plan::{Graph, Layout, Plan, PlanError, Tensor};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Relative error of what a shader writes.
pub const SHADER_TOLERANCE: f64 = 5e-6;
/// Elements on either side of a tensor; a multiple of the storage binding alignment of 256 bytes.
const GUARD: usize = 64;
/// Fills the guards of words.
const GUARD_WORD: u32 = 0xdead_beef;

/// Kernels, each on tensors of its own.
#[derive(Debug)]
pub struct KernelCases {
    /// The memory of all tensors.
    pub layout: Layout,
    cases: Vec<Case>,
}

#[derive(Debug)]
struct Case {
    kernel: Arc<dyn AnyKernel>,
    tensors: Vec<Bound>,
}

#[derive(Debug)]
struct Bound {
    binding: Binding,
    /// What is bound: perhaps more than the kernel needs.
    tensor: Tensor,
    /// The part that the kernel touches.
    used: Tensor,
    /// The tensor between its guards.
    all: Tensor,
}

/// What a kernel left.
#[derive(Clone, Debug, PartialEq)]
pub struct Left {
    /// What is in the tensors that it writes, in the order of its bindings.
    pub written: Vec<Values>,
    /// The tensor around which it wrote as well.
    pub strayed: Option<&'static str>,
}

impl KernelCases {
    /// Binds tensors with so many elements more than each kernel needs.
    pub fn new(kernels: Vec<Arc<dyn AnyKernel>>, spare: usize) -> Self {
        let bindings: Vec<Vec<Binding>> = kernels.iter().map(|kernel| kernel.bindings()).collect();
        let len = |binding: &Binding| binding.len.max(1) + spare;
        let whole = |binding: &Binding| (binding.dtype, len(binding).next_multiple_of(GUARD) + 2 * GUARD);
        let sizes: Vec<Vec<_>> = bindings.iter().map(|of| of.iter().map(whole).collect()).collect();
        let mut layout = Layout::default();
        let all = packed(&mut layout, &sizes);
        let bound = |(binding, all): (Binding, Tensor)| {
            let [tensor, used] = [len(&binding), binding.len].map(|len| all.slice(GUARD, [len]));
            Bound { binding, tensor, used, all }
        };
        let tensors = bindings.into_iter().zip(all).map(|(of, all)| of.into_iter().zip(all).map(bound).collect());
        let cases = kernels.into_iter().zip(tensors).map(|(kernel, tensors)| Case { kernel, tensors }).collect();
        Self { layout, cases }
    }

    /// How many kernels there are.
    pub fn len(&self) -> usize {
        self.cases.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.cases.is_empty()
    }

    /// A plan that runs some of the kernels.
    ///
    /// # Errors
    /// When a kernel's bindings are not what its graph can hold.
    pub fn plan(&self, some: impl IntoIterator<Item = usize>) -> Result<Plan, PlanError> {
        let mut graph = Graph::new("kernels");
        for Case { kernel, tensors } in some.into_iter().map(|case| &self.cases[case]) {
            let tensors: Vec<Tensor> = tensors.iter().map(|bound| bound.tensor).collect();
            graph.push_shared("kernel", kernel.clone(), &tensors);
        }
        graph.finish()
    }

    /// The kernels of each shader file, by its name.
    pub fn families(&self) -> BTreeMap<String, Vec<usize>> {
        let mut families: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (at, case) in self.cases.iter().enumerate() {
            let name = case.kernel.launch(&Tuning::ALL[0]).shader.name;
            // Where a test makes a shader anew, its name holds the constants.
            let file = name.split('.').next().unwrap_or_default();
            families.entry(file.to_owned()).or_default().push(at);
        }
        families
    }

    /// Fills the memory: guards, and inputs that make sense.
    ///
    /// # Errors
    /// Those of `write`.
    pub fn fill(&self, write: &mut dyn FnMut(Tensor, &Values) -> Result<(), DeviceError>) -> Result<(), DeviceError> {
        for (seed, case) in self.cases.iter().enumerate() {
            for (position, Bound { binding, used, all, .. }) in case.tensors.iter().enumerate() {
                write(*all, &guards(binding.dtype, all.len()))?;
                // What is written whole, or has no elements, holds nothing but guards.
                if binding.access != Access::Write && binding.len > 0 {
                    let input = match binding.example([seed as u32, position as u32]) {
                        Content::Reals(x) => Values::F32(x),
                        Content::Words(x) => Values::U32(x),
                    };
                    write(*used, &input)?;
                }
            }
        }
        Ok(())
    }

    /// What each kernel left in the memory.
    ///
    /// # Errors
    /// Those of `read`.
    pub fn left(&self, read: &mut dyn FnMut(Tensor) -> Result<Values, DeviceError>) -> Result<Vec<Left>, DeviceError> {
        let of = |case: &Case| {
            let mut left = Left { written: Vec::new(), strayed: None };
            for Bound { binding, used, all, .. } in &case.tensors {
                let whole = read(*all)?;
                let end = GUARD + used.len();
                if !(intact(&whole, 0, GUARD) && intact(&whole, end, all.len())) {
                    left.strayed.get_or_insert(binding.name);
                }
                if binding.access != Access::Read {
                    left.written.push(part(&whole, GUARD, end));
                }
            }
            Ok(left)
        };
        self.cases.iter().map(of).collect()
    }

    /// Fills an executor's memory, runs every kernel, and reads what each left.
    ///
    /// # Errors
    /// When the executor fails.
    pub fn run(&self, executor: &mut dyn Executor) -> Result<Vec<Left>, DeviceError> {
        let plan = executor.load(self.plan(0..self.len())?)?;
        self.fill(&mut |tensor, values| executor.write(tensor, values))?;
        executor.run(plan, 1)?;
        self.left(&mut |tensor| executor.read(tensor))
    }

    /// What the kernels left on a target beside what their twins left: a row for each shader file.
    pub fn compare(&self, target: &str, tolerance: f64, got: &[Left], want: &[Left]) -> Vec<Row> {
        let row = |(case, kernels): (String, Vec<usize>)| {
            let mut worst = Worst::default();
            for at in kernels {
                self.cases[at].note(&got[at], &want[at], &mut worst);
            }
            let (tensor, worst) = worst.into_pair();
            let outcome =
                Outcome::Compared { loss: 0.0, loss_tolerance: 0.0, tensor, tensor_tolerance: tolerance, worst };
            Row { case, target: target.to_owned(), outcome }
        };
        self.families().into_iter().map(row).collect()
    }
}

impl Case {
    fn note(&self, got: &Left, want: &Left, worst: &mut Worst) {
        if let Some(strayed) = got.strayed.or(want.strayed) {
            worst.note(&format!("{:?} wrote around `{strayed}`", self.kernel), f64::INFINITY);
        }
        let written = self.tensors.iter().map(|bound| bound.binding).filter(|binding| binding.access != Access::Read);
        for (binding, (got, want)) in written.zip(got.written.iter().zip(&want.written)) {
            worst.note(&format!("`{}` of {:?}", binding.name, self.kernel), difference(&binding, got, want));
        }
    }
}

/// How far apart two tensors are. Words are the same or not.
fn difference(binding: &Binding, got: &Values, want: &Values) -> f64 {
    let same = match (got, want) {
        (Values::U32(got), Values::U32(want)) if matches!(binding.domain, Domain::Bytes) => {
            // Devices may round a byte to either side.
            let bytes = |words: &[u32]| words.iter().flat_map(|word| word.to_le_bytes()).collect::<Vec<u8>>();
            got.len() == want.len() && bytes(got).iter().zip(bytes(want)).all(|(got, want)| got.abs_diff(want) <= 1)
        }
        (Values::U32(got), Values::U32(want)) if binding.name == "views" => views_agree(got, want),
        (Values::U32(got), Values::U32(want)) => got == want,
        _ => return relative_error(&got.to_f64(), &want.to_f64()),
    };
    if same { 0.0 } else { f64::INFINITY }
}

/// Image, flips, epoch and number of a view are drawn in integers, the same everywhere. The size of a crop is a rounded root of a rounded
/// exponential, whose last bit differs among devices: that moves one crop in ten thousand or so. One row of an example may.
fn views_agree(got: &[u32], want: &[u32]) -> bool {
    const CROP: std::ops::RangeInclusive<usize> = view::LEFT..=view::HEIGHT;
    let rows = || got.chunks_exact(view::VIEW_WORDS).zip(want.chunks_exact(view::VIEW_WORDS));
    let others = |words: &[u32]| [&words[..view::LEFT], &words[view::HEIGHT + 1..]].concat();
    got.len() == want.len()
        && rows().all(|(got, want)| others(got) == others(want))
        && rows().filter(|(got, want)| got[CROP] != want[CROP]).count() <= 1
}

fn guards(dtype: DType, len: usize) -> Values {
    match dtype {
        DType::Real => Values::F32(vec![f32::NAN; len]),
        DType::Uint => Values::U32(vec![GUARD_WORD; len]),
    }
}

/// Whether a stretch still holds nothing but guards.
fn intact(whole: &Values, from: usize, to: usize) -> bool {
    match whole {
        Values::U32(x) => x[from..to].iter().all(|&x| x == GUARD_WORD),
        Values::F32(x) => x[from..to].iter().all(|x| x.is_nan()),
        Values::F64(x) => x[from..to].iter().all(|x| x.is_nan()),
    }
}

fn part(whole: &Values, from: usize, to: usize) -> Values {
    match whole {
        Values::U32(x) => Values::U32(x[from..to].to_vec()),
        Values::F32(x) => Values::F32(x[from..to].to_vec()),
        Values::F64(x) => Values::F64(x[from..to].to_vec()),
    }
}
