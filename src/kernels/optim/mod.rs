//! The step's clock and the optimiser.

pub mod accumulate;
pub mod adam;
pub mod clock;
pub mod loss_scale;
