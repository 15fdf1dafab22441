//! Data sets: bytes on the host, ready for the device.
//!
//! [`load`] reads or draws those that have a name; `fetch` downloads some, with the feature of that name. A data set of one's own needs no name here:
//!
//! ```
//! use wgpu_simvae::data::{DataError, Dataset, ImageShape, Images};
//!
//! // Two classes of grey images, dark and bright ones.
//! let shape = ImageShape { channels: 1, height: 4, width: 4 };
//! let classes = ["dark", "bright"].map(str::to_owned);
//! let images = |count: u8| {
//!     let labels: Vec<u8> = (0..count).map(|image| image % 2).collect();
//!     let pixels: Vec<u8> = labels.iter().flat_map(|label| [50 + 100 * label; 16]).collect();
//!     Images::new(shape, pixels, labels, classes.to_vec())
//! };
//! let data = Dataset::new("shades", images(20)?, images(4)?)?;
//! assert_eq!((data.train.len(), data.test.pixels[16]), (20, 150));
//!
//! // Numbers that do not belong together are refused.
//! let refused = Images::new(shape, vec![0; 15], vec![0], classes.to_vec());
//! assert!(matches!(refused, Err(DataError::Inconsistent { .. })));
//! # Ok::<(), DataError>(())
//! ```

mod archive;
mod cache;
mod celeba;
mod cifar;
mod dataset;
mod decode;
mod error;
mod fashion_mnist;
#[cfg(feature = "fetch")]
pub mod fetch;
mod folder;
#[cfg(any(fuzzing, test))]
pub mod fuzzing;
mod held_out;
mod hold;
mod identity;
mod idx;
mod jpeg;
mod listing;
mod mnist;
mod options;
mod pictures;
mod pixels;
mod planes;
mod registry;
mod regular;
mod scan;
mod size;
mod source;
mod sprites;

pub use dataset::{Dataset, ImageShape, Images, UNCLASSED};
pub use error::DataError;
pub use held_out::Judged;
pub use identity::Identity;
pub(crate) use options::too_small;
pub use options::{Corrupt, FileOptions};
pub use pictures::{Fitting, Found, Pictures, listed};
pub use pixels::Pixels;
pub use registry::{family, known, load, load_watched, load_with, named_folder, title};
pub use source::{NoSource, RemoteFile, Source, source};
pub use sprites::{glyph_names, recorded as recorded_sprites};
