//! `wgpu-simvae shaders`

use crate::Failure;
use clap::Args;
use std::path::PathBuf;
use wgpu_simvae::console::print;
use wgpu_simvae::files::write_atomically;
use wgpu_simvae::kernels::registry::shaders;

#[derive(Debug, Args)]
pub struct ShadersArguments {
    /// Folder to write to.
    #[arg(long)]
    out: PathBuf,
}

pub fn main(arguments: &ShadersArguments) -> Result<(), Failure> {
    let all = shaders();
    for (label, shader) in &all {
        let path = arguments.out.join(format!("{label}.wgsl"));
        write_atomically(&path, shader.wgsl().as_bytes())?;
    }
    print(format_args!("{} shaders in {}", all.len(), arguments.out.display()));
    Ok(())
}
