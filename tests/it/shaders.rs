//! Every shader permutation is valid WGSL, for naga and for tint, and declares what its Rust side binds.

use std::path::Path;
use std::process::Command;
use wgpu_simvae::kernels::registry::{examples, shaders};
use wgpu_simvae::kernels::{Access, Tuning};

#[test]
fn every_permutation_passes_naga_and_matches_its_bindings() {
    for (kernel, tuning) in examples().iter().flat_map(|kernel| Tuning::ALL.iter().map(move |tuning| (kernel, tuning)))
    {
        let launch = kernel.launch(tuning);
        let label = launch.shader.label();
        let source = launch.shader.wgsl();
        let module = naga::front::wgsl::parse_str(&source)
            .unwrap_or_else(|error| panic!("{label}: {}", error.emit_to_string(&source)));
        let info = naga::valid::Validator::new(naga::valid::ValidationFlags::all(), naga::valid::Capabilities::empty())
            .validate(&module)
            .unwrap_or_else(|error| panic!("{label}: {}", error.emit_to_string(&source)));
        drop(info);

        let mut declared: Vec<(u32, String, naga::AddressSpace)> = module
            .global_variables
            .iter()
            .filter_map(|(_, variable)| {
                let binding = variable.binding.as_ref()?;
                assert_eq!(binding.group, 0, "{label}");
                Some((binding.binding, variable.name.clone().unwrap_or_default(), variable.space))
            })
            .collect();
        declared.sort_by_key(|(binding, ..)| *binding);
        assert_eq!(declared[0].2, naga::AddressSpace::Uniform, "{label}: binding 0");
        let bindings = kernel.bindings();
        assert_eq!(declared.len(), bindings.len() + 1, "{label}: number of bindings");
        for (binding, (index, name, space)) in bindings.iter().zip(&declared[1..]) {
            assert_eq!(binding.name, name, "{label}: binding {index}");
            let writable =
                matches!(space, naga::AddressSpace::Storage { access } if access.contains(naga::StorageAccess::STORE));
            assert_eq!(writable, binding.access != Access::Read, "{label}: access of {name}");
        }
        let uniform = module.global_variables.iter().find(|(_, v)| v.space == naga::AddressSpace::Uniform);
        let size = uniform.map(|(_, v)| module.types[v.ty].inner.size(module.to_ctx()));
        assert!(size.is_some_and(|size| size as usize <= kernel.uniform().len()), "{label}: uniform block {size:?}");
        assert!(
            launch.workgroups.iter().all(|&count| (1..=65_535).contains(&count)),
            "{label}: {:?}",
            launch.workgroups
        );
    }
}

/// A file that no example uses is not tested, and perhaps not needed.
#[test]
fn every_file_is_part_of_an_example() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("shaders");
    let sources: Vec<String> = shaders().values().map(|shader| shader.wgsl()).collect();
    let mut files = Vec::new();
    for rooms in std::fs::read_dir(folder).expect("shaders/ is there") {
        let room = rooms.expect("shaders/ is readable").path();
        files.extend(std::fs::read_dir(room).expect("a folder").map(|file| file.expect("it is readable").path()));
    }
    assert!(files.len() > 40, "{files:?}");
    for file in files {
        let text = std::fs::read_to_string(&file).expect("a shader is text");
        assert!(sources.iter().any(|source| source.contains(&text)), "{} is in no example", file.display());
    }
}

/// Where the `tint` binary is on the PATH, the other WebGPU compiler must agree.
#[test]
fn every_permutation_passes_tint() {
    if Command::new("tint").arg("--version").output().is_err() {
        println!("tint is not on the PATH: not checked");
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (label, shader) in shaders() {
        let path = folder.path().join(format!("{}.wgsl", label.replace('/', "_")));
        std::fs::write(&path, shader.wgsl()).expect("the temporary folder takes a file");
        let output = Command::new("tint").args(["--format", "wgsl"]).arg(&path).output().expect("tint runs");
        assert!(output.status.success(), "{label}:\n{}", String::from_utf8_lossy(&output.stderr));
    }
}
