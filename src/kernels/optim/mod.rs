//! The step's clock and the optimiser.

pub mod adam;
pub mod clock;
