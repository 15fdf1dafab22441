//! All judges, in the order in which they judge and stand in the tables. Each is a file here, and a line below.

mod held_out;
mod mixture;
mod neighbours;
mod probes;
mod reconstruction;
mod style;
mod variances;

pub use held_out::{Bound, Evidence, HeldOut, Likelihood, Prior};
pub use mixture::{Clusters, Mixture};
pub use neighbours::{CosineNeighbours, EuclideanNeighbours, Nearest};
pub use probes::{Accuracy, Converged, ConvergedProbe, LinearProbe, MlpProbe};
pub use reconstruction::Reconstruction;
pub use style::{Factor, Score, Style};
pub use variances::Variances;

use super::judge::{Entry, Section, entry};

pub(super) const ALL: [Entry; 11] = [
    entry::<LinearProbe>(),
    entry::<ConvergedProbe>(),
    entry::<MlpProbe>(),
    entry::<EuclideanNeighbours>(),
    entry::<CosineNeighbours>(),
    entry::<Mixture>(),
    entry::<Style>(),
    entry::<HeldOut>(),
    entry::<Reconstruction>(),
    entry::<Bound>(),
    entry::<Variances>(),
];

/// Scores of the classes.
const CONTENT: Section = Section {
    title: "Content",
    about: "Accuracy in percent on the test images. `last` and `best` are of Adam's epochs, as in the paper; `best` is optimistic: the \
            test images chose the epoch. `converged` is logistic regression on standardised representations, at its minimum.",
};

/// Scores of decoders.
const GENERATION: Section = Section {
    title: "Generation",
    about: "Reconstructions of the test images from the posterior mean, and the bound on views of them in nats, with all \
            constants. A uniform content has no density: its bound is relative to one of a standard normal's height.",
};
