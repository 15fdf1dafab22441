//! Networks: layers that emit their dispatches into a graph.

mod backbone;
mod batch_norm;
mod conv;
mod linear;
mod mlp;
mod module;
mod networks;
mod official;
mod params;
mod pool;
mod residual;
mod resnet;
mod winograd;

pub use backbone::{BACKBONES, Backbone, Kind, ModelConfig, names};
pub use batch_norm::{BatchNorm2d, Then};
pub use conv::{Conv2d, ConvSettings, ConvTranspose2d};
pub use linear::Linear;
pub use mlp::{Mlp, MlpBackbone};
pub use module::{Mode, Module, Pass};
pub use networks::{Networks, Sizes};
pub use official::{ConvDecoder, ConvEncoder, DecoderShortcuts, OfficialConv};
pub use params::{Init, Param, ParamMemory, ParamSpec, Params};
pub use pool::{MaxPool2d, average_pool};
pub use residual::{BasicBlock, DecoderBlock, Shortcut};
pub use resnet::{ResNet18, ResNetBackbone};
