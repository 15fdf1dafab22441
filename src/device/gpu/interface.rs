//! Whether a shader is what its kernel declares. The shaders of others are looked at when they are loaded, those of this crate by its tests.

use crate::kernels::{Access, AnyKernel, Binding, DType, Launch};
use naga::valid::{Capabilities, ModuleInfo, ValidationFlags, Validator};
use naga::{AddressSpace, GlobalVariable, Module, ScalarKind, ShaderStage, StorageAccess, TypeInner};
use std::collections::BTreeMap;
use wgpu::Limits;

/// A shader that is not what its kernel declares.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("shader `{shader}`: {problem}")]
pub struct ShaderError {
    /// The shader's label.
    pub shader: String,
    /// What is wrong.
    pub problem: ShaderProblem,
}

/// What is wrong with a shader, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ShaderProblem {
    /// The text is not WGSL.
    #[error("it is not valid WGSL: {0}")]
    Invalid(String),
    /// There is nothing to start.
    #[error("it has no entry point `@compute fn main`{found}: name it so")]
    NoMain {
        /// Which ones there are instead, in words.
        found: String,
    },
    /// A variable that belongs to another group.
    #[error("`{name}` is in group {group}: all bindings are in group 0, so declare it `@group(0)`")]
    Group {
        /// The variable.
        name: String,
        /// Its group.
        group: u32,
    },
    /// The kernel binds something that the shader does not declare.
    #[error(
        "it has no binding {index}, where the kernel binds `{name}`: add `@group(0) @binding({index}) {declaration}`"
    )]
    Missing {
        /// The binding's number.
        index: u32,
        /// Its name in the kernel.
        name: String,
        /// How it is declared.
        declaration: String,
    },
    /// The shader declares something that the kernel does not bind.
    #[error(
        "its binding {index}, `{name}`, is bound by nobody: add it to `Kernel::bindings`, which lists {count}, or leave it out"
    )]
    Surplus {
        /// The binding's number.
        index: u32,
        /// Its name in the shader.
        name: String,
        /// Bindings of the kernel.
        count: usize,
    },
    /// A binding that is declared otherwise than the kernel binds it: its name, kind, access or elements.
    #[error(
        "binding {index} is `{found}`, and the kernel {wants}: declare it `{declaration}`, or change `Kernel::bindings`"
    )]
    Declared {
        /// The binding's number.
        index: u32,
        /// How the shader declares it.
        found: String,
        /// What the kernel does with it, in words.
        wants: String,
        /// What the kernel would need.
        declaration: String,
    },
    /// The uniform block has another size on either side.
    #[error(
        "its uniform block `{name}` has {found} bytes, and `Kernel::params` makes {made}: give both the same fields in the same order"
    )]
    Uniform {
        /// The variable.
        name: String,
        /// Bytes in the shader.
        found: u32,
        /// Bytes that the kernel makes.
        made: usize,
    },
    /// More of something than the device has.
    #[error("{what} {found}, and the device allows {allowed}: {fix}")]
    Limit {
        /// What there is too much of, with its verb.
        what: &'static str,
        /// How much.
        found: u64,
        /// How much there may be.
        allowed: u64,
        /// What to do.
        fix: &'static str,
    },
    /// Another language lacks something.
    #[error("it cannot be translated: {0}")]
    Untranslatable(String),
    /// Nothing would be started.
    #[error("it is launched with no workgroup along one axis: each of `Launch::workgroups` is at least 1")]
    NoWorkgroup,
}

/// Compares a shader with what its kernel declares: bindings with their names, access and elements, the uniform block, the entry point, and
/// what a device allows.
///
/// # Errors
/// When they differ; the message says what to change.
pub fn check_shader(kernel: &dyn AnyKernel, launch: &Launch, limits: &Limits) -> Result<(), ShaderError> {
    let check = || {
        let (module, _) = parse(&launch.shader.wgsl(), OF_EVERY_DEVICE)?;
        check_bindings(&module, &kernel.bindings(), kernel.uniform().len())?;
        check_limits(&module, &kernel.bindings(), launch, limits)
    };
    check().map_err(|problem| ShaderError { shader: launch.shader.label(), problem })
}

/// What every WebGPU device is capable of.
pub(super) const OF_EVERY_DEVICE: Capabilities = Capabilities::SHADER_FLOAT16_IN_FLOAT32;

/// The module of a WGSL text, which is valid.
pub(super) fn parse(source: &str, capabilities: Capabilities) -> Result<(Module, ModuleInfo), ShaderProblem> {
    let module =
        naga::front::wgsl::parse_str(source).map_err(|error| ShaderProblem::Invalid(error.emit_to_string(source)))?;
    let info = Validator::new(ValidationFlags::all(), capabilities)
        .validate(&module)
        .map_err(|error| ShaderProblem::Invalid(error.emit_to_string(source)))?;
    Ok((module, info))
}

