//! Adapters: which GPUs there are, and opening one.

use super::opened::Pool;
use crate::device::DeviceError;
use wgpu::{
    Adapter, AdapterInfo, Backend, Backends, CooperativeMatrixProperties, CooperativeScalarType, DeviceType,
    ExperimentalFeatures, Features, Instance, InstanceDescriptor, Limits,
};

/// An adapter and what is known of it before it is opened.
#[derive(Debug)]
pub struct AdapterEntry {
    adapter: Adapter,
    pub(super) opened: Pool,
    /// Name, driver, backend and kind.
    pub info: AdapterInfo,
    /// What it can bind and dispatch.
    pub limits: Limits,
    /// Its optional features.
    pub features: Features,
    /// Whether it has the cooperative matrices of `shaders/product/cooperative.wgsl`.
    pub cooperative: bool,
}

/// What that shader needs of workgroup memory, in bytes: the slabs of the largest tile, and a square of each of eight subgroups.
const COOPERATIVE_MEMORY: u32 = 48 << 10;

impl AdapterEntry {
    /// Whether this adapter computes on the CPU (lavapipe, SwiftShader, WARP).
    pub fn is_software(&self) -> bool {
        self.info.device_type == DeviceType::Cpu
    }

    /// Name, backend and driver on one line; also the key of the tuning cache.
    pub fn describe(&self) -> String {
        let AdapterInfo { name, backend, driver, driver_info, .. } = &self.info;
        let driver = [driver.as_str(), driver_info.as_str()].join(" ");
        format!("{name} ({backend}, {})", driver.trim())
    }

    /// Which compiler takes the shaders of DirectX 12; with the other interfaces that is the driver's own.
    pub fn shader_compiler(&self) -> Option<&'static str> {
        let compiler = match cfg!(feature = "static-dxc") {
            true => "DXC, built in",
            false => "DXC where Windows finds dxcompiler.dll, else FXC",
        };
        (self.info.backend == Backend::Dx12).then_some(compiler)
    }

    /// Opens the adapter with all the limits that it offers; every kernel runs within WebGPU's default limits, larger
    /// ones only allow larger tensors. With `cooperative` matrices it runs more than WebGPU has.
    pub(super) fn open(&self, cooperative: bool) -> Result<(wgpu::Device, wgpu::Queue), DeviceError> {
        let mut wanted = self.features & (Features::TIMESTAMP_QUERY | Features::PIPELINE_CACHE);
        let mut experimental = ExperimentalFeatures::disabled();
        if cooperative {
            wanted |= COOPERATIVE;
            // SAFETY: wgpu warns that what is experimental may have bugs; the one shader that uses it is held against its twin by the tests
            // on an adapter that has it.
            experimental = unsafe { ExperimentalFeatures::enabled() };
        }
        let descriptor = wgpu::DeviceDescriptor {
            label: Some("wgpu-simvae"),
            required_features: wanted,
            required_limits: self.limits.clone(),
            experimental_features: experimental,
            ..Default::default()
        };
        pollster::block_on(self.adapter.request_device(&descriptor))
            .map_err(|error| DeviceError::Failed { device: self.describe(), message: error.to_string() })
    }
}

/// The most bytes that one buffer can hold and a shader can bind.
pub(crate) fn largest_buffer(limits: &Limits) -> u64 {
    limits.max_storage_buffer_binding_size.min(limits.max_buffer_size)
}

/// Lists every adapter, real GPUs first; a card that is there twice, as on Windows, by Vulkan first. Empty where no driver is installed.
pub fn adapters() -> Vec<AdapterEntry> {
    let mut descriptor = InstanceDescriptor::new_without_display_handle();
    descriptor.backends = Backends::PRIMARY;
    let instance = Instance::new(descriptor);
    let mut entries: Vec<AdapterEntry> = pollster::block_on(instance.enumerate_adapters(Backends::PRIMARY))
        .into_iter()
        .map(|adapter| AdapterEntry {
            info: adapter.get_info(),
            limits: adapter.limits(),
            features: adapter.features(),
            cooperative: has_cooperative(&adapter),
            adapter,
            opened: Pool::default(),
        })
        .collect();
    entries.sort_by_key(|entry| rank(&entry.info));
    entries
}

/// Features behind cooperative matrices.
const COOPERATIVE: Features = Features::SHADER_F16.union(Features::EXPERIMENTAL_COOPERATIVE_MATRIX);

/// Whether subgroups of 32 invocations multiply squares of 16 x 16 numbers of half precision and add in single precision.
fn has_cooperative(adapter: &Adapter) -> bool {
    let AdapterInfo { subgroup_min_size, subgroup_max_size, .. } = adapter.get_info();
    let wanted = CooperativeMatrixProperties {
        m_size: 16,
        n_size: 16,
        k_size: 16,
        ab_type: CooperativeScalarType::F16,
        cr_type: CooperativeScalarType::F32,
        saturating_accumulation: false,
    };
    adapter.features().contains(COOPERATIVE)
        && (subgroup_min_size, subgroup_max_size) == (32, 32)
        && adapter.limits().max_compute_workgroup_storage_size >= COOPERATIVE_MEMORY
        && adapter.cooperative_matrix_properties().contains(&wanted)
}

/// Where an adapter stands among the others. DirectX 12 comes behind Vulkan on the same kind of card: its shaders pass through one more
/// compiler.
fn rank(info: &AdapterInfo) -> (u8, bool) {
    let kind = match info.device_type {
        DeviceType::DiscreteGpu => 0,
        DeviceType::IntegratedGpu => 1,
        DeviceType::VirtualGpu => 2,
        DeviceType::Other => 3,
        DeviceType::Cpu => 4,
    };
    (kind, info.backend == Backend::Dx12)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vulkan_comes_before_directx_and_cards_before_both() {
        let of = |kind, backend| rank(&AdapterInfo::new(kind, backend));
        let order = [
            of(DeviceType::DiscreteGpu, Backend::Vulkan),
            of(DeviceType::DiscreteGpu, Backend::Dx12),
            of(DeviceType::IntegratedGpu, Backend::Vulkan),
            of(DeviceType::IntegratedGpu, Backend::Dx12),
            of(DeviceType::Cpu, Backend::Vulkan),
        ];
        assert!(order.is_sorted() && order[0] < order[1]);
        assert_eq!(of(DeviceType::DiscreteGpu, Backend::Metal), order[0]);
    }
}
