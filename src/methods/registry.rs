//! One line per method.

use super::cr_vae::CrVae;
use super::random::Random;
use super::simclr::SimClr;
use super::simvae::SimVae;
use super::supervised::Supervised;
use super::vae::{BetaVae, Vae};
use super::vicreg::VicReg;
use super::{Example, Facts, Golden, Method, Needs, Objective};
use crate::setting::Setting;
use std::sync::Arc;
use toml::Table;

/// Every method, in the order of the paper's tables.
pub static METHODS: &[Entry] = &[
    entry::<Random>(),
    entry::<SimClr>(),
    entry::<VicReg>(),
    entry::<Vae>(),
    entry::<BetaVae>(),
    entry::<CrVae>(),
    entry::<SimVae>(),
    entry::<Supervised>(),
];

/// A method without its type.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// The name, as in the settings.
    pub name: &'static str,
    /// Who it is from, and what it does.
    pub about: &'static str,
    /// How many views and images it takes.
    pub needs: Needs,
    /// What the names of its golden cases begin with.
    pub golden_names: &'static [&'static str],
    /// The key of its table.
    pub table: &'static str,
    /// Its settings.
    pub settings: &'static [Setting],
    defaults: fn() -> Result<Table, toml::ser::Error>,
    read: fn(Table) -> Result<Arc<dyn Objective>, toml::de::Error>,
    golden: fn(&Facts) -> Golden<Arc<dyn Objective>>,
    examples: fn() -> Vec<Example<Arc<dyn Objective>>>,
}

/// Finds a method by its name.
pub fn find(name: &str) -> Option<&'static Entry> {
    METHODS.iter().find(|entry| entry.name == name)
}

/// The names of the methods.
pub fn names() -> Vec<&'static str> {
    METHODS.iter().map(|entry| entry.name).collect()
}

const fn entry<M: Method>() -> Entry {
    Entry {
        name: M::NAME,
        about: M::ABOUT,
        needs: M::NEEDS,
        golden_names: M::GOLDEN,
        table: M::TABLE,
        settings: M::SETTINGS,
        defaults: || Table::try_from(M::default()),
        read: |table| Ok(Arc::new(table.try_into::<M>()?)),
        golden: |facts| {
            let Golden { method, views, terms, summed } = M::golden(facts);
            Golden { method: Arc::new(method), views, terms, summed }
        },
        examples: || {
            let shared = |Example { name, views, likelihood, projector, method }| {
                let method: Arc<dyn Objective> = Arc::new(method);
                Example { name, views, likelihood, projector, method }
            };
            M::examples().into_iter().map(|example: Example<M>| shared(example)).collect()
        },
    }
}

impl Entry {
    /// Its settings as they are where nobody sets them.
    ///
    /// # Errors
    /// When one of them cannot be written in TOML.
    pub fn defaults(&self) -> Result<Table, toml::ser::Error> {
        (self.defaults)()
    }

    /// The objective with the settings of its table.
    ///
    /// # Errors
    /// When a setting is missing, unknown or of another type.
    pub fn objective(&self, table: Table) -> Result<Arc<dyn Objective>, toml::de::Error> {
        (self.read)(table)
    }

    /// The method of a golden case with these facts.
    pub fn golden(&self, facts: &Facts) -> Golden<Arc<dyn Objective>> {
        (self.golden)(facts)
    }

    /// Small cases for the gradient checks.
    pub fn examples(&self) -> Vec<Example<Arc<dyn Objective>>> {
        (self.examples)()
    }
}
