//! Compute pipelines, one per shader permutation, compiled once per device.

use super::AdapterEntry;
use super::kept::Kept;
use crate::kernels::{Access, AnyKernel, Shader};
use crate::quiet::quietly;
use rayon::prelude::*;
use std::collections::HashMap;
use wgpu::{
    BindGroupLayout, BindGroupLayoutDescriptor, BindGroupLayoutEntry, BindingType, BufferBindingType, ComputePipeline,
    ComputePipelineDescriptor, Device, PipelineCompilationOptions, PipelineLayoutDescriptor, ShaderModuleDescriptor,
    ShaderRuntimeChecks, ShaderSource, ShaderStages,
};

/// A compiled permutation and the layout of its bindings.
pub struct Compiled {
    pub pipeline: ComputePipeline,
    pub layout: BindGroupLayout,
}

/// The pipelines of a device.
pub struct Pipelines {
    checked: bool,
    kept: Option<Kept>,
    compiled: HashMap<Shader, Compiled>,
}

impl Pipelines {
    /// `checked` keeps wgpu's run-time bounds checks in all shaders, else in those that are not trusted. They double the cost of a matrix
    /// product on lavapipe; `tests/it/kernels.rs` shows that no kernel of ours reaches outside its bindings, so runs leave them out there.
    pub fn new(device: &Device, adapter: &AdapterEntry, checked: bool) -> Self {
        Self { checked, kept: Kept::open(device, adapter), compiled: HashMap::new() }
    }

    /// Compiles those of a plan's shaders that are not here yet, side by side. The error is a panic of the graphics stack.
    pub fn compile<'a>(
        &mut self,
        device: &Device,
        wanted: impl Iterator<Item = (&'a dyn AnyKernel, &'a Shader)>,
    ) -> Result<(), String> {
        let mut missing: HashMap<&Shader, &dyn AnyKernel> = HashMap::new();
        for (kernel, shader) in wanted.filter(|(_, shader)| !self.compiled.contains_key(shader)) {
            missing.insert(shader, kernel);
        }
        if missing.is_empty() {
            return Ok(());
        }
        let compile = |(shader, kernel): (&Shader, &dyn AnyKernel)| {
            quietly(|| self.pipeline(device, kernel, shader)).map(|compiled| (shader.clone(), compiled))
        };
        let compiled: Vec<_> = missing.into_par_iter().map(compile).collect::<Result<_, String>>()?;
        self.compiled.extend(compiled);
        self.kept.iter_mut().for_each(Kept::write);
        Ok(())
    }

    /// A shader that was compiled.
    pub fn get(&self, shader: &Shader) -> Option<&Compiled> {
        self.compiled.get(shader)
    }

    fn pipeline(&self, device: &Device, kernel: &dyn AnyKernel, shader: &Shader) -> Compiled {
        let label = shader.label();
        let descriptor =
            ShaderModuleDescriptor { label: Some(&label), source: ShaderSource::Wgsl(shader.wgsl().into()) };
        let module = if self.checked || !shader.is_trusted() {
            device.create_shader_module(descriptor)
        } else {
            // SAFETY: a shader is trusted if it is ours, and the kernel tests run each of those between guard zones of NaN and find
            // neither a foreign read nor a foreign write, or if its author has promised the same in an unsafe block.
            unsafe { device.create_shader_module_trusted(descriptor, ShaderRuntimeChecks::unchecked()) }
        };
        let layout = bind_group_layout(device, &label, kernel);
        let pipeline_layout = device.create_pipeline_layout(&PipelineLayoutDescriptor {
            label: Some(&label),
            bind_group_layouts: &[Some(&layout)],
            immediate_size: 0,
        });
        let pipeline = device.create_compute_pipeline(&ComputePipelineDescriptor {
            label: Some(&label),
            layout: Some(&pipeline_layout),
            module: &module,
            entry_point: Some("main"),
            // Zeroing costs Metal and DirectX 12 microseconds in every workgroup, for nothing: `tests/it/workgroups.rs` shows that our
            // kernels write workgroup memory before they read it. WGSL promises zeros to the kernels of others.
            compilation_options: PipelineCompilationOptions {
                zero_initialize_workgroup_memory: !shader.is_own(),
                ..Default::default()
            },
            cache: self.kept.as_ref().map(Kept::cache),
        });
        Compiled { pipeline, layout }
    }
}

fn bind_group_layout(device: &Device, label: &str, kernel: &dyn AnyKernel) -> BindGroupLayout {
    let entry = |binding: usize, ty: BufferBindingType| BindGroupLayoutEntry {
        binding: binding as u32,
        visibility: ShaderStages::COMPUTE,
        ty: BindingType::Buffer { ty, has_dynamic_offset: false, min_binding_size: None },
        count: None,
    };
    let storage = kernel
        .bindings()
        .into_iter()
        .enumerate()
        .map(|(i, binding)| entry(i + 1, BufferBindingType::Storage { read_only: binding.access == Access::Read }));
    let entries: Vec<_> = std::iter::once(entry(0, BufferBindingType::Uniform)).chain(storage).collect();
    device.create_bind_group_layout(&BindGroupLayoutDescriptor { label: Some(label), entries: &entries })
}
