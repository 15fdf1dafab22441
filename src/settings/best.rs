//! What makes one judgement of a run better than another.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Which score of a judgement says how good a checkpoint is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Best {
    /// None: no best checkpoint is kept.
    #[default]
    Off,
    /// The accuracy of nearest neighbours: more is better.
    Knn,
    /// The accuracy of the linear probe: more is better.
    Linear,
    /// The loss of held-out images: less is better.
    HeldOut,
}

impl Best {
    /// The words for it in settings.
    pub fn names() -> Vec<&'static str> {
        vec!["off", "knn", "linear", "held-out"]
    }

    /// Whether it needs to know the classes of images.
    pub fn needs_classes(self) -> bool {
        matches!(self, Self::Knn | Self::Linear)
    }

    /// Whether one score is better than another.
    pub fn is_better(self, score: f64, than: f64) -> bool {
        if self == Self::HeldOut { score < than } else { score > than }
    }
}

impl fmt::Display for Best {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Off => "off",
            Self::Knn => "knn",
            Self::Linear => "linear",
            Self::HeldOut => "held-out",
        })
    }
}
