//! What a model makes of a split's images, and what is known of them.

use super::{EvalError, Labelled, Rows};
use crate::data::Images;
use crate::measure::with_class;
use crate::train::Embedding;

/// The representations of a split's images, and of those among them that have a class.
#[derive(Clone, Debug)]
pub struct Representation<'a> {
    embedding: &'a Embedding,
    what: &'static str,
    /// Rows and labels of the images with a class, where others have none.
    classed: Option<(Vec<f32>, Vec<u8>)>,
}

impl<'a> Representation<'a> {
    /// Of the first images of a split, as many as were embedded; errors call them `what`.
    pub fn new(what: &'static str, embedding: &'a Embedding, images: &Images) -> Self {
        let classes = images.judged_classes();
        let classed = (classes < images.classes.len())
            .then(|| with_class(&embedding.mu, embedding.latent, &images.labels, classes));
        Self { embedding, what, classed }
    }

    /// Those of all images.
    ///
    /// # Errors
    /// As [`Rows::new`].
    pub fn all(&self) -> Result<Rows<'_>, EvalError> {
        Rows::new(self.what, &self.embedding.mu, self.embedding.latent)
    }

    /// Those of the images that have a class, with their labels. `images` are those that they were made of.
    ///
    /// # Errors
    /// As [`Labelled::new`]; where no image has a class, there are too few.
    pub fn classed<'b>(&'b self, images: &'b Images) -> Result<Labelled<'b>, EvalError> {
        let Embedding { mu, latent, .. } = self.embedding;
        match &self.classed {
            Some((mu, labels)) => Labelled::new(self.what, mu, *latent, labels),
            None => Labelled::new(self.what, mu, *latent, &images.labels[..self.embedding.len().min(images.len())]),
        }
    }
}
