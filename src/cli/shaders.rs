//! `wgpu-simvae shaders`

use super::Failure;
use crate::console::print;
use crate::files::write_atomically;
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
        write_atomically(&path, shader.wgsl().as_bytes())
            .with_context(|| format!("{}: cannot be written", path.display()))?;
    }
    print(format_args!("{} shaders in {}", all.len(), arguments.out.display()));
    Ok(())
}
