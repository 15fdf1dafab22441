//! Which checkpoint of a run is meant.

use std::fmt;
use std::str::FromStr;

/// A checkpoint of a run, as people name it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Which {
    /// The newest one that is whole.
    #[default]
    Newest,
    /// The one of the best judgement, which `checkpoint.best` keeps.
    Best,
    /// The one after so many steps.
    Step(u64),
}

impl FromStr for Which {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        match word {
            "newest" => Ok(Self::Newest),
            "best" => Ok(Self::Best),
            step => step.parse().map(Self::Step).map_err(|_| "give newest, best or a step".to_owned()),
        }
    }
}

impl fmt::Display for Which {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Newest => f.write_str("newest"),
            Self::Best => f.write_str("best"),
            Self::Step(step) => write!(f, "{step}"),
        }
    }
}
