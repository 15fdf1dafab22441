//! Kernels of others: what is wrong with their shaders is said when they are loaded, in a sentence with the name, the binding and the fix.

use crate::common::adapter;
use encase::ShaderType;
use wgpu::Limits;
use wgpu_simvae::device::gpu::{GpuExecutor, GpuOptions, check_shader};
use wgpu_simvae::device::{DeviceError, Executor};
use wgpu_simvae::kernels::registry::examples;
use wgpu_simvae::kernels::{Access, Args, Binding, Kernel, Launch, Shader, Tuning};
use wgpu_simvae::math::Real;
use wgpu_simvae::plan::{Graph, Layout};

/// `y = x`, words counted into `seen`, with a shader that may be wrong.
#[derive(Clone, Debug)]
struct Copied {
    wgsl: &'static str,
    workgroups: [u32; 3],
}

#[derive(ShaderType)]
struct Params {
    count: u32,
    scale: f32,
}

const RIGHT: &str = "
struct Params { count: u32, scale: f32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> seen: array<u32>;
@group(0) @binding(3) var<storage, read_write> y: array<vec4<f32>>;
var<workgroup> lanes: array<f32, 64>;

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) i: u32) {
    lanes[i] = x[i];
    if (i < params.count) {
        y[i] = vec4<f32>(lanes[i]);
        seen[i] = 1u;
    }
}";

impl Kernel for Copied {
    type Params = Params;
    fn bindings(&self) -> Vec<Binding> {
        vec![
            Binding::real("x", Access::Read, 64),
            Binding::uint("seen", Access::Update, 8),
            Binding::real("y", Access::Write, 32),
        ]
    }
    fn params(&self) -> Params {
        Params { count: 8, scale: 1.0 }
    }
    fn launch(&self, _tuning: &Tuning) -> Launch {
        Launch { shader: Shader::new("copied", self.wgsl), workgroups: self.workgroups }
    }
    fn twin<T: Real>(&self, mut args: Args<'_, T>) {
        let (x, y) = (args.real(0), args.real_mut(2));
        for (y, &x) in y.chunks_exact_mut(4).zip(x) {
            y.fill(x);
        }
    }
}

/// The right shader with one piece of its text changed.
fn changed(from: &str, to: &str) -> Copied {
    assert!(RIGHT.contains(from), "{from}");
    Copied { wgsl: RIGHT.replace(from, to).leak(), workgroups: [1; 3] }
}

/// The right shader, but that it takes the numbers for words.
fn words() -> Copied {
    let wgsl = RIGHT.replace("x: array<f32>", "x: array<u32>").replace("x[i]", "f32(x[i])").leak();
    Copied { wgsl, workgroups: [1; 3] }
}

fn problem(kernel: &Copied, limits: &Limits) -> Result<(), String> {
    check_shader(kernel, &Kernel::launch(kernel, &Tuning::default()), limits).map_err(|error| error.to_string())
}

/// What is said of a change, the pieces of the text in order.
fn assert_told(kernel: &Copied, limits: &Limits, pieces: &[&str]) {
    let message = problem(kernel, limits).expect_err("it is wrong");
    let mut rest = message.as_str();
    for piece in ["shader `copied`: "].iter().chain(pieces) {
        let at = rest.find(piece).unwrap_or_else(|| panic!("`{piece}` is not in its place: {message}"));
        rest = &rest[at + piece.len()..];
    }
}

