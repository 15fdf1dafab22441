//! The plans that an executor has loaded, and the work that it made of each.

use super::DeviceError;
use crate::plan::{Layout, Plan, PlanId};
use std::collections::BTreeMap;
use std::ops::Range;

/// Plans, each with a piece of work for every dispatch.
pub(super) struct Plans<W> {
    /// The executor's device, for messages.
    device: String,
    loaded: BTreeMap<PlanId, (Plan, Vec<W>)>,
}

impl<W> Plans<W> {
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

    /// Keeps a plan with its work.
    pub fn insert(&mut self, plan: Plan, work: Vec<W>) -> PlanId {
        let id = plan.id;
        self.loaded.insert(id, (plan, work));
        id
    }

    /// Forgets a plan.
    pub fn remove(&mut self, id: PlanId) {
        self.loaded.remove(&id);
    }

    /// A plan that is here.
    pub fn plan(&self, id: PlanId) -> Result<&Plan, DeviceError> {
        self.get(id).map(|(plan, _)| plan)
    }

    /// The work of all dispatches of a plan.
    pub fn all(&self, id: PlanId) -> Result<Range<usize>, DeviceError> {
        self.get(id).map(|(_, work)| 0..work.len())
    }

    /// The work of a stretch of a plan's dispatches.
    pub fn part(&self, id: PlanId, dispatches: Range<usize>) -> Result<&[W], DeviceError> {
        let (_, work) = self.get(id)?;
        let missing = || self.failed(format!("there are no dispatches {dispatches:?} in a plan of {}", work.len()));
        work.get(dispatches.clone()).ok_or_else(missing)
    }

    fn get(&self, id: PlanId) -> Result<&(Plan, Vec<W>), DeviceError> {
        self.loaded.get(&id).ok_or_else(|| self.failed(format!("plan {} was not loaded", id.0)))
    }

    fn failed(&self, message: String) -> DeviceError {
        DeviceError::Failed { device: self.device.clone(), message }
    }
}
