//! In the place of the translations, in a program without its feature `translate`: shaders as they are, and how to build one that has them.

use std::str::FromStr;
use wgpu_simvae::device::gpu::ShaderError;
use wgpu_simvae::kernels::Shader;

/// WGSL, the only language here.
#[derive(Clone, Copy, Debug)]
pub struct Language;

impl Language {
    /// Its name in lower case, and how its files end.
    const WGSL: &str = "wgsl";

    /// Its name in lower case.
    pub fn name(self) -> &'static str {
        Self::WGSL
    }

    /// How its files end.
    pub fn extension(self) -> &'static str {
        Self::WGSL
    }
}

impl FromStr for Language {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let lacking = "this program was built with wgsl alone; `cargo build --release --features translate` builds one that knows the others";
        (text == Self::WGSL).then_some(Self).ok_or_else(|| lacking.to_owned())
    }
}

/// The shader's own text.
pub fn translate(shader: &Shader, _checked: bool, _language: Language) -> Result<Vec<u8>, ShaderError> {
    Ok(shader.wgsl().into_bytes())
}
