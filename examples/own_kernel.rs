//! A kernel of one's own: WGSL and its Rust twin, held against each other on the CPU and on an adapter if there is one.
//!
//! `cargo run --release --example own_kernel`

use encase::ShaderType;
use wgpu_simvae::low_level::check::twin_error;
use wgpu_simvae::low_level::kernels::{Access, Args, Binding, Kernel, Launch, Shader, Tuning};
use wgpu_simvae::low_level::math::Real;
use wgpu_simvae::{Device, DeviceRequest, choose};

/// `y = scale * x^2`. Its fields are the uniform block, which encase lays out as WGSL does.
#[derive(Clone, Copy, Debug, ShaderType)]
struct ScaledSquare {
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
    for (var i = id.x; i < params.count; i += groups.x * 64u) { y[i] = params.scale * x[i] * x[i]; }
}";

impl Kernel for ScaledSquare {
    type Params = Self;

    fn bindings(&self) -> Vec<Binding> {
        let count = self.count as usize;
        vec![Binding::real("x", Access::Read, count), Binding::real("y", Access::Write, count)]
    }

    fn params(&self) -> Self {
        *self
    }

    fn launch(&self, _tuning: &Tuning) -> Launch {
        Launch::elementwise(Shader::new("scaled_square", WGSL), self.count as usize)
    }

    fn twin<T: Real>(&self, mut args: Args<'_, T>) {
        let (x, y) = (args.real(0), args.real_mut(1));
        y.iter_mut().zip(x).for_each(|(y, &x)| *y = T::from(self.scale) * x * x);
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    for device in [Ok(Device::cpu()), choose(&DeviceRequest::Gpu)].into_iter().flatten() {
        let error = twin_error(ScaledSquare { count: 1009, scale: 0.1 }, &device)?;
        println!("{}: {error:.1e} off the twin in double precision", device.short_name());
        if error > 1e-6 {
            return Err("shader and twin compute something else".into());
        }
    }
    Ok(())
}
