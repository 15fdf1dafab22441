//! How fast a training step is, and where its time goes: measured on any device, beside what that device can do at most, or modelled for
//! cards that are not here.

mod ceilings;
mod measure;
mod report;
mod scaling;
#[cfg(feature = "report")]
mod scaling_table;
#[cfg(feature = "report")]
mod table;
mod trace;

pub use ceilings::{Ceilings, ceilings};
pub use measure::{Effort, measure, model};
pub use report::{Dispatched, Measured, Report, Setting, Speed, Tested};
pub use scaling::{Group, LINKS, Link, Scaling, scaling};
pub use trace::trace;
