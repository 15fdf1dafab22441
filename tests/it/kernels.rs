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
use wgpu_simvae::kernels::augment::sample::VIEW_WORDS;
use wgpu_simvae::kernels::common::effects::EFFECT_NUMBERS;
use wgpu_simvae::kernels::common::philox::{philox, unit};
use wgpu_simvae::kernels::linear::matmul::Variant;
use wgpu_simvae::kernels::registry::examples;
use wgpu_simvae::kernels::{Access, AnyKernel, Binding, DType, Tuning};
use wgpu_simvae::plan::{Graph, Layout, Tensor};

/// Elements on either side of a tensor; a multiple of the storage binding alignment of 256 bytes.
const GUARD: usize = 64;
/// Fills the guards of words.
const GUARD_WORD: u32 = 0xdead_beef;

/// Every example kernel, each on tensors of its own.
struct Bench {
    layout: Layout,
    cases: Vec<Case>,
}

struct Case {
    kernel: Arc<dyn AnyKernel>,
    /// The binding, the tensor, and the tensor with its guards.
    tensors: Vec<(Binding, Tensor, Tensor)>,
}

impl Bench {
    fn new() -> Self {
        let mut layout = Layout::default();
        let cases = examples()
            .into_iter()
            .map(|kernel| {
                let tensors = kernel.bindings().into_iter().map(|binding| {
                    let len = binding.len.max(1);
                    let all = layout.add(binding.name, binding.dtype, [len.next_multiple_of(GUARD) + 2 * GUARD]);
                    (binding, all.slice(GUARD, [len]), all)
                });
                Case { tensors: tensors.collect(), kernel }
            })
            .collect();
        Self { layout, cases }
    }

