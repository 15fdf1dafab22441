//! Networks: layers that emit their dispatches into a graph.

mod linear;
mod mlp;
mod networks;
mod params;

pub use linear::Linear;
pub use mlp::Mlp;
pub use networks::{Networks, Sizes};
pub use params::{Init, Param, ParamMemory, ParamSpec, Params};
