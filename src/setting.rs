//! What a setting is: its key, its meaning and what it may be, each told once and where the setting lives.
//!
//! `settings_table!` declares a table of settings: the struct, its defaults and their description come from one text.
//! The checks, the messages, `wgpu-simvae settings` and `docs/settings.md` all read it.

use toml::{Table, Value};

/// The description of one setting.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// Its key, below the key of its table.
    pub key: &'static str,
    /// What it means, with its unit.
    pub about: &'static str,
    /// What it may be.
    pub allowed: Allowed,
}

/// A struct of settings that `settings_table!` made.
pub trait Described {
    /// The key of its table, such as `augment.jitter`; empty at the root.
    const TABLE: &'static str;
    /// Its settings, in their order.
    const SETTINGS: &'static [Setting];
}

/// What a setting may be.
#[derive(Clone, Copy, Debug)]
pub enum Allowed {
    /// A real number from `low` to `high`, and zero where that turns something off. Within these, every number of a first step is
    /// finite in single precision.
    Real {
        /// The least, above zero.
        low: f64,
        /// The most.
        high: f64,
        /// Whether zero is allowed too.
        zero: bool,
    },
    /// A part of a whole from 0 to this, such as a probability.
    Part(f64),
    /// Two real numbers, the lower one first.
    Span {
        /// The least.
        low: f64,
        /// The most.
        high: f64,
    },
    /// A whole number.
    Whole {
        /// The least.
        low: u64,
        /// The most.
        high: u64,
        /// Of which only every second one from `low` on is allowed.
        every_second: bool,
    },
    /// The widths of layers: so many layers at least, at most [`DEEPEST`], each of 1 to [`WIDEST`].
    Widths(usize),
    /// One of these words.
    Words(fn() -> Vec<&'static str>),
    /// True or false.
    Switch,
    /// Any text.
    Text,
    /// A table of settings, which is described where it is declared.
    Table,
}

/// Widest layer: the number of parameters between two such layers still fits the address space.
pub const WIDEST: u64 = 1 << 20;
/// Layers of an MLP, at most.
pub const DEEPEST: usize = 64;

impl Allowed {
    /// A real number between two positive ones.
    pub const fn real(low: f64, high: f64) -> Self {
        Self::Real { low, high, zero: false }
    }

    /// The weight of a term, which zero turns off.
    pub const fn weight() -> Self {
        Self::Real { low: 1e-6, high: 1e6, zero: true }
    }

    /// How strongly something is changed, from not at all on.
    pub const fn strength() -> Self {
        Self::Real { low: 1e-6, high: 1e3, zero: true }
    }

    /// A probability.
    pub const fn probability() -> Self {
        Self::Part(1.0)
    }

    /// A whole number from `low` to `high`.
    pub const fn whole(low: u64, high: u64) -> Self {
        Self::Whole { low, high, every_second: false }
    }

    /// A whole number from `low` on.
    pub const fn at_least(low: u64) -> Self {
        Self::whole(low, u64::MAX)
    }

    /// Every second whole number from `low` to `high`: all are even, or all are odd.
    pub const fn every_second(low: u64, high: u64) -> Self {
        Self::Whole { low, high, every_second: true }
    }

