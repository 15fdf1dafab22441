//! Every file is used, and the other WebGPU compiler agrees. That every permutation is valid and declares what its Rust side binds:
//! `interface.rs`, `translation.rs`.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use wgpu_simvae::kernels::product::Tile;
use wgpu_simvae::kernels::registry::{examples, shaders};
use wgpu_simvae::kernels::{Shader, Tuning};

/// Products by cooperative matrices, which no adapter of a test machine may have: every tile of every product in half precision.
pub fn cooperative_shaders() -> BTreeMap<String, Shader> {
    let halves = examples().into_iter().filter(|kernel| kernel.product().is_some_and(|product| product.is_half()));
    let by = |tile| Tuning { tile: Some(tile), cooperative: true, ..Tuning::default() };
    let shaders = halves.flat_map(|kernel| Tile::COOPERATIVE.map(|tile| kernel.launch(&by(tile)).shader));
    shaders.map(|shader| (shader.label(), shader)).collect()
}

/// A file that no example uses is not tested, and perhaps not needed.
#[test]
fn every_file_is_part_of_an_example() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("shaders");
    let all = shaders().into_values().chain(cooperative_shaders().into_values());
    let sources: Vec<String> = all.map(|shader| shader.wgsl()).collect();
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
