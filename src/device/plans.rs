//! The plans that an executor has loaded, and the work that it made of each.

use super::DeviceError;
use crate::plan::{Layout, Plan, PlanId};
use std::collections::BTreeMap;
use std::ops::Range;

/// Plans, each with a piece of work for every dispatch, and with what else an executor knows of it.
pub(super) struct Plans<W, K = ()> {
    /// The executor's device, for messages.
    device: String,
    loaded: BTreeMap<PlanId, Loaded<W, K>>,
}

struct Loaded<W, K> {
    plan: Plan,
    work: Vec<W>,
    known: K,
}

impl<W, K> Plans<W, K> {
    /// None yet.
    pub fn new(device: &str) -> Self {
        Self { device: device.to_owned(), loaded: BTreeMap::new() }
    }

    /// Refuses a plan that is wrong or of another layout, or is here already.
    pub fn check(&self, plan: &Plan, layout: &Layout) -> Result<(), DeviceError> {
        plan.check_places(layout)?;
        match self.loaded.contains_key(&plan.id) {
            true => Err(self.failed(format!("plan {} is loaded already", plan.id.0))),
            false => Ok(()),
        }
    }

    /// Keeps a plan with its work and what is known of it.
    pub fn insert(&mut self, plan: Plan, work: Vec<W>, known: K) -> PlanId {
        let id = plan.id;
        self.loaded.insert(id, Loaded { plan, work, known });
        id
    }

    /// Forgets a plan.
    pub fn remove(&mut self, id: PlanId) {
        self.loaded.remove(&id);
    }

    /// A plan that is here.
    pub fn plan(&self, id: PlanId) -> Result<&Plan, DeviceError> {
        self.get(id).map(|loaded| &loaded.plan)
    }

    /// The work of all dispatches of a plan.
    pub fn all(&self, id: PlanId) -> Result<Range<usize>, DeviceError> {
        self.get(id).map(|loaded| 0..loaded.work.len())
    }

    /// The work of a stretch of a plan's dispatches.
    pub fn part(&self, id: PlanId, dispatches: Range<usize>) -> Result<&[W], DeviceError> {
        let work = &self.get(id)?.work;
        let missing = || self.failed(format!("there are no dispatches {dispatches:?} in a plan of {}", work.len()));
        work.get(dispatches.clone()).ok_or_else(missing)
    }

    /// What is known of a plan, to be changed.
    pub fn known(&mut self, id: PlanId) -> Result<&mut K, DeviceError> {
        let Self { device, loaded } = self;
        loaded.get_mut(&id).map(|loaded| &mut loaded.known).ok_or_else(|| not_loaded(device, id))
    }

    fn get(&self, id: PlanId) -> Result<&Loaded<W, K>, DeviceError> {
        self.loaded.get(&id).ok_or_else(|| not_loaded(&self.device, id))
    }

    fn failed(&self, message: String) -> DeviceError {
        DeviceError::Failed { device: self.device.clone(), message }
    }
}

fn not_loaded(device: &str, id: PlanId) -> DeviceError {
    DeviceError::Failed { device: device.to_owned(), message: format!("plan {} was not loaded", id.0) }
}