    /// Fills the memory, runs every kernel, checks the guards and returns each kernel's outputs.
    fn run(&self, executor: &mut dyn Executor) -> Vec<Vec<Values>> {
        let mut graph = Graph::new("kernels");
        for case in &self.cases {
            let tensors: Vec<Tensor> = case.tensors.iter().map(|(_, tensor, _)| *tensor).collect();
            graph.push_shared("kernel", case.kernel.clone(), &tensors);
        }
        let plan = executor.load(graph.finish().expect("a valid plan")).expect("the plan loads");
        for (seed, case) in self.cases.iter().enumerate() {
            for (position, (binding, tensor, all)) in case.tensors.iter().enumerate() {
                executor.write(*all, &guards(binding.dtype, all.len())).expect("guards are written");
                let input = input([seed as u32, position as u32], binding, tensor.len());
                executor.write(*tensor, &input).expect("inputs are written");
            }
        }
        executor.run(plan, 1).expect("the plan runs");
        let mut outputs = Vec::new();
        for case in &self.cases {
            let mut written = Vec::new();
            for (binding, tensor, all) in &case.tensors {
                let whole = executor.read(*all).expect("memory is read");
                let intact = |from: usize, to: usize| match &whole {
                    Values::U32(x) => x[from..to].iter().all(|&x| x == GUARD_WORD),
                    Values::F32(x) => x[from..to].iter().all(|x| x.is_nan()),
                    Values::F64(x) => x[from..to].iter().all(|x| x.is_nan()),
                };
                let end = GUARD + tensor.len();
                assert!(
                    intact(0, GUARD) && intact(end, all.len()),
                    "{:?} wrote around `{}`",
                    case.kernel,
                    binding.name
                );
                if binding.access != Access::Read {
                    written.push(executor.read(*tensor).expect("outputs are read"));
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

/// Random content that makes sense for the binding of this name.
fn input(seed: [u32; 2], binding: &Binding, len: usize) -> Values {
    let word = |i: usize| philox(seed, [i as u32, 0, 0, 0])[0];
    if binding.access == Access::Write {
        return guards(binding.dtype, len);
    }
    match (binding.dtype, binding.name) {
        (DType::Real, "rates") => Values::F32(vec![1e-2, 1.3, 2.7, 0.0]),
        // A second moment or a variance is not negative.
        (DType::Real, "second" | "running_var") => Values::F32((0..len).map(|i| unit(word(i)) as f32 + 1e-3).collect()),
        // Pixels, and products on whose diagonal variances lie.
        (DType::Real, "targets" | "products" | "images" | "sharp") => {
            Values::F32((0..len).map(|i| unit(word(i)) as f32).collect())
        }
        // Factors, an order, and the flags and the sigma of effects.
        (DType::Real, "effects") => Values::F32(
            (0..len / EFFECT_NUMBERS)
                .flat_map(|row| {
                    let draw = |place| philox(seed, [row as u32, place, 0, 0]);
                    let [brightness, contrast, saturation, turn] = draw(0).map(|word| unit(word) as f32);
                    let [order, grey, blurs, solarises] = draw(1);
                    let order = [0b11_10_01_00, 0b01_00_11_10, 0b10_11_00_01, 0b01_10_11_00][order as usize % 4];
                    let (grey, solarises) = ((grey % 2) as f32, (solarises % 2) as f32);
                    let sigma = (blurs % 3) as f32 * 0.7;
                    let factors = [2.0 * brightness, 2.0 * contrast, 2.0 * saturation, turn - 0.5];
                    factors.into_iter().chain([order as f32, grey, sigma, solarises])
                })
                .collect(),
        ),
        (DType::Real, _) => Values::F32((0..len).map(|i| 4.0 * unit(word(i)) as f32 - 2.0).collect()),
        (DType::Uint, "clock") => Values::U32(vec![7, 3, 5, 3, 1, 0x1234_5678, 0x9abc_def0, 0]),
        // Classes that every example has.
        (DType::Uint, "labels") => Values::U32((0..len).map(|i| word(i) % 3).collect()),
        // Taps of a window of four.
        (DType::Uint, "taps") => Values::U32((0..len).map(|i| word(i) % 4).collect()),
        // Crops that fit the smallest picture of the examples, six or more images.
        (DType::Uint, "views") => Values::U32(
            (0..len / VIEW_WORDS)
                .flat_map(|row| {
                    let [a, b, c, d] = philox(seed, [row as u32, 1, 0, 0]);
                    [a % 6, b % 2, c % 2, 1 + b / 2 % 2, 1, d % 4, a / 6 % 5, d / 4 % 3]
                })
                .collect(),
        ),
        (DType::Uint, _) => Values::U32((0..len).map(word).collect()),
    }
}

fn assert_agree(bench: &Bench, got: &[Vec<Values>], want: &[Vec<Values>], tolerance: f64, bytes_may_differ_by: u8) {
    for ((case, got), want) in bench.cases.iter().zip(got).zip(want) {
        for (index, (got, want)) in got.iter().zip(want).enumerate() {
            match (got, want) {
                (Values::U32(got), Values::U32(want)) if format!("{:?}", case.kernel).starts_with("Sprites") => {
                    let bytes = |words: &[u32]| words.iter().flat_map(|w| w.to_le_bytes()).collect::<Vec<u8>>();
                    let worst = bytes(got).iter().zip(bytes(want)).map(|(g, w)| g.abs_diff(w)).max();
                    assert!(worst <= Some(bytes_may_differ_by), "{:?}: bytes differ by {worst:?}", case.kernel);
                }
                (Values::U32(_), Values::U32(_)) => assert_eq!(got, want, "{:?}, output {index}", case.kernel),
                _ => {
                    let error = relative_error(&got.to_f64(), &want.to_f64());
                    assert!(error <= tolerance, "{:?}, output {index}: relative error {error:e}", case.kernel);
                }
            }
        }
    }
}

#[test]
fn single_precision_twins_agree_with_double_precision() {
    let bench = Bench::new();
    let want = bench.run(&mut CpuExecutor::<f64>::new(&bench.layout).expect("enough memory"));
    let got = bench.run(&mut CpuExecutor::<f32>::new(&bench.layout).expect("enough memory"));
    assert_agree(&bench, &got, &want, 2e-6, 1);
}

#[test]
fn shaders_agree_with_double_precision_twins() {
    let Some(adapter) = adapter() else { return };
    let bench = Bench::new();
    let want = bench.run(&mut CpuExecutor::<f64>::new(&bench.layout).expect("enough memory"));
    for matmul in [Variant::Tile, Variant::Strip] {
        for bounds_checks in [false, true] {
            let options = GpuOptions { tuning: Tuning { matmul }, bounds_checks };
            let mut gpu = GpuExecutor::new(&adapter, &bench.layout, options).expect("the adapter opens");
            assert_agree(&bench, &bench.run(&mut gpu), &want, 5e-6, 1);
        }
    }
}
