//! What a method is to the rest of the program.

use super::{Batch, Example, Facts, Forward, Golden, Model};
use crate::kernels::loss::simvae::ContentPrior;
use crate::nn::{Networks, Params, Sizes};
use crate::plan::{Graph, Tensor};
use crate::setting::Described;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt::Debug;

/// What is trained and minimised. Anything that implements it can be trained; a [`Method`] can also be named in the settings.
pub trait Objective: Debug + Send + Sync {
    /// Names of the loss terms, in the log's order.
    fn terms(&self) -> &'static [&'static str];

    /// Declares the networks.
    fn networks(&self, params: &mut Params, sizes: &Sizes<'_>) -> Networks;

    /// Emits forward pass and loss of a step; [`Graph::backward`] then yields the gradients.
    fn emit(&self, g: &mut Graph, model: &Model, batch: &Batch<'_>) -> Forward;

    /// The loss apart from the networks, where it compares images with each other: a part of a step cannot compute it. Else it is a mean over
    /// images, and none.
    fn comparison(&self) -> Option<&dyn Comparison> {
        None
    }

    /// How many of an image's views are the image as it is; the others are augmented.
    fn plain_views(&self) -> usize {
        0
    }

    /// The evidence bound of a view in nats: the weights of the objective taken out, and with all constants that the terms
    /// leave out, but for the likelihood's ([`LikelihoodSettings::constant`](super::LikelihoodSettings::constant)). None where the
    /// method has no likelihood, or a weight of zero hides a part of it.
    fn bound(&self, _means: &TermMeans<'_>) -> Option<f64> {
        None
    }

    /// How latents are distributed before an image is seen.
    fn latents(&self) -> Latents {
        Latents::Normal
    }

    /// What is wrong with its settings, each of which may be right by itself: a switch that is on, and why it cannot be.
    fn conflict(&self) -> Option<(&'static str, &'static str)> {
        None
    }

    /// Whether there is anything to train.
    fn trains(&self) -> bool {
        true
    }

    /// Whether it learns from the labels of images.
    fn needs_labels(&self) -> bool {
        false
    }
}

/// A loss that compares the images of a step with each other.
pub trait Comparison {
    /// Emits the loss of all rows of a step, by what the head makes of them, `z` `[rows, width]`; [`Graph::backward`] then yields the
    /// gradient of `z`.
    fn compare(&self, g: &mut Graph, model: &Model, z: Tensor, views: usize);
}

/// The loss terms over many images.
#[derive(Clone, Copy, Debug)]
pub struct TermMeans<'a> {
    /// The mean of each term, as it is logged.
    pub terms: &'a [f64],
    /// Views of each image, J.
    pub views: usize,
    /// Latent size, L.
    pub latent: usize,
}

/// How latents are distributed before an image is seen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Latents {
    /// Standard normal.
    Normal,
    /// Normal around the content that the views of an image share.
    Around {
        /// The content's distribution.
        content: ContentPrior,
        /// The variance around it.
        variance: f64,
    },
}

impl Latents {
    /// The same with the variance that was learned, where one was.
    pub fn learned(self, variance: Option<f64>) -> Self {
        match (self, variance) {
            (Self::Around { content, .. }, Some(variance)) => Self::Around { content, variance },
            (latents, _) => latents,
        }
    }
}

/// An objective that the settings know by name, with a table of its own: the struct's fields are the settings.
pub trait Method: Objective + Described + Clone + Default + PartialEq + Serialize + DeserializeOwned + 'static {
    /// The name, as in `method = "simvae"`.
    const NAME: &'static str;
    /// Who it is from, and what it does, in a line.
    const ABOUT: &'static str;
    /// How many views and images it takes.
    const NEEDS: Needs = Needs::ANY;
    /// What the names of its golden cases begin with.
    const GOLDEN: &'static [&'static str] = &[];

    /// The method of a golden case with these facts.
    fn golden(_facts: &Facts) -> Golden<Self> {
        Golden { method: Self::default(), views: 1, terms: Vec::new(), summed: false }
    }

    /// Small cases whose every gradient is checked against central differences.
    fn examples() -> Vec<Example<Self>> {
        Vec::new()
    }
}

/// How many views and images a step of a method needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Needs {
    /// Views of each image: at least so many.
    pub fewest_views: usize,
    /// And at most so many.
    pub most_views: usize,
    /// Images of a batch, at least.
    pub fewest_images: usize,
}

impl Needs {
    /// Nothing particular.
    pub const ANY: Self = Self { fewest_views: 1, most_views: usize::MAX, fewest_images: 1 };

    /// What is wrong with so many views or images: the setting's key and the fix.
    pub fn problem(&self, views: usize, images: usize) -> Option<(&'static str, String)> {
        let Self { fewest_views, most_views, fewest_images } = *self;
        if !(fewest_views..=most_views).contains(&views) {
            let fix = match most_views {
                usize::MAX => format!("this method compares the views of an image: at least {fewest_views}"),
                most if most == fewest_views => {
                    format!("this method compares an image with one view of it: exactly {most}")
                }
                most => format!("this method takes {fewest_views} to {most} views of an image"),
            };
            return Some(("views", fix));
        }
        (images < fewest_images).then(|| ("batch", format!("this method compares images: at least {fewest_images}")))
    }
}
