//! In the place of the events, in a library without its feature `tensorboard`: there are none.

use crate::data::Images;
use crate::files::FileError;
use crate::run_folder::metrics::Row;
use std::path::Path;

/// A file of events: here, never.
#[derive(Debug)]
pub enum Events {}

impl Events {
    /// Opens nothing.
    pub(super) fn open(_folder: &Path, _step: u64, _test: &Images) -> Result<Option<Self>, FileError> {
        Ok(None)
    }

    /// Never called.
    pub fn row(&mut self, _row: &Row, _images_per_second: f64) -> Result<(), FileError> {
        match *self {}
    }

    /// Never called.
    pub fn picture(&mut self, _step: u64, _png: &[u8]) -> Result<(), FileError> {
        match *self {}
    }

    /// Never called.
    pub fn embedding(&mut self, _mu: &[f32], _width: usize, _test: &Images) -> Result<(), FileError> {
        match *self {}
    }
}
