//! Every kernel against its f64 twin, in f32 on the CPU and as WGSL on an adapter, at awkward sizes.
//!
//! Each tensor lies between guard zones of NaN. A kernel that reads outside its bindings computes NaN, one that writes
//! outside changes a guard: so the tests also show that shaders may run without bounds checks.

use crate::common::adapter;
use std::sync::Arc;
use wgpu_simvae::check::relative_error;
use wgpu_simvae::device::cpu::CpuExecutor;
use wgpu_simvae::device::gpu::{GpuExecutor, GpuOptions};
use wgpu_simvae::device::{Executor, Values};
use wgpu_simvae::kernels::common::view;
use wgpu_simvae::kernels::conv::ConvEpilogue;
use wgpu_simvae::kernels::conv::correlate::Correlate;
use wgpu_simvae::kernels::conv::transposed::Transposed;
use wgpu_simvae::kernels::conv::weight_gradient::WeightGradient;
use wgpu_simvae::kernels::linear::gradients::Gradients;
use wgpu_simvae::kernels::linear::matmul::{Epilogue, Form, Matmul};
use wgpu_simvae::kernels::product::Variant;
use wgpu_simvae::kernels::registry::examples;
use wgpu_simvae::kernels::{Access, AnyKernel, Binding, Content, DType, Domain, Kernel, Tuning};
use wgpu_simvae::plan::{Graph, Layout, Tensor};

/// Elements on either side of a tensor; a multiple of the storage binding alignment of 256 bytes.
const GUARD: usize = 64;
/// Fills the guards of words.
const GUARD_WORD: u32 = 0xdead_beef;

/// Every example kernel, each on tensors of its own.
pub struct Bench {
    pub layout: Layout,
    cases: Vec<Case>,
}

pub struct Case {
    kernel: Arc<dyn AnyKernel>,
    tensors: Vec<Bound>,
}

pub struct Bound {
    binding: Binding,
    /// What is bound: perhaps more than the kernel needs.
    tensor: Tensor,
    /// The part that the kernel touches.
    used: Tensor,
    /// The tensor between its guards.
    all: Tensor,
}

impl Bench {
    /// Binds tensors with so many elements more than each kernel needs.
    fn new(spare: usize) -> Self {
        Self::of(examples(), spare)
    }

    pub fn of(kernels: Vec<Arc<dyn AnyKernel>>, spare: usize) -> Self {
        let mut layout = Layout::default();
        let cases = kernels
            .into_iter()
            .map(|kernel| {
                let tensors = kernel.bindings().into_iter().map(|binding| {
                    let len = binding.len.max(1) + spare;
                    let all = layout.add(binding.name, binding.dtype, [len.next_multiple_of(GUARD) + 2 * GUARD]);
                    let [tensor, used] = [len, binding.len].map(|len| all.slice(GUARD, [len]));
                    Bound { binding, tensor, used, all }
                });
                Case { tensors: tensors.collect(), kernel }
            })
            .collect();
        Self { layout, cases }
    }

    /// Fills the memory, runs every kernel, checks the guards and returns each kernel's outputs.
    pub fn run(&self, executor: &mut dyn Executor) -> Vec<Vec<Values>> {
        let mut graph = Graph::new("kernels");
        for case in &self.cases {
            let tensors: Vec<Tensor> = case.tensors.iter().map(|bound| bound.tensor).collect();
            graph.push_shared("kernel", case.kernel.clone(), &tensors);
        }
        let plan = executor.load(graph.finish().expect("a valid plan")).expect("the plan loads");
        for (seed, case) in self.cases.iter().enumerate() {
            for (position, Bound { binding, used, all, .. }) in case.tensors.iter().enumerate() {
                executor.write(*all, &guards(binding.dtype, all.len())).expect("guards are written");
                // What is written whole, or has no elements, holds nothing but guards.
                if binding.access != Access::Write && binding.len > 0 {
                    let input = match binding.example([seed as u32, position as u32]) {
                        Content::Reals(x) => Values::F32(x),
                        Content::Words(x) => Values::U32(x),
                    };
                    executor.write(*used, &input).expect("inputs are written");
                }
            }
        }
        executor.run(plan, 1).expect("the plan runs");
        let mut outputs = Vec::new();
        for case in &self.cases {
            let mut written = Vec::new();
            for Bound { binding, used, all, .. } in &case.tensors {
                let whole = executor.read(*all).expect("memory is read");
                let intact = |from: usize, to: usize| match &whole {
                    Values::U32(x) => x[from..to].iter().all(|&x| x == GUARD_WORD),
                    Values::F32(x) => x[from..to].iter().all(|x| x.is_nan()),
                    Values::F64(x) => x[from..to].iter().all(|x| x.is_nan()),
                };
                let end = GUARD + used.len();
                assert!(
                    intact(0, GUARD) && intact(end, all.len()),
                    "{:?} wrote around `{}`",
                    case.kernel,
                    binding.name
                );
                if binding.access != Access::Read {
                    written.push(executor.read(*used).expect("outputs are read"));
                }
            }
            outputs.push(written);
        }
        outputs
    }
}

fn guards(dtype: DType, len: usize) -> Values {
    match dtype {
        DType::Real => Values::F32(vec![f32::NAN; len]),
        DType::Uint => Values::U32(vec![GUARD_WORD; len]),
    }
}

