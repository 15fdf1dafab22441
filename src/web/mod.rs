//! The page that trains in a browser (`web/`), as a folder of static files with plans to choose from, and a server of it for this machine
//! alone.

mod choices;
mod error;
mod page;
mod serve;

pub use error::WebError;
pub use page::{Page, Run};
pub use serve::serve;
