//! Training: the recorded step, the session on a device, the loop and its pictures.

mod apart;
mod blueprint;
pub mod diagnose;
pub mod embeddings;
mod exchange;
mod extend;
mod from;
mod judging;
mod live;
mod open;
mod origin;
mod pictures;
mod planned;
mod progress;
mod run;
mod run_error;
mod session;
mod stream;
mod training;
mod variances;

pub use apart::Apart;
pub use blueprint::{Blueprint, Decoding, JudgedSource, Reconstruction};
pub(crate) use blueprint::{READ_BATCH, image_source};
pub use embeddings::{Embeddings, EmbeddingsError};
pub use exchange::{ExchangeError, export, import};
pub use from::FirstWeights;
pub use open::{Trained, load_data};
pub use planned::{Planned, largest_batch};
pub use progress::{Progress, Silent};
pub use run::{Report, RunOptions, run};
pub use run_error::RunError;
pub(crate) use session::room_for_images;
pub use session::{Embedding, Session};
pub(crate) use stream::Stream;
pub use variances::LearnedVariances;
