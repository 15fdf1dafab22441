//! What can be wrong with settings.

use std::path::PathBuf;

/// Settings that cannot be used. Each message names the key, the value and what to do.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// Text that is not TOML.
    #[error("{origin}: {problem}")]
    Syntax {
        /// File or flag.
        origin: String,
        /// What the parser said.
        problem: String,
    },
    /// A key that does not exist.
    #[error("{origin}: unknown key `{key}`{nearest}")]
    UnknownKey {
        /// File or flag.
        origin: String,
        /// The key's path.
        key: String,
        /// `; did you mean ...?`, or the known keys.
        nearest: String,
    },
    /// A saved file without one of the settings.
    #[error(
        "{origin}: `{key}` is missing: the file was cut, or is older than that setting. Bring it back from a copy, or start a new run"
    )]
    Incomplete {
        /// File.
        origin: String,
        /// The first missing key's path.
        key: String,
    },
    /// A data set with a folder in its name, and another folder.
    #[error(
        "the data are to be read from {one} and from {other}: name one, with --data folder:PATH or with --data folder --data-dir DIR"
    )]
    TwoFolders {
        /// The one in the name.
        one: PathBuf,
        /// The one of --data-dir or data.dir.
        other: PathBuf,
    },
    /// A value of the wrong type, or none of the allowed words.
    #[error("{origin}: {problem}")]
    Type {
        /// File or flag.
        origin: String,
        /// What is wrong.
        problem: String,
    },
    /// A value outside its range.
    #[error("{key} = {value}: {fix}")]
    Value {
        /// The key's path.
        key: String,
        /// The value.
        value: String,
        /// What is allowed.
        fix: String,
    },
    /// Images that the networks cannot return to.
    #[error(
        "model.kind = {kind}: images of {data} are {height} x {width}, and the decoder's sides are multiples of {multiple}: use model.kind = mlp, or other images"
    )]
    ImageSize {
        /// The networks.
        kind: String,
        /// The data set.
        data: String,
        /// Height of its images.
        height: usize,
        /// Width of its images.
        width: usize,
        /// What both must be multiples of.
        multiple: usize,
    },
    /// No such preset.
    #[error("preset `{name}`: there is no such preset; choose one of {known}")]
    UnknownPreset {
        /// What was asked for.
        name: String,
        /// What there is.
        known: String,
    },
}

impl ConfigError {
    /// What a reader or a writer of TOML said.
    pub(super) fn wrong_type(origin: &str, problem: impl ToString) -> Self {
        Self::Type { origin: origin.to_owned(), problem: problem.to_string().trim().to_owned() }
    }

    /// A name that none of the known ones is.
    pub(super) fn unknown(key: &str, name: &str, known: &[&str]) -> Self {
        Self::Value { key: key.to_owned(), value: name.to_owned(), fix: format!("one of {}", known.join(", ")) }
    }
}
