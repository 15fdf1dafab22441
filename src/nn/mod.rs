//! Networks: layers that emit their dispatches into a graph.

mod autoencoder;
mod linear;
mod mlp;
mod params;

pub use autoencoder::AutoEncoder;
pub use linear::Linear;
pub use mlp::Mlp;
pub use params::{Init, Param, ParamMemory, ParamSpec, Params};
