//! How fast a training step is, and where its time goes: measured on any device, beside what that device can do at most, or modelled for
//! cards that are not here.

mod ceilings;
mod measure;
mod report;
#[cfg(feature = "report")]
mod table;
mod trace;

pub use ceilings::{Ceilings, ceilings};
pub use measure::{Effort, measure, model};
pub use report::{Dispatched, Measured, Report, Setting, Speed, Tested};
pub use trace::trace;
