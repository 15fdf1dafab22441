//! What the networks of every method are made of, and one line per kind.

use super::mlp::MlpBackbone;
use super::official::OfficialConv;
use super::resnet::ResNetBackbone;
use super::{Module, Params};
use crate::setting::settings_table;
use std::fmt::Debug;
use std::sync::Arc;

/// What makes encoders and decoders. Anything that implements it can be trained; the settings know those of [`BACKBONES`].
pub trait Backbone: Debug + Send + Sync {
    /// Declares an encoder of images `[channels, height, width]` to `outputs`; the names of its parameters begin with `name`.
    fn encoder(&self, params: &mut Params, name: &str, image: [usize; 3], outputs: usize) -> Arc<dyn Module>;

    /// Declares a decoder of latents to the logits of an image's pixels.
    fn decoder(&self, params: &mut Params, name: &str, image: [usize; 3], latent: usize) -> Arc<dyn Module>;

    /// The sides of an image must be multiples of this.
    fn grid(&self) -> usize {
        1
    }
}

settings_table! {
    /// The networks.
    pub struct ModelConfig("model") {
        /// What encoder and decoder are made of. All but `mlp` need images whose sides are multiples of 16.
        pub kind: String = "mlp".to_owned() => Allowed::Words(names),
        /// Latent size L, the width of the representation.
        pub latent: usize = 10 => Allowed::whole(1, crate::setting::WIDEST),
        /// Widths of an MLP encoder's hidden layers; the decoder mirrors them.
        pub hidden: Vec<usize> = vec![2000, 500, 500] => Allowed::Widths(1),
        /// Channels of a convolutional encoder's first layer; the other layers' are multiples of it.
        pub width: usize = 64 => Allowed::every_second(2, 1 << 10),
    }
}

/// A kind of networks.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// The name, as in `model.kind`.
    pub name: &'static str,
    /// What it is.
    pub about: &'static str,
    /// Makes it, with the sizes that the settings give.
    pub make: fn(&ModelConfig) -> Arc<dyn Backbone>,
}

/// Every kind; a new one is one line.
pub static BACKBONES: &[Kind] = &[
    Kind { name: "mlp", about: "linear layers", make: |model| Arc::new(MlpBackbone { hidden: model.hidden.clone() }) },
    Kind {
        name: "official-conv",
        about: "the convolutional networks of the authors' code",
        make: |model| Arc::new(OfficialConv { width: model.width }),
    },
    Kind {
        name: "resnet18",
        about: "a ResNet-18, and the authors' decoder with all its shortcuts",
        make: |model| Arc::new(ResNetBackbone { width: model.width }),
    },
];

/// The names of the kinds.
pub fn names() -> Vec<&'static str> {
    BACKBONES.iter().map(|kind| kind.name).collect()
}