#[test]
fn a_shader_that_is_not_what_its_kernel_declares_is_told_so() {
    let limits = Limits::default();
    assert_eq!(problem(&Copied { wgsl: RIGHT, workgroups: [1; 3] }, &limits), Ok(()));

    let told = |from: &str, to: &str, pieces: &[&str]| assert_told(&changed(from, to), &limits, pieces);
    told("lanes[i] = x[i];", "lanes[i] = x[i]", &["not valid WGSL", "expected `;`, found \"if\"", "wgsl:13:5"]);
    told("fn main(", "fn start(", &["no entry point `@compute fn main`, but `start`", "name it so"]);
    told("@group(0) @binding(1)", "@group(1) @binding(1)", &["`x` is in group 1", "`@group(0)`"]);
    told(
        "@group(0) @binding(3)",
        "@group(0) @binding(4)",
        &["no binding 3", "`y`", "add `@group(0) @binding(3) var<storage, read_write> y: array<f32>;`"],
    );
    told(
        "var<workgroup> lanes",
        "@group(0) @binding(4) var<storage, read> z: array<f32>;\nvar<workgroup> lanes",
        &["binding 4, `z`, is bound by nobody", "`Kernel::bindings`, which lists 3"],
    );
    told(
        "@group(0) @binding(0) var<uniform> params: Params;",
        "const params = Params(8u, 1.0);",
        &["no binding 0", "`params`", "`@group(0) @binding(0) var<uniform> params: Params;`"],
    );
    told(
        "var<uniform> params",
        "var<storage, read> params",
        &["binding 0 is `var<storage, read> params`", "`Kernel::params`", "`var<uniform> params: Params;`"],
    );
    told(
        "count: u32, scale: f32 }",
        "count: u32 }",
        &["uniform block `params` has 4 bytes", "makes 8", "same fields in the same order"],
    );
    told(
        "var<storage, read> x:",
        "var<storage, read_write> x:",
        &[
            "binding 1 is `var<storage, read_write> x: array<f32>`",
            "only reads it",
            "`var<storage, read> x: array<f32>;`",
        ],
    );
    let unwritten = RIGHT.replace("        seen[i] = 1u;\n", "").replace("read_write> seen", "read> seen").leak();
    assert_told(
        &Copied { wgsl: unwritten, workgroups: [1; 3] },
        &limits,
        &[
            "binding 2 is `var<storage, read> seen: array<u32>`",
            "writes it",
            "`var<storage, read_write> seen: array<u32>;`",
        ],
    );
    assert_told(
        &words(),
        &limits,
        &["binding 1 is `var<storage, read> x: array<u32>`", "holds real numbers there", "x: array<f32>;`"],
    );
    let atomic = RIGHT.replace("array<u32>", "array<atomic<u32>>").replace("seen[i] = 1u", "atomicStore(&seen[i], 1u)");
    assert_eq!(problem(&Copied { wgsl: atomic.clone().leak(), workgroups: [1; 3] }, &limits), Ok(()));
    let signed = atomic.replace("<u32>>", "<i32>>").replace("1u)", "1i)").leak();
    assert_told(
        &Copied { wgsl: signed, workgroups: [1; 3] },
        &limits,
        &["binding 2 is `var<storage, read_write> seen: array<i32>`", "holds words there", "seen: array<u32>;`"],
    );
    let mixed = RIGHT.replace("x: array<f32>", "other: array<f32>").replace("x[i]", "other[i]").leak();
    assert_told(
        &Copied { wgsl: mixed, workgroups: [1; 3] },
        &limits,
        &["binding 1 is `var<storage, read> other: array<f32>`", "calls it `x`", "`Kernel::bindings`"],
    );
    told(
        "@workgroup_size(64)",
        "@workgroup_size(32, 16)",
        &["invocations of a workgroup are 512", "allows 256", "`@workgroup_size`"],
    );
    told(
        "@workgroup_size(64)",
        "@workgroup_size(1, 1, 128)",
        &["invocations of a workgroup along an axis are 128", "allows 64", "`@workgroup_size`"],
    );
    told("array<f32, 64>", "array<f32, 6400>", &["workgroup memory are 25600", "allows 16384", "`var<workgroup>`"]);

    let right = |workgroups| Copied { wgsl: RIGHT, workgroups };
    let few = Limits { max_storage_buffers_per_shader_stage: 2, ..Limits::default() };
    assert_told(&right([1; 3]), &few, &["storage buffers are 3", "allows 2", "one buffer"]);
    assert_told(&right([1, 70_000, 1]), &limits, &["along an axis are 70000", "allows 65535", "`Launch::elementwise`"]);
    assert_told(&right([1, 0, 1]), &limits, &["no workgroup along one axis", "at least 1"]);
}

#[test]
fn it_is_told_before_anything_runs() {
    let Some(adapter) = adapter() else { return };
    let mut gpu = GpuExecutor::new(&adapter, &Layout::default(), GpuOptions::default()).expect("the adapter opens");
    let mut load = |kernel: Copied| {
        let mut graph = Graph::new("copied");
        let (x, seen, y) = (graph.input("x", [64]), graph.input_uints("seen", [8]), graph.tensor("y", [32]));
        graph.push("copy", kernel, &[x, seen, y]);
        graph.keep(y);
        gpu.load(graph.finish().expect("a plan")).map(|_| ())
    };
    let wrong = load(words());
    let told = |error: &DeviceError| matches!(error, DeviceError::Shader(error) if error.shader == "copied");
    assert!(wrong.as_ref().is_err_and(told), "{wrong:?}");
    load(Copied { wgsl: RIGHT, workgroups: [1; 3] }).expect("the device works on");
}

#[test]
fn our_own_shaders_are_what_their_kernels_declare() {
    for tuning in Tuning::ALL {
        for kernel in examples() {
            let launch = kernel.launch(&tuning);
            check_shader(kernel.as_ref(), &launch, &Limits::default()).unwrap_or_else(|error| panic!("{error}"));
        }
    }
}
