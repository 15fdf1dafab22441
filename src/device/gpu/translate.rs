//! Shaders in the languages of the drivers, with the options that wgpu gives naga: to read, and to try with the compilers of others.

use super::interface::{OF_EVERY_DEVICE, ShaderError, ShaderProblem, parse};
use crate::kernels::Shader;
use naga::back::{glsl, hlsl, msl, spv};
use naga::proc::{BoundsCheckPolicies, BoundsCheckPolicy};
use naga::valid::{Capabilities, ModuleInfo};
use naga::{AddressSpace, Module, ResourceBinding, ShaderStage, StorageAccess, TypeInner};
use std::fmt::Display;
use std::str::FromStr;

/// A shading language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// WebGPU's own: the text as it is.
    Wgsl,
    /// SPIR-V 1.6, for Vulkan 1.3: words in the byte order of the machine.
    Spirv,
    /// Metal 2.4.
    Msl,
    /// Shader model 5.1, which both compilers of DirectX 12 take.
    Hlsl,
    /// OpenGL ES 3.1, the first with compute shaders.
    Glsl,
}

impl Language {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Wgsl, Self::Spirv, Self::Msl, Self::Hlsl, Self::Glsl];

    /// Its name in lower case.
    pub fn name(self) -> &'static str {
        match self {
            Self::Wgsl => "wgsl",
            Self::Spirv => "spirv",
            Self::Msl => "msl",
            Self::Hlsl => "hlsl",
            Self::Glsl => "glsl",
        }
    }

    /// How its files end.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Wgsl => "wgsl",
            Self::Spirv => "spv",
            Self::Msl => "metal",
            Self::Hlsl => "hlsl",
            Self::Glsl => "comp",
        }
    }
}

impl FromStr for Language {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = || format!("the languages are {}", Self::ALL.map(Self::name).join(", "));
        Self::ALL.into_iter().find(|language| language.name() == text).ok_or_else(known)
    }
}

/// A shader that was read and found valid, for any number of languages.
pub struct Translator {
    label: String,
    source: String,
    zeroed: bool,
    module: Module,
    info: ModuleInfo,
}

impl Translator {
    /// Reads a shader.
    ///
    /// # Errors
    /// When it is not valid.
    pub fn new(shader: &Shader) -> Result<Self, ShaderError> {
        let (label, source) = (shader.label(), shader.wgsl());
        let capabilities = OF_EVERY_DEVICE | Capabilities::SHADER_FLOAT16 | Capabilities::COOPERATIVE_MATRIX;
        match parse(&source, capabilities) {
            Ok((module, info)) => Ok(Self { label, source, zeroed: !shader.is_own(), module, info }),
            Err(problem) => Err(ShaderError { shader: label, problem }),
        }
    }

    /// It in a language. `checked` keeps it inside its bindings and ends its loops, as the shaders of others run.
    ///
    /// # Errors
    /// When the language lacks something that it needs.
    pub fn write(&self, language: Language, checked: bool) -> Result<Vec<u8>, ShaderError> {
        let options = Options { checked, zeroed: self.zeroed };
        let written = match language {
            Language::Wgsl => Ok(self.source.clone().into_bytes()),
            Language::Spirv => options.spirv(&self.module, &self.info),
            Language::Msl => options.msl(&self.module, &self.info),
            Language::Hlsl => options.hlsl(&self.module, &self.info),
            Language::Glsl => options.glsl(&self.module, &self.info),
        };
        written.map_err(|problem| ShaderError { shader: self.label.clone(), problem })
    }
}

/// A shader in one language: [`Translator`].
///
/// # Errors
/// When it is not valid, or the language lacks something that it needs.
pub fn translate(shader: &Shader, checked: bool, language: Language) -> Result<Vec<u8>, ShaderError> {
    Translator::new(shader)?.write(language, checked)
}

fn untranslatable(error: impl Display) -> ShaderProblem {
    ShaderProblem::Untranslatable(error.to_string())
}

/// What a binding is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Uniform,
    ReadOnly,
    Writable,
}

/// The bindings in order, each with how many of its kind come before it.
fn bindings(module: &Module) -> Vec<(ResourceBinding, Kind, u32)> {
    let mut found: Vec<_> = module
        .global_variables
        .iter()
        .filter_map(|(_, variable)| {
            let kind = match variable.space {
                AddressSpace::Storage { access } if access.contains(StorageAccess::STORE) => Kind::Writable,
                AddressSpace::Storage { .. } => Kind::ReadOnly,
                _ => Kind::Uniform,
            };
            Some((variable.binding?, kind, 0))
        })
        .collect();
    found.sort_by_key(|(place, ..)| (place.group, place.binding));
    for at in 0..found.len() {
        found[at].2 = found[..at].iter().filter(|(_, kind, _)| *kind == found[at].1).count() as u32;
    }
    found
}

/// Whether it uses cooperative matrices: only then does wgpu allow what they need.
fn cooperates(module: &Module) -> bool {
    module.types.iter().any(|(_, of)| matches!(of.inner, TypeInner::CooperativeMatrix { .. }))
}

/// What wgpu decides for each pipeline.
struct Options {
    checked: bool,
    zeroed: bool,
}

impl Options {
    fn policies(&self) -> BoundsCheckPolicies {
        let policy = if self.checked { BoundsCheckPolicy::Restrict } else { BoundsCheckPolicy::Unchecked };
        BoundsCheckPolicies {
            index: policy,
            buffer: policy,
            image_load: policy,
            binding_array: BoundsCheckPolicy::Unchecked,
        }
    }

