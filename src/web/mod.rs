//! The page that trains in a browser (`web/`), as a folder of static files with plans to choose from, and a server of it for this machine
//! alone, which takes what another page of ours sends back, too.

mod choices;
mod earlier;
mod error;
mod own;
mod page;
mod serve;

pub use error::WebError;
pub use own::{CHECKS, Own, REPLAYER};
pub use page::{Page, Run};
pub use serve::{Site, serve};