fn check_bindings(module: &Module, bindings: &[Binding], uniform: usize) -> Result<(), ShaderProblem> {
    let mut declared = BTreeMap::new();
    for (_, variable) in module.global_variables.iter() {
        let Some(place) = variable.binding else { continue };
        if place.group != 0 {
            return Err(ShaderProblem::Group { name: name(variable), group: place.group });
        }
        declared.insert(place.binding, variable);
    }
    let mut take = |index: u32, name: &str, declaration: String| {
        let missing = || ShaderProblem::Missing { index, name: name.to_owned(), declaration };
        declared.remove(&index).ok_or_else(missing)
    };

    let block = "var<uniform> params: Params;".to_owned();
    let variable = take(0, "params", block.clone())?;
    if variable.space != AddressSpace::Uniform {
        let wants = "binds the block of `Kernel::params` there".to_owned();
        return Err(ShaderProblem::Declared { index: 0, found: shown(module, variable), wants, declaration: block });
    }
    let found = module.types[variable.ty].inner.size(module.to_ctx());
    if found as usize != uniform {
        return Err(ShaderProblem::Uniform { name: name(variable), found, made: uniform });
    }

    for (index, binding) in (1..).zip(bindings) {
        let variable = take(index, binding.name, declaration(binding))?;
        let writes = writable(variable.space);
        let wants = if name(variable) != binding.name {
            Some(format!("calls it `{}`", binding.name))
        } else if !matches!(variable.space, AddressSpace::Storage { .. }) {
            Some("binds a storage buffer there".to_owned())
        } else if writes != (binding.access != Access::Read) {
            Some(
                if writes { "only reads it (`Access::Read`)" } else { "writes it (`Access::Write`, `Access::Update`)" }
                    .to_owned(),
            )
        } else if elements(module, variable) != Some(scalar(binding.dtype)) {
            Some(format!("holds {} there", if binding.dtype == DType::Real { "real numbers" } else { "words" }))
        } else {
            None
        };
        if let Some(wants) = wants {
            let (found, declaration) = (shown(module, variable), declaration(binding));
            return Err(ShaderProblem::Declared { index, found, wants, declaration });
        }
    }
    match declared.into_iter().next() {
        Some((index, variable)) => Err(ShaderProblem::Surplus { index, name: name(variable), count: bindings.len() }),
        None => Ok(()),
    }
}

fn check_limits(module: &Module, bindings: &[Binding], launch: &Launch, limits: &Limits) -> Result<(), ShaderProblem> {
    let main = module.entry_points.iter().find(|entry| entry.name == "main" && entry.stage == ShaderStage::Compute);
    let Some(main) = main else {
        let names: Vec<&str> = module.entry_points.iter().map(|entry| entry.name.as_str()).collect();
        let found = if names.is_empty() { String::new() } else { format!(", but `{}`", names.join("`, `")) };
        return Err(ShaderProblem::NoMain { found });
    };
    let within = |what, found: u64, allowed: u32, fix| match found > u64::from(allowed) {
        true => Err(ShaderProblem::Limit { what, found, allowed: allowed.into(), fix }),
        false => Ok(()),
    };
    within(
        "its storage buffers are",
        bindings.len() as u64,
        limits.max_storage_buffers_per_shader_stage,
        "put two of them into one buffer, or split the kernel",
    )?;
    let [x, y, z] = main.workgroup_size;
    let smaller = "lower `@workgroup_size`";
    for (size, allowed) in [
        (x, limits.max_compute_workgroup_size_x),
        (y, limits.max_compute_workgroup_size_y),
        (z, limits.max_compute_workgroup_size_z),
    ] {
        within("the invocations of a workgroup along an axis are", size.into(), allowed, smaller)?;
    }
    let invocations = u64::from(x).saturating_mul(y.into()).saturating_mul(z.into());
    within("the invocations of a workgroup are", invocations, limits.max_compute_invocations_per_workgroup, smaller)?;
    let shared = module.global_variables.iter().filter(|(_, variable)| variable.space == AddressSpace::WorkGroup);
    let bytes = shared.map(|(_, variable)| u64::from(module.types[variable.ty].inner.size(module.to_ctx()))).sum();
    within(
        "the bytes of its workgroup memory are",
        bytes,
        limits.max_compute_workgroup_storage_size,
        "hold less in `var<workgroup>`",
    )?;
    for &count in &launch.workgroups {
        within(
            "the workgroups that it is launched with along an axis are",
            count.into(),
            limits.max_compute_workgroups_per_dimension,
            "let each stride over the grid, as `Launch::elementwise` has it",
        )?;
    }
    if launch.workgroups.contains(&0) { Err(ShaderProblem::NoWorkgroup) } else { Ok(()) }
}

fn name(variable: &GlobalVariable) -> String {
    variable.name.clone().unwrap_or_default()
}

fn writable(space: AddressSpace) -> bool {
    matches!(space, AddressSpace::Storage { access } if access.contains(StorageAccess::STORE))
}

fn scalar(dtype: DType) -> ScalarKind {
    match dtype {
        DType::Real => ScalarKind::Float,
        DType::Uint => ScalarKind::Uint,
    }
}

/// What an array holds: numbers of 32 bits, vectors of them, or atomic ones.
fn elements(module: &Module, variable: &GlobalVariable) -> Option<ScalarKind> {
    let TypeInner::Array { base, .. } = module.types[variable.ty].inner else { return None };
    match module.types[base].inner {
        TypeInner::Scalar(scalar) | TypeInner::Vector { scalar, .. } | TypeInner::Atomic(scalar) => {
            (scalar.width == 4).then_some(scalar.kind)
        }
        _ => None,
    }
}

/// How a binding is declared in WGSL.
fn declaration(binding: &Binding) -> String {
    let access = if binding.access == Access::Read { "read" } else { "read_write" };
    let element = if binding.dtype == DType::Real { "f32" } else { "u32" };
    format!("var<storage, {access}> {}: array<{element}>;", binding.name)
}

/// How a variable is declared, as far as it matters here.
fn shown(module: &Module, variable: &GlobalVariable) -> String {
    let space = match variable.space {
        AddressSpace::Uniform => "<uniform>",
        space if writable(space) => "<storage, read_write>",
        AddressSpace::Storage { .. } => "<storage, read>",
        _ => "",
    };
    let element = |kind| match kind {
        ScalarKind::Float => ": array<f32>",
        ScalarKind::Uint => ": array<u32>",
        ScalarKind::Sint => ": array<i32>",
        _ => "",
    };
    format!("var{space} {}{}", name(variable), elements(module, variable).map_or("", element))
}
