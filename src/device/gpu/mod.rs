//! The wgpu executor: runs a plan as compute dispatches on any adapter (Vulkan, Metal, DirectX 12).

mod adapter;
mod executor;
mod guard;
mod interface;
mod kept;
mod memory;
mod opened;
mod pace;
mod pipelines;
mod readback;
mod stamped;
mod timestamps;
#[cfg(feature = "translate")]
mod translate;
pub mod tuning;

pub(crate) use adapter::largest_buffer;
pub use adapter::{AdapterEntry, adapters};
pub use executor::{GpuExecutor, GpuOptions};
pub use guard::Guarded;
pub use interface::{ShaderError, ShaderProblem, check_shader};
#[cfg(feature = "translate")]
pub use translate::{Language, Translator, translate};
