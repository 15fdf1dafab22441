//! A kernel of one's own: WGSL and its Rust twin, run on the CPU, in the f64 reference, and on an adapter if there is one.
//!
//! `cargo run --release --example own_kernel`

use encase::ShaderType;
use wgpu_simvae::device::{Device, DeviceRequest, Executor, Values, choose, reference};
use wgpu_simvae::kernels::{Access, Args, Binding, Kernel, Launch, Shader, Tuning};
use wgpu_simvae::math::Real;
use wgpu_simvae::plan::{Graph, Layout};

/// `y = scale * x^2`
#[derive(Debug)]
struct ScaledSquare {
    count: usize,
    scale: f32,
}

/// The uniform block, which encase lays out as WGSL does.
#[derive(ShaderType)]
struct Params {
    count: u32,
    scale: f32,
}

const WGSL: &str = "
struct Params { count: u32, scale: f32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    for (var i = id.x; i < params.count; i += groups.x * 64u) {
        y[i] = params.scale * x[i] * x[i];
    }
}";

impl Kernel for ScaledSquare {
    type Params = Params;

    fn bindings(&self) -> Vec<Binding> {
        vec![Binding::real("x", Access::Read, self.count), Binding::real("y", Access::Write, self.count)]
    }

    fn params(&self) -> Params {
        Params { count: self.count as u32, scale: self.scale }
    }

    fn launch(&self, _tuning: &Tuning) -> Launch {
        Launch::elementwise(Shader::new("scaled_square", WGSL), self.count)
    }

    fn twin<T: Real>(&self, mut args: Args<'_, T>) {
        let (x, y) = (args.real(0), args.real_mut(1));
        for (y, &x) in y.iter_mut().zip(x) {
            *y = T::from(self.scale) * x * x;
        }
    }
}

fn run(executor: &mut dyn Executor) -> Result<Vec<f64>, Box<dyn std::error::Error>> {
    let mut graph = Graph::new("squares");
    let x = graph.input("x", [5]);
    let y = graph.tensor("y", [5]);
    graph.keep(y);
    graph.push("square", ScaledSquare { count: 5, scale: 0.1 }, &[x, y]);
    let plan = executor.load(graph.finish()?)?;
    executor.write(x, &Values::F32(vec![1.0, 2.0, 3.0, 4.0, 5.0]))?;
    executor.run(plan, 1)?;
    Ok(executor.read(y)?.to_f64())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // This kernel needs no persistent memory.
    let layout = Layout::default();
    println!("f64 reference  {:?}", run(reference(&layout)?.as_mut())?);
    println!("CPU            {:?}", run(Device::cpu().open(&layout)?.as_mut())?);
    match choose(&DeviceRequest::Gpu) {
        Ok(gpu) => println!("{}  {:?}", gpu.short_name(), run(gpu.open(&layout)?.as_mut())?),
        Err(error) => println!("no GPU: {error}"),
    }
    Ok(())
}
