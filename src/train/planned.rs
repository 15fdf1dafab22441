//! A run as plans in files: what trains it, looks at it and draws with it wherever there is WebGPU.

use super::blueprint::{Blueprint, READ_BATCH};
use crate::data::Dataset;
use crate::device::DeviceError;
use crate::files::{FileError, write_atomically};
use crate::kernels::common::clock;
use crate::kernels::cost::Machine;
use crate::methods::Latents;
use crate::nn::ParamSpec;
use crate::plan::{Layout, Place, Plan, PlanError, Tensor};
use crate::recording::{File, Model, Recorder, Recording, RecordingError, Stored, StoredAs};
use crate::run_folder::checkpoint::{MODEL, OPTIMISER};
use crate::run_folder::{Checkpoint, CheckpointError};
use crate::settings::{ConfigError, Recipe};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// The file of images, labels and the clock.
pub const DATA: &str = "data.safetensors";

/// The plans of a recipe on a data set.
pub struct Planned {
    /// What goes into the file.
    pub recording: Recording,
    blueprint: Blueprint,
}

impl Planned {
    /// Records the plans that train, encode and, with a generative model, reconstruct and draw so many pictures at a time. All images lie
    /// on the device. `step` is how far the weights have been trained.
    ///
    /// # Errors
    /// When the data are not consistent.
    pub fn new(recipe: &Recipe, data: &Dataset, pictures: usize, step: u64) -> Result<Self, DeviceError> {
        data.check().map_err(|error| DeviceError::Data(error.to_string()))?;
        let blueprint = blueprint(recipe, data);
        let Blueprint { test, state, memory, .. } = &blueprint;
        let mut recorder = Recorder::new(&blueprint.layout);
        if blueprint.objective.trains() {
            recorder.plan("train", &blueprint.training_step()?, &[])?;
        }
        let (plan, encoded) = blueprint.encode(test, READ_BATCH.min(test.images))?;
        recorder.plan("encode", &plan, &[("encoded", encoded)])?;
        if blueprint.model.networks.generative {
            let (plan, found) = blueprint.reconstruct(test, pictures.min(test.images))?;
            recorder.plan("reconstruct", &plan, &[("x", found.x), ("pictures", found.pictures)])?;
            let (plan, found) = blueprint.decode(pictures)?;
            recorder.plan("decode", &plan, &[("z", found.z), ("pictures", found.pictures)])?;
        }
        let named = [
            ("clock", state.clock),
            ("reading clock", blueprint.reading),
            ("losses", blueprint.model.log.losses),
            ("weights", memory.weights),
            ("gradients", memory.gradients),
            ("first moment", memory.first),
            ("second moment", memory.second),
            ("buffers", memory.buffers),
            ("training images", blueprint.train.pixels),
            ("training labels", blueprint.labels),
            ("test images", test.pixels),
            ("test labels", blueprint.test_labels),
        ];
        for (name, tensor) in named {
            recorder.name(name, tensor)?;
        }
        files(&blueprint, data).into_iter().for_each(|file| recorder.file(file));
        let mut recording = recorder.finish();
        let model = model(recipe, data, &blueprint, step);
        recording.model = Some(model.map_err(|error| DeviceError::Data(error.to_string()))?);
        Ok(Self { recording, blueprint })
    }

    /// Writes the plans, the data, and the weights of a checkpoint or, where there is none, those that training begins with. Returns the files
    /// beside the plan.
    ///
    /// # Errors
    /// When the checkpoint is of other networks, or a file cannot be written.
    pub fn write(
        &self,
        data: &Dataset,
        from: Option<&Checkpoint>,
        folder: &Path,
    ) -> Result<Vec<PathBuf>, RecordingError> {
        let mut written = Vec::new();
        for file in &self.recording.files {
            let path = folder.join(&file.name);
            match self.file(file, data, from)? {
                Some(bytes) => {
                    write_atomically(&path, &bytes)?;
                    written.push(path);
                }
                None => gone(&path)?,
            }
        }
        self.recording.write(folder)?;
        Ok(written)
    }

    /// The bytes of one of the recording's files; none for moments that are zero, which need no file.
    ///
    /// # Errors
    /// When the checkpoint is of other networks.
    pub fn file(
        &self,
        file: &File,
        data: &Dataset,
        from: Option<&Checkpoint>,
    ) -> Result<Option<Vec<u8>>, RecordingError> {
        let Self { recording, blueprint } = self;
        let Blueprint { params, memory, state, config, .. } = blueprint;
        let trained = from.and_then(|from| match file.name.as_str() {
            MODEL => Some(from.model()),
            OPTIMISER => Some(from.optimiser()),
            _ => None,
        });
        if let Some(bytes) = trained {
            let misfit = |problems| RecordingError::Contents { path: file.name.clone().into(), problems };
            recording.contents_of(file, bytes).map_err(misfit)?;
            return Ok(Some(bytes.to_vec()));
        }
        let (labels, test_labels, clock, weights, buffers);
        let begin: Vec<(Tensor, &[u8])> = match file.name.as_str() {
            DATA => {
                (labels, test_labels) = (data.train.label_words(), data.test.label_words());
                clock = self.clock(from);
                vec![
                    (state.clock, bytemuck::cast_slice(&clock)),
                    (blueprint.train.pixels, &*data.train.pixels),
                    (blueprint.labels, bytemuck::cast_slice(&labels)),
                    (blueprint.test.pixels, &*data.test.pixels),
                    (blueprint.test_labels, bytemuck::cast_slice(&test_labels)),
                ]
            }
            MODEL => {
                (weights, buffers) = (params.initial(config.seed), params.initial_buffers());
                vec![(memory.weights, bytemuck::cast_slice(&weights)), (memory.buffers, bytemuck::cast_slice(&buffers))]
            }
            _ => return Ok(None),
        };
        let regions = begin.into_iter().map(|(tensor, bytes)| (region(tensor), bytes)).collect();
        recording.file_bytes(file, &regions).map(Some)
    }

