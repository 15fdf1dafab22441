//! Every shader in every language of the drivers, and what their compilers refuse.

use crate::shaders::cooperative_shaders;
use naga::valid::{Capabilities, FunctionInfo, ValidationFlags, Validator};
use naga::{Block, Expression, Function, Handle, Module, Statement, TypeInner};
use std::process::Command;
use wgpu_simvae::device::gpu::{Language, Translator, translate};
use wgpu_simvae::kernels::Shader;
use wgpu_simvae::kernels::registry::shaders;

#[test]
fn every_permutation_is_translated_into_every_language() {
    let all = shaders();
    for (label, shader) in &all {
        let translator = Translator::new(shader).unwrap_or_else(|error| panic!("{error}"));
        for (language, checked) in Language::ALL.into_iter().flat_map(|language| [(language, true), (language, false)])
        {
            let translated =
                translator.write(language, checked).unwrap_or_else(|error| panic!("{}: {error}", language.name()));
            assert!(!translated.is_empty(), "{label}: {}", language.name());
        }
    }
    let dispatch = translate(all.values().next().expect("a shader"), false, Language::Msl).expect("it is translated");
    assert!(String::from_utf8(dispatch).expect("text").contains("kernel void main_"));
}

#[test]
fn a_shader_that_cannot_be_translated_is_an_error() {
    let wrong = Shader::new("wrong", "@compute @workgroup_size(1) fn main() { missing(); }");
    for language in Language::ALL {
        let error = translate(&wrong, true, language).expect_err("it is wrong").to_string();
        assert!(error.starts_with("shader `wrong`: it is not valid WGSL"), "{error}");
    }
}

/// Where `spirv-val` is on the PATH, it accepts every module.
#[test]
fn every_module_is_valid_spirv() {
    if Command::new("spirv-val").arg("--version").output().is_err() {
        println!("spirv-val is not on the PATH: not checked");
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (label, shader) in shaders() {
        let translator = Translator::new(&shader).expect("it is valid");
        for checked in [true, false] {
            let path = folder.path().join("module.spv");
            let module = translator.write(Language::Spirv, checked).expect("it is translated");
            std::fs::write(&path, module).expect("the temporary folder takes a file");
            let output =
                Command::new("spirv-val").args(["--target-env", "vulkan1.3"]).arg(&path).output().expect("it runs");
            assert!(output.status.success(), "{label}, {checked}: {}", String::from_utf8_lossy(&output.stdout));
        }
    }
}

/// Debian's `spirv-val` is older than this extension: naga's validator is the only judge without a card.
#[test]
fn products_by_cooperative_matrices_are_valid() {
    let shaders = cooperative_shaders();
    assert!(shaders.len() > 100, "where have the products gone?");
    for (label, shader) in shaders {
        let module = translate(&shader, false, Language::Spirv).unwrap_or_else(|error| panic!("{label}: {error}"));
        assert!(!module.is_empty());
    }
}

/// All places that a block stores to.
fn stores(block: &Block, found: &mut Vec<Handle<Expression>>) {
    for statement in block.iter() {
        match statement {
            Statement::Store { pointer, .. } => found.push(*pointer),
            Statement::Block(inner) => stores(inner, found),
            Statement::If { accept: first, reject: second, .. }
            | Statement::Loop { body: first, continuing: second, .. } => {
                stores(first, found);
                stores(second, found);
            }
            Statement::Switch { cases, .. } => cases.iter().for_each(|case| stores(&case.body, found)),
            _ => {}
        }
    }
}

/// Whether a function writes a component of a vector, or a column of a matrix, whose number is known only at run time.
fn writes_components_by_index(module: &Module, function: &Function, info: &FunctionInfo) -> bool {
    let has_components = |pointer: Handle<Expression>| match info[pointer].ty.inner_with(&module.types) {
        TypeInner::Pointer { base, .. } => {
            matches!(module.types[*base].inner, TypeInner::Vector { .. } | TypeInner::Matrix { .. })
        }
        TypeInner::ValuePointer { size, .. } => size.is_some(),
        _ => false,
    };
    let mut places = Vec::new();
    stores(&function.body, &mut places);
    places.into_iter().any(|mut place| {
        loop {
            match function.expressions[place] {
                Expression::Access { base, .. } if has_components(base) => return true,
                Expression::Access { base, .. } | Expression::AccessIndex { base, .. } => place = base,
                _ => return false,
            }
        }
    })
}

fn any_function_writes_components_by_index(source: &str) -> bool {
    let module = naga::front::wgsl::parse_str(source).expect("valid WGSL");
    let info = Validator::new(ValidationFlags::all(), Capabilities::SHADER_FLOAT16_IN_FLOAT32)
        .validate(&module)
        .expect("valid WGSL");
    let mut entries = module.entry_points.iter().enumerate();
    module.functions.iter().any(|(handle, function)| writes_components_by_index(&module, function, &info[handle]))
        || entries.any(|(at, entry)| writes_components_by_index(&module, &entry.function, info.get_entry_point(at)))
}

/// The older compiler of DirectX 12 (FXC) keeps vectors and matrices in registers, which it cannot number at run time: it unrolls the loop
/// around such a write (X3500), and gives up where it cannot (X3511). Arrays lie in indexable registers and may be written so.
#[test]
fn no_component_of_a_vector_is_written_by_an_index_known_only_at_run_time() {
    for (label, shader) in shaders() {
        assert!(!any_function_writes_components_by_index(&shader.wgsl()), "{label}");
    }
    let writing = |declared: &str, written: &str| {
        any_function_writes_components_by_index(&format!(
            "@group(0) @binding(0) var<storage, read_write> x: array<f32>;
            fn f(i: u32) -> f32 {{ var v: {declared}; for (var j = 0u; j < i; j++) {{ {written} = x[j]; }} return x[0]; }}
            @compute @workgroup_size(1) fn main(@builtin(local_invocation_index) i: u32) {{ x[0] = f(i); }}"
        ))
    };
    assert!(writing("vec4<f32>", "v[j]") && writing("array<vec2<f32>, 3>", "v[1][j]"));
    assert!(writing("mat2x2<f32>", "v[j].x") && writing("array<mat2x2<f32>, 2>", "v[j][j].y"));
    assert!(
        !writing("array<f32, 4>", "v[j]") && !writing("array<vec2<f32>, 3>", "v[j].y") && !writing("vec2<f32>", "v.x")
    );
}