pub fn assert_agree(bench: &Bench, got: &[Vec<Values>], want: &[Vec<Values>], tolerance: f64) {
    for ((case, got), want) in bench.cases.iter().zip(got).zip(want) {
        let written = case.tensors.iter().map(|bound| bound.binding).filter(|binding| binding.access != Access::Read);
        for ((binding, got), want) in written.zip(got).zip(want) {
            let place = || format!("{:?}, `{}`", case.kernel, binding.name);
            match (got, want) {
                (Values::U32(got), Values::U32(want)) if matches!(binding.domain, Domain::Bytes) => {
                    let bytes = |words: &[u32]| words.iter().flat_map(|w| w.to_le_bytes()).collect::<Vec<u8>>();
                    let worst = bytes(got).iter().zip(bytes(want)).map(|(g, w)| g.abs_diff(w)).max();
                    assert!(worst <= Some(1), "{}: bytes differ by {worst:?}", place());
                }
                (Values::U32(got), Values::U32(want)) if binding.name == "views" => {
                    assert_views_agree(got, want, &place());
                }
                (Values::U32(_), Values::U32(_)) => assert_eq!(got, want, "{}", place()),
                _ => {
                    let error = relative_error(&got.to_f64(), &want.to_f64());
                    assert!(error <= tolerance, "{}: relative error {error:e}", place());
                }
            }
        }
    }
}

/// Image, flips, epoch and number of a view are drawn in integers, the same everywhere. The size of a crop is a rounded root of a rounded
/// exponential, whose last bit differs among devices: that moves one crop in ten thousand or so. One row of an example may.
fn assert_views_agree(got: &[u32], want: &[u32], place: &str) {
    const CROP: std::ops::RangeInclusive<usize> = view::LEFT..=view::HEIGHT;
    let rows = got.chunks_exact(view::VIEW_WORDS).zip(want.chunks_exact(view::VIEW_WORDS));
    let mut moved = 0;
    for (row, (got, want)) in rows.enumerate() {
        let others = |words: &[u32]| [&words[..view::LEFT], &words[view::HEIGHT + 1..]].concat();
        assert_eq!(others(got), others(want), "{place}: row {row}");
        moved += usize::from(got[CROP] != want[CROP]);
    }
    assert!(moved <= 1, "{place}: {moved} crops differ");
}

#[test]
fn single_precision_twins_agree_with_double_precision() {
    let bench = Bench::new(0);
    let want = bench.run(&mut CpuExecutor::<f64>::new(&bench.layout).expect("enough memory"));
    let got = bench.run(&mut CpuExecutor::<f32>::new(&bench.layout).expect("enough memory"));
    assert_agree(&bench, &got, &want, 2e-6);
}

/// What is bound may be larger than the kernel needs: the rest is left alone.
#[test]
fn twins_touch_no_more_than_their_bindings_say() {
    let [want, got] = [0, 150].map(|spare| {
        let bench = Bench::new(spare);
        bench.run(&mut CpuExecutor::<f32>::new(&bench.layout).expect("enough memory"))
    });
    assert!(got == want, "results depend on elements that the binding does not name");
}

#[test]
fn shaders_agree_with_double_precision_twins() {
    let Some(adapter) = adapter() else { return };
    let bench = Bench::new(0);
    let want = bench.run(&mut CpuExecutor::<f64>::new(&bench.layout).expect("enough memory"));
    for tuning in [Variant::Tile, Variant::Strip].map(Tuning::of) {
        for bounds_checks in [false, true] {
            let options = GpuOptions { tuning: tuning.clone(), bounds_checks, ..GpuOptions::default() };
            let mut gpu = GpuExecutor::new(&adapter, &bench.layout, options).expect("the adapter opens");
            assert_agree(&bench, &bench.run(&mut gpu), &want, 5e-6);
        }
    }
}

/// Products in every form, each with one end: a tile does not touch the others.
pub fn products() -> Vec<Arc<dyn AnyKernel>> {
    fn shared<K: Kernel>(kernels: Vec<K>, keep: fn(&K) -> bool) -> impl Iterator<Item = Arc<dyn AnyKernel>> {
        kernels.into_iter().filter(keep).map(|kernel| Arc::new(kernel) as _)
    }
    let matmuls = shared(Matmul::examples(), |product| product.epilogue == Epilogue::Accumulate);
    let linear = shared(Gradients::examples(), |_| true);
    let correlations = shared(Correlate::examples(), |c| c.shape.kernel == 3 && c.epilogue == ConvEpilogue::Bias);
    let transposed = shared(Transposed::examples(), |c| c.shape.kernel == 3 && c.epilogue == ConvEpilogue::Bias);
    let gradients = shared(WeightGradient::examples(), |c| c.shape.kernel == 3);
    // More tiles across than a grid is wide, where a tile is 16 columns wide.
    let wide = Matmul { form: Form::Nn, m: 1, n: 65_535 * 16 + 5, k: 2, epilogue: Epilogue::Accumulate };
    matmuls.chain(linear).chain([Arc::new(wide) as _]).chain(correlations).chain(transposed).chain(gradients).collect()
}
