//! `wgpu-simvae devices`

use crate::Failure;
use wgpu::Features;
use wgpu_simvae::console::print;
use wgpu_simvae::device::gpu::adapters;
use wgpu_simvae::device::{DeviceRequest, choose};

/// Optional features that some kernel may come to use.
const OPTIONAL: [(&str, Features); 4] = [
    ("subgroups", Features::SUBGROUP),
    ("f16", Features::SHADER_F16),
    ("timestamps", Features::TIMESTAMP_QUERY),
    ("immediates", Features::IMMEDIATES),
];

pub fn main() -> Result<(), Failure> {
    print(format_args!("cpu: native kernels, {} threads", rayon::current_num_threads()));
    for (index, adapter) in adapters().iter().enumerate() {
        let limits = &adapter.limits;
        let mib = |bytes: u64| bytes / (1 << 20);
        let optional =
            OPTIONAL.iter().filter(|(_, feature)| adapter.features.contains(*feature)).map(|(name, _)| *name);
        let features: Vec<&str> = optional.chain(adapter.cooperative.then_some("cooperative matrices")).collect();
        print(format_args!("{index}: {}{}", adapter.describe(), if adapter.is_software() { ", software" } else { "" }));
        print(format_args!(
            "   binding {} MiB, buffer {} MiB, {} storage buffers, workgroup {} invocations and {} KiB",
            mib(limits.max_storage_buffer_binding_size),
            mib(limits.max_buffer_size),
            limits.max_storage_buffers_per_shader_stage,
            limits.max_compute_invocations_per_workgroup,
            limits.max_compute_workgroup_storage_size / 1024,
        ));
        print(format_args!(
            "   features: {}",
            if features.is_empty() { "none".to_owned() } else { features.join(", ") }
        ));
        if let Some(compiler) = adapter.shader_compiler() {
            print(format_args!("   shaders are compiled by {compiler}"));
        }
    }
    print(format_args!("--device auto takes {}", choose(&DeviceRequest::Auto)?.reason));
    Ok(())
}