    fn spirv(&self, module: &Module, info: &ModuleInfo) -> Result<Vec<u8>, ShaderProblem> {
        let same = |(place, ..): (ResourceBinding, _, _)| {
            let there =
                spv::BindingInfo { descriptor_set: place.group, binding: place.binding, binding_array_size: None };
            (place, there)
        };
        use spv::Capability::{CooperativeMatrixKHR, Float16, Matrix, Shader, VulkanMemoryModel};
        let mut capabilities = vec![Shader, Matrix];
        if cooperates(module) {
            capabilities.extend([Float16, CooperativeMatrixKHR, VulkanMemoryModel]);
        }
        let options = spv::Options {
            lang_version: (1, 6),
            flags: spv::WriterFlags::LABEL_VARYINGS | spv::WriterFlags::FORCE_POINT_SIZE,
            binding_map: bindings(module).into_iter().map(same).collect(),
            capabilities: Some(capabilities.into_iter().collect()),
            bounds_check_policies: self.policies(),
            zero_initialize_workgroup_memory: match self.zeroed {
                true => spv::ZeroInitializeWorkgroupMemoryMode::Native,
                false => spv::ZeroInitializeWorkgroupMemoryMode::None,
            },
            force_loop_bounding: self.checked,
            emit_int_div_checks: self.checked,
            fake_missing_bindings: false,
            ..Default::default()
        };
        let entry = spv::PipelineOptions { shader_stage: ShaderStage::Compute, entry_point: "main".to_owned() };
        let words = spv::write_vec(module, info, &options, Some(&entry)).map_err(untranslatable)?;
        Ok(bytemuck::cast_slice(&words).to_vec())
    }

    fn msl(&self, module: &Module, info: &ModuleInfo) -> Result<Vec<u8>, ShaderProblem> {
        let all = bindings(module);
        let slots = all.iter().zip(0..).map(|((place, kind, _), slot)| {
            let target = msl::BindTarget { buffer: Some(slot), mutable: *kind == Kind::Writable, ..Default::default() };
            (*place, target)
        });
        let resources = msl::EntryPointResources {
            resources: slots.collect(),
            immediates_buffer: None,
            sizes_buffer: Some(all.len() as msl::Slot),
        };
        let options = msl::Options {
            lang_version: (2, 4),
            per_entry_point_map: [("main".to_owned(), resources)].into(),
            fake_missing_bindings: false,
            bounds_check_policies: self.policies(),
            zero_initialize_workgroup_memory: self.zeroed,
            force_loop_bounding: self.checked,
            emit_int_div_checks: self.checked,
            ..Default::default()
        };
        let entry =
            msl::PipelineOptions { entry_point: Some((ShaderStage::Compute, "main".to_owned())), ..Default::default() };
        let (text, translated) = msl::write_string(module, info, &options, &entry).map_err(untranslatable)?;
        for name in translated.entry_point_names {
            name.map_err(untranslatable)?;
        }
        Ok(text.into_bytes())
    }

    fn hlsl(&self, module: &Module, info: &ModuleInfo) -> Result<Vec<u8>, ShaderProblem> {
        let registers = bindings(module).into_iter().map(|(place, _, register)| {
            (place, hlsl::BindTarget { register, restrict_indexing: true, ..Default::default() })
        });
        let options = hlsl::Options {
            shader_model: hlsl::ShaderModel::V5_1,
            binding_map: registers.collect(),
            fake_missing_bindings: false,
            zero_initialize_workgroup_memory: self.zeroed,
            restrict_indexing: self.checked,
            force_loop_bounding: self.checked,
            ..Default::default()
        };
        let entry = hlsl::PipelineOptions { entry_point: Some((ShaderStage::Compute, "main".to_owned())) };
        let mut text = String::new();
        let written =
            hlsl::Writer::new(&mut text, &options, &entry).write(module, info, None).map_err(untranslatable)?;
        for name in written.entry_point_names {
            name.map_err(untranslatable)?;
        }
        Ok(text.into_bytes())
    }

    fn glsl(&self, module: &Module, info: &ModuleInfo) -> Result<Vec<u8>, ShaderProblem> {
        // OpenGL counts uniform blocks and storage buffers apart.
        let all = bindings(module);
        let slots = all.iter().enumerate().map(|(at, (place, kind, _))| {
            let before = all[..at].iter().filter(|(_, other, _)| (*other == Kind::Uniform) == (*kind == Kind::Uniform));
            (*place, before.count() as u8)
        });
        let options = glsl::Options {
            version: glsl::Version::new_gles(310),
            writer_flags: glsl::WriterFlags::ADJUST_COORDINATE_SPACE | glsl::WriterFlags::FORCE_POINT_SIZE,
            binding_map: slots.collect(),
            zero_initialize_workgroup_memory: self.zeroed,
        };
        let entry = glsl::PipelineOptions {
            shader_stage: ShaderStage::Compute,
            entry_point: "main".to_owned(),
            multiview: None,
        };
        let mut text = String::new();
        glsl::Writer::new(&mut text, module, info, &options, &entry, self.policies())
            .and_then(|mut writer| writer.write())
            .map_err(untranslatable)?;
        Ok(text.into_bytes())
    }
}
