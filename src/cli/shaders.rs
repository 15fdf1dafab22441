//! `wgpu-simvae shaders`

use super::Failure;
use crate::kernels::registry::shaders;
use anyhow::Context;
use clap::Args;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(super) struct ShadersArguments {
    /// Folder to write to.
    #[arg(long)]
    out: PathBuf,
}

pub(super) fn main(arguments: &ShadersArguments) -> Result<(), Failure> {
    let all = shaders();
    for (label, shader) in &all {
        let path = arguments.out.join(format!("{label}.wgsl"));
        let folder = path.parent().unwrap_or(&arguments.out);
        std::fs::create_dir_all(folder).with_context(|| format!("{}: cannot be created", folder.display()))?;
        std::fs::write(&path, shader.wgsl()).with_context(|| format!("{}: cannot be written", path.display()))?;
    }
    println!("{} shaders in {}", all.len(), arguments.out.display());
    Ok(())
}
