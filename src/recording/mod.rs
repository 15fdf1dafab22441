//! Plans as files: what any implementation of WebGPU can replay, without Rust. `docs/plan-format.md` is the page for whoever writes
//! another executor; `web/replay.js` is one.

mod contents;
mod error;
mod file;
#[cfg(any(fuzzing, test))]
pub mod fuzzing;
mod memory;
mod needs;
mod read;
mod recorder;

pub use error::RecordingError;
pub use file::{
    Access, Dispatch, Element, FORMAT, File, Model, Named, PLAN, Place, Plan, Recording, Region, Shader, ShaderBinding,
    Slot, Start, Stored, StoredAs, VERSION,
};
pub use memory::{MEMORY, Memory};
pub use needs::{Family, Needs, WEBGPU_LARGEST_BUFFER};
pub use recorder::Recorder;