    /// The clock's words: of a checkpoint, or before the first step.
    pub fn clock(&self, from: Option<&Checkpoint>) -> Vec<u32> {
        from.map_or_else(|| clock::fresh(self.blueprint.config.seed).to_vec(), |from| from.state.clock.clone())
    }

    /// How latents are distributed before an image is seen, with what of it a checkpoint has learned.
    ///
    /// # Errors
    /// When the checkpoint cannot be read.
    pub fn latents(&self, from: Option<&Checkpoint>) -> Result<Latents, CheckpointError> {
        let Blueprint { params, model, objective, .. } = &self.blueprint;
        let learned = params.specs().iter().find(|spec| Some(spec.param) == model.networks.prior_logvar);
        let logvar = match from.zip(learned) {
            Some((from, spec)) => {
                let tensors = from.tensors()?;
                tensors
                    .tensor(&spec.name)
                    .ok()
                    .and_then(|found| found.data().first_chunk().copied())
                    .map(f32::from_le_bytes)
            }
            None => None,
        };
        Ok(objective.latents().learned(logvar.map(|logvar| f64::from(logvar).exp())))
    }

    /// The memory that all plans share, and the step where there is one: what a device is asked for.
    ///
    /// # Errors
    /// As [`Blueprint::training_step`].
    pub fn asked(&self) -> Result<(&Layout, Option<Plan>), PlanError> {
        let trains = self.blueprint.objective.trains();
        Ok((&self.blueprint.layout, trains.then(|| self.blueprint.training_step()).transpose()?))
    }
}

/// Takes a file away that another plan left there.
fn gone(path: &Path) -> Result<(), FileError> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(FileError::writing(path)(error)),
        _ => Ok(()),
    }
}

/// With all images on the device, and nothing that judges meanwhile.
pub(super) fn blueprint(recipe: &Recipe, data: &Dataset) -> Blueprint {
    let mut recipe = recipe.clone();
    recipe.config.judge.every = 0;
    Blueprint::new(&recipe, data, u64::MAX).on(Machine::Gpu)
}

fn region(tensor: Tensor) -> usize {
    match tensor.place {
        Place::Region { id, .. } => id.0,
        Place::Arena { .. } => unreachable!("a blueprint's tensors lie in regions"),
    }
}

/// The files beside the plan: those of a checkpoint, and the data.
fn files(blueprint: &Blueprint, data: &Dataset) -> Vec<File> {
    let Blueprint { params, memory, .. } = blueprint;
    let parameters = |prefix: &'static str, tensor: Tensor, specs: &[ParamSpec]| {
        let stored = |spec: &ParamSpec| Stored {
            name: format!("{prefix}{}", spec.name),
            stored_as: StoredAs::F32,
            shape: spec.param.shape.dims().to_vec(),
            region: region(tensor),
            offset: spec.param.offset,
        };
        specs.iter().map(stored).collect::<Vec<_>>()
    };
    let whole = |name: &str, tensor: Tensor, stored_as, shape: &[usize]| Stored {
        name: name.to_owned(),
        stored_as,
        shape: shape.to_vec(),
        region: region(tensor),
        offset: 0,
    };
    let mut known = vec![whole("clock", blueprint.state.clock, StoredAs::U32, &[clock::CLOCK_WORDS])];
    let sources = [
        ("training", blueprint.train.pixels, blueprint.labels, &data.train),
        ("test", blueprint.test.pixels, blueprint.test_labels, &data.test),
    ];
    for (name, pixels, labels, images) in sources {
        let shape = [images.len(), images.shape.channels, images.shape.height, images.shape.width];
        known.push(whole(&format!("{name} images"), pixels, StoredAs::U8, &shape));
        known.push(whole(&format!("{name} labels"), labels, StoredAs::U32, &[images.len()]));
    }
    let (model, moments) = (
        [parameters("", memory.weights, params.specs()), parameters("", memory.buffers, params.buffers())].concat(),
        [
            parameters("exp_avg.", memory.first, params.specs()),
            parameters("exp_avg_sq.", memory.second, params.specs()),
        ]
        .concat(),
    );
    vec![
        File { name: DATA.to_owned(), optional: false, tensors: known },
        File { name: MODEL.to_owned(), optional: false, tensors: model },
        File { name: OPTIMISER.to_owned(), optional: true, tensors: moments },
    ]
}

fn model(recipe: &Recipe, data: &Dataset, blueprint: &Blueprint, step: u64) -> Result<Model, ConfigError> {
    let (config, networks) = (&recipe.config, &blueprint.model.networks);
    let stored = data.train.shape;
    Ok(Model {
        method: config.method.clone(),
        data: config.data.name.clone(),
        networks: config.model.kind.clone(),
        settings: config.to_toml()?,
        step,
        total_steps: blueprint.total_steps(),
        batch: config.batch,
        views: config.views,
        images: data.train.len(),
        test_images: data.test.len(),
        image: blueprint.train.shape,
        stored: [stored.channels, stored.height, stored.width],
        classes: data.train.classes.clone(),
        latent: networks.latent,
        encoded: networks.encoded,
        generative: networks.generative,
        losses: blueprint.model.log.columns().into_iter().map(str::to_owned).collect(),
    })
}
