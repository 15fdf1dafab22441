//! A run apart from its data set, which need not be there: it looks at any pictures.

use super::open::Trained;
use super::progress::Progress;
use crate::data::{Dataset, Fitting, Found, Identity, Images, Pictures};
use crate::device::Device;
use crate::run_folder::{Checkpoint, OpenError, Saved, Which};
use crate::settings::{Config, Recipe};
use std::path::{Path, PathBuf};

/// A run's settings, what its images are like, and a checkpoint.
pub struct Apart {
    /// The run's settings.
    pub config: Config,
    data: Identity,
    /// How pictures become what its networks take.
    pub fitting: Fitting,
    checkpoint: Checkpoint,
    passed_over: Vec<String>,
}

impl Apart {
    /// Reads what a run folder says, and a checkpoint.
    ///
    /// # Errors
    /// When there is no run or no checkpoint, a file is damaged, or the run is of a version that did not note what its images are like.
    pub fn open(run: &Path, which: Which) -> Result<Self, OpenError> {
        let (config, record) = Saved::recorded(run, ", and looks at its own data alone")?;
        let (checkpoint, passed_over) = Saved::checkpoint(run, Some(&record), which)?;
        let data = record.data;
        let fitting = Fitting::new(&data, &config.data.file_options())?;
        Ok(Self { config, data, fitting, checkpoint, passed_over })
    }

    /// Checksum of the checkpoint's weights: representations of others do not stand beside its own.
    pub fn weights(&self) -> &str {
        &self.checkpoint.weights
    }

    /// Reads picture files, and the pictures in folders, as the networks take them.
    ///
    /// # Errors
    /// When none can be read.
    pub fn read(&self, paths: &[PathBuf], progress: &mut dyn Progress) -> Result<Pictures, OpenError> {
        Ok(Pictures::read(Found::below(paths), &self.fitting, &mut |done, of| progress.decoded(done, of))?)
    }

    /// Loads the checkpoint, with pictures in the place of test images, and others in the place of training images; where there are
    /// none, the first picture is there.
    ///
    /// # Errors
    /// When the pictures are not as the networks take them, the checkpoint is of other networks, or the device is too small.
    pub fn load(self, pictures: Images, beside: Option<Images>, device: &Device) -> Result<Trained, OpenError> {
        let beside = beside.unwrap_or_else(|| {
            let mut first = pictures.clone();
            first.truncate(1);
            first
        });
        let data = Dataset::new(&self.data.name, beside, pictures)?;
        Trained::with_checkpoint((self.checkpoint, self.passed_over), &Recipe::new(&self.config)?, data, device)
    }
}
