//! The functions of `shaders/common/math.wgsl` on an adapter, against double precision over their whole range.

use crate::common::adapter;
use encase::ShaderType;
use wgpu_simvae::device::gpu::{GpuExecutor, GpuOptions};
use wgpu_simvae::device::{Executor, Values};
use wgpu_simvae::kernels::common::math;
use wgpu_simvae::kernels::{Access, Args, Binding, Kernel, Launch, Shader, Tuning};
use wgpu_simvae::math::Real;
use wgpu_simvae::plan::{Graph, Layout};

/// Half the distance from 1 to the next number: what one rounding may change, relatively.
const ROUNDING: f64 = 1.0 / (1u64 << 24) as f64;

/// Applies a function of the shared WGSL to every element.
#[derive(Debug)]
struct Apply {
    log1p: bool,
    count: usize,
}

#[derive(ShaderType)]
struct Params {
    count: u32,
}

const WGSL: &str = "
struct Params { count: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    for (var i = id.x; i < params.count; i += groups.x * 64u) {
        if (LOG1P == 1u) {
            y[i] = log1p(x[i]);
        } else {
            y[i] = softplus(x[i]);
        }
    }
}";

impl Kernel for Apply {
    type Params = Params;

    fn bindings(&self) -> Vec<Binding> {
        vec![Binding::real("x", Access::Read, self.count), Binding::real("y", Access::Write, self.count)]
    }

    fn params(&self) -> Params {
        Params { count: self.count as u32 }
    }

    fn launch(&self, _tuning: &Tuning) -> Launch {
        let shader = Shader::new("apply", WGSL).with(math::WGSL).constant("LOG1P", self.log1p);
        Launch::elementwise(shader, self.count)
    }

    fn twin<T: Real>(&self, mut args: Args<'_, T>) {
        let (x, y) = (args.real(0), args.real_mut(1));
        for (y, &x) in y.iter_mut().zip(x) {
            *y = if self.log1p { T::of(x.f64().ln_1p()) } else { x.softplus() };
        }
    }
}

/// Every 4999th number of single precision up to a limit, and the ends.
fn sweep(limit: f32) -> Vec<f32> {
    (0..=limit.to_bits()).step_by(4999).map(f32::from_bits).chain([limit]).collect()
}

/// The kernel's results on an adapter.
fn apply(executor: &mut GpuExecutor, log1p: bool, x: &[f32]) -> Vec<f32> {
    let mut graph = Graph::new("functions");
    let (input, output) = (graph.input("x", [x.len()]), graph.tensor("y", [x.len()]));
    graph.push("apply", Apply { log1p, count: x.len() }, &[input, output]);
    graph.keep(output);
    let plan = executor.load(graph.finish().expect("a plan")).expect("it loads");
    executor.write(input, &Values::F32(x.to_vec())).expect("an input");
    executor.run(plan, 1).expect("it runs");
    executor.read(output).expect("a result").to_f32()
}

/// The bound follows from what WGSL promises, not from what an adapter gives: a division is good to 2.5 units in the last place (5
/// roundings), `exp(x)` to 3 + 2 |x| units; sums and products round once.
///
/// ln(1 + e): `s` is off by 6 roundings (2 + e, the division), `z` by 13, `series z` by 17 (Horner's last steps weigh at most 3), `s (...)`
/// by 25. Its share of the result is largest at e = 1: 0.193 of 0.693, beside 0.5 for half the square and 0.307 for the inner difference.
/// (0.193 * 25 + 0.5 + 0.307 + 0.693) / 0.693 < 10 roundings. What the series leaves out is below 2 s^19 / 19 / (1 - s^2) < 2e-10.
#[test]
fn logarithms_near_one_are_exact_to_rounding() {
    let Some(adapter) = adapter() else { return };
    let mut gpu = GpuExecutor::new(&adapter, &Layout::default(), GpuOptions::default()).expect("the adapter opens");
    let log1p_bound = 10.0 * ROUNDING + 2e-10;

    let e: Vec<f32> = sweep(1.0).into_iter().filter(|e| *e >= f32::MIN_POSITIVE).collect();
    for (&e, got) in e.iter().zip(apply(&mut gpu, true, &e)) {
        let want = f64::from(e).ln_1p();
        let error = (f64::from(got) - want).abs() / want;
        assert!(error <= log1p_bound, "ln(1 + {e:e}) is {got:e}, off by {error:e} of it");
    }

    // ln(1 + e^x): a relative error of e^x is at most as large in the result; the sum with max(x, 0) rounds once more.
    let x: Vec<f32> = sweep(f32::MAX).into_iter().flat_map(|x| [x, -x]).collect();
    for (&x, got) in x.iter().zip(apply(&mut gpu, false, &x)) {
        let wide = f64::from(x);
        let want = wide.max(0.0) + (-wide.abs()).exp().ln_1p();
        // Numbers below the smallest normal one may be taken for zero.
        if want < f64::from(f32::MIN_POSITIVE) {
            assert!((0.0..=2.0 * f32::MIN_POSITIVE).contains(&got), "softplus({x:e}) is {got:e}");
            continue;
        }
        let exp = if x < 100.0 { (3.0 + 2.0 * wide.abs()) * 2.0 * ROUNDING } else { 0.0 };
        let error = (f64::from(got) - want).abs() / want;
        assert!(error <= exp + log1p_bound + ROUNDING, "softplus({x:e}) is {got:e}, off by {error:e} of it");
    }
}