    /// Whether a value may be this, given that its type is right.
    pub fn contains(&self, value: &Value) -> bool {
        let within = |low: u64, high: u64, value: &Value| {
            value
                .as_integer()
                .and_then(|whole| u64::try_from(whole).ok())
                .is_some_and(|whole| (low..=high).contains(&whole))
        };
        match self {
            Self::Real { low, high, zero } => {
                real(value).is_some_and(|value| (*low..=*high).contains(&value) || (*zero && value == 0.0))
            }
            Self::Part(high) => real(value).is_some_and(|value| (0.0..=*high).contains(&value)),
            Self::Span { low, high } => match value.as_array().map(Vec::as_slice) {
                Some([first, last]) => real(first)
                    .zip(real(last))
                    .is_some_and(|(first, last)| *low <= first && first <= last && last <= *high),
                _ => false,
            },
            Self::Whole { low, high, every_second } => {
                within(*low, *high, value)
                    && (!every_second || value.as_integer().is_some_and(|whole| whole.unsigned_abs() % 2 == low % 2))
            }
            Self::Widths(least) => value.as_array().is_some_and(|widths| {
                (*least..=DEEPEST).contains(&widths.len()) && widths.iter().all(|width| within(1, WIDEST, width))
            }),
            Self::Words(words) => value.as_str().is_some_and(|word| words().contains(&word)),
            Self::Switch => value.is_bool(),
            Self::Text => value.is_str(),
            Self::Table => value.is_table(),
        }
    }

    /// The same in words, as in `0, or between 1e-6 and 1e6`.
    pub fn about(&self) -> String {
        match self {
            Self::Real { low, high, zero } => {
                format!("{}between {low:e} and {high:e}", if *zero { "0, or " } else { "" })
            }
            Self::Part(high) => format!("between 0 and {high}"),
            Self::Span { low, high } => format!("[low, high] with {low:?} <= low <= high <= {high:?}"),
            Self::Whole { low, high: u64::MAX, .. } => format!("at least {}", thousands(*low)),
            Self::Whole { low, high, every_second } => {
                let kind = match (every_second, low % 2) {
                    (false, _) => "",
                    (true, 0) => "an even number ",
                    (true, _) => "an odd number ",
                };
                format!("{kind}between {} and {}", thousands(*low), thousands(*high))
            }
            Self::Widths(0) => format!("at most {DEEPEST} layers, each 1 to {} wide", thousands(WIDEST)),
            Self::Widths(least) => format!("{least} to {DEEPEST} layers, each 1 to {} wide", thousands(WIDEST)),
            Self::Words(words) => format!("one of {}", words().join(", ")),
            Self::Switch => "true or false".to_owned(),
            Self::Text => "text".to_owned(),
            Self::Table => "a table".to_owned(),
        }
    }
}

/// Where the keys of a described struct are in a table of all settings.
pub fn path(table: &str, key: &str) -> String {
    if table.is_empty() { key.to_owned() } else { format!("{table}.{key}") }
}

/// The value at a path of keys, as far as there is one.
pub fn at<'a>(table: &'a Table, path: &str) -> Option<&'a Value> {
    let mut keys = path.split('.');
    let first = table.get(keys.next()?)?;
    keys.try_fold(first, |value, key| value.get(key))
}

fn real(value: &Value) -> Option<f64> {
    value.as_float().or_else(|| value.as_integer().map(|whole| whole as f64))
}

/// A whole number, its digits in threes.
pub fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Declares a struct of settings below a key: `FIELD: TYPE = DEFAULT => ALLOWED`, each with its meaning as the documentation comment.
macro_rules! settings_table {
    (
        $(#[$outer:meta])*
        pub struct $name:ident($table:literal) {
            $(
                $(#[doc = $doc:literal])+
                pub $field:ident: $kind:ty = $default:expr => $allowed:expr,
            )*
        }
    ) => {
        $(#[$outer])*
        #[derive(Clone, Debug, PartialEq, ::serde::Serialize, ::serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct $name {
            $($(#[doc = $doc])+ pub $field: $kind,)*
        }

        impl Default for $name {
            fn default() -> Self {
                Self { $($field: $default,)* }
            }
        }

        impl $crate::setting::Described for $name {
            const TABLE: &'static str = $table;
            const SETTINGS: &'static [$crate::setting::Setting] = {
                #[allow(unused_imports, reason = "a table may be empty")]
                use $crate::setting::Allowed;
                &[$(
                    $crate::setting::Setting {
                        key: stringify!($field),
                        about: concat!($($doc),+),
                        allowed: $allowed,
                    },
                )*]
            };
        }
    };
}

pub(crate) use settings_table;
