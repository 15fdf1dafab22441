//! `wgpu-simvae shaders`

use crate::Failure;
#[cfg(not(feature = "translate"))]
use crate::no_translation::{Language, translate};
use clap::Args;
use std::path::PathBuf;
use wgpu_simvae::console::print;
#[cfg(feature = "translate")]
use wgpu_simvae::device::gpu::{Language, translate};
use wgpu_simvae::files::write_atomically;
use wgpu_simvae::kernels::registry::shaders;

#[derive(Debug, Args)]
pub struct ShadersArguments {
    /// Language to write them in: wgsl, and with the feature `translate` spirv, msl, hlsl or glsl.
    #[arg(long, default_value = "wgsl")]
    language: Language,
    /// Folder to write to; `shaders-LANGUAGE` unless told.
    #[arg(long)]
    out: Option<PathBuf>,
}

pub fn main(arguments: &ShadersArguments) -> Result<(), Failure> {
    let language = arguments.language;
    let out = arguments.out.clone().unwrap_or_else(|| format!("shaders-{}", language.name()).into());
    let all = shaders();
    for (label, shader) in &all {
        let path = out.join(format!("{label}.{}", language.extension()));
        write_atomically(&path, &translate(shader, false, language)?)?;
    }
    print(format_args!("{} shaders in {}", all.len(), out.display()));
    Ok(())
}
