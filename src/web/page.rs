//! The folder: the page's own files, plans with their weights, and the list of them.

use super::WebError;
use super::choices::{CHOICES, COMMON, Choice, PRESET};
use super::earlier;
use super::own::{REPLAYER, TRAINS};
use super::serve::Site;
use crate::data::{Dataset, FileOptions, load_with, recorded_sprites};
use crate::device::Device;
use crate::files::{FileError, write_atomically};
use crate::methods::Latents;
use crate::optim::Schedule;
use crate::recording::Recording;
use crate::run_folder::Checkpoint;
use crate::settings::{Config, Recipe, Sources};
use crate::train::{DATA, Planned};
use flate2::{Compression, write::GzEncoder};
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

/// Pictures that are drawn at a time.
const PICTURES: usize = 32;
/// The list of plans.
const LIST: &str = "plans.json";
/// Where plans go.
pub(super) const PLANS: &str = "plans";
/// Where weights go.
pub(super) const WEIGHTS: &str = "weights";

/// Where weights go whose bytes have a hash.
pub(super) fn named(hash: &blake3::Hash) -> String {
    format!("{WEIGHTS}/{}.safetensors", &hash.to_hex()[..16])
}

/// A run that the page begins with.
pub struct Run<'a> {
    /// What the list calls it.
    pub title: String,
    /// Its settings.
    pub config: Config,
    /// Its images. Those of sprites are drawn by the browser, others go into the folder.
    pub data: &'a Dataset,
    /// Where it stands.
    pub checkpoint: &'a Checkpoint,
}

/// The list of plans, which the page reads first.
#[derive(Serialize)]
struct List {
    plans: Vec<Entry>,
    /// The plans that draw sprites, by the data set's name.
    sprites: BTreeMap<String, Files>,
}

/// A plan of the list.
#[derive(Serialize)]
struct Entry {
    name: String,
    title: String,
    setting: String,
    about: String,
    #[serde(flatten)]
    files: Files,
    /// Which sprites its images are; none where its own file has them.
    sprites: Option<String>,
    /// The clock to begin with.
    clock: Vec<u32>,
    /// The variance of p(z given y), where contents have one.
    variance: Option<f64>,
    /// Whether steps beyond its end are worth something: its learning rate stays what it is.
    endless: bool,
}

/// Where the files of a plan lie.
#[derive(Serialize)]
struct Files {
    plan: String,
    files: BTreeMap<String, String>,
}

/// All files of the page.
#[derive(Default)]
pub struct Page {
    files: BTreeMap<String, Vec<u8>>,
}

impl Page {
    /// The page with all its plans; where there is a run, it comes first. Sprites are drawn on the device to record the plans.
    ///
    /// # Errors
    /// When a plan cannot be recorded, or the run's checkpoint does not fit its settings.
    pub fn new(device: &Device, run: Option<&Run<'_>>) -> Result<Self, WebError> {
        let mut page = Self::default();
        for (name, text) in REPLAYER.into_iter().chain(TRAINS) {
            page.files.insert(name.to_owned(), text.into());
        }
        let mut list = List { plans: Vec::new(), sprites: BTreeMap::new() };
        let mut drawn = BTreeMap::new();
        if let Some(run) = run {
            let mut entry = page.run(run)?;
            if is_sprites(run.data) {
                entry.sprites = Some("run".to_owned());
                list.sprites.insert("run".to_owned(), page.sprites("run", run.data)?);
            }
            list.plans.push(entry);
        }
        for choice in &CHOICES {
            list.plans.push(page.choice(choice, &mut drawn, device)?);
        }
        for (name, data) in &drawn {
            list.sprites.insert(name.clone(), page.sprites(name, data)?);
        }
        let text = serde_json::to_vec(&list).map_err(|error| packing(LIST)(error.into()))?;
        page.files.insert(LIST.to_owned(), text);
        Ok(page)
    }

    /// Bytes of weights and a run's images, and of everything else.
    pub fn sizes(&self) -> (usize, usize) {
        let (numbers, rest): (Vec<_>, Vec<_>) = self.files.iter().partition(|(name, _)| name.starts_with(WEIGHTS));
        let sum = |files: Vec<(&String, &Vec<u8>)>| files.iter().map(|(_, bytes)| bytes.len()).sum();
        (sum(numbers), sum(rest))
    }

    /// Writes everything into a folder, and takes away the plans and weights that another page left there.
    ///
    /// # Errors
    /// When a file cannot be written, or one that was left not be removed.
    pub fn write(&self, folder: &Path) -> Result<(), FileError> {
        self.files.iter().try_for_each(|(name, bytes)| write_atomically(&folder.join(name), bytes))?;
        earlier::remove(folder, |name| self.files.contains_key(name))
    }

    fn choice(
        &mut self,
        choice: &Choice,
        drawn: &mut BTreeMap<String, Dataset>,
        device: &Device,
    ) -> Result<Entry, WebError> {
        let (preset, data) = (Some(PRESET.to_owned()), Some(choice.data.to_owned()));
        let sources = Sources { preset, data, ..Sources::default() };
        let config = Config::merge(&sources.with(COMMON.iter().chain(choice.set)))?;
        if !drawn.contains_key(choice.data) {
            let options = FileOptions { limit: config.data.limit, ..FileOptions::default() };
            drawn.insert(choice.data.to_owned(), load_with(choice.data, None, device, &options)?);
        }
        let entry = self.entry(choice.name, &config, &drawn[choice.data], None)?;
        let [title, setting, about] = [choice.title, choice.setting, choice.about].map(str::to_owned);
        Ok(Entry { title, setting, about, sprites: Some(choice.data.to_owned()), ..entry })
    }

    fn run(&mut self, run: &Run<'_>) -> Result<Entry, WebError> {
        let entry = self.entry("run", &run.config, run.data, Some(run.checkpoint))?;
        let (method, data) = (&run.config.method, &run.config.data.name);
        let about = format!("Trained by the command line: {method} on {data}, {} steps.", run.checkpoint.state.step);
        Ok(Entry { title: run.title.clone(), setting: "as the run had it".to_owned(), about, ..entry })
    }

    /// A plan with its weights, but for what the list says of it.
    fn entry(
        &mut self,
        name: &str,
        config: &Config,
        data: &Dataset,
        from: Option<&Checkpoint>,
    ) -> Result<Entry, WebError> {
        let recipe = Recipe::new(config)?;
        recipe.check_images(data.train.seen)?;
        let planned = Planned::new(&recipe, data, PICTURES, from.map_or(0, |from| from.state.step))?;
        let mut files = BTreeMap::new();
        for file in &planned.recording.files {
            if file.name == DATA && is_sprites(data) {
                continue;
            }
            if let Some(bytes) = planned.file(file, data, from)? {
                files.insert(file.name.clone(), self.weights(bytes));
            }
        }
        let variance = match planned.latents(from)? {
            Latents::Around { variance, .. } => Some(variance),
            Latents::Normal => None,
        };
        let plan = format!("{PLANS}/{name}.json.gz");
        self.pack(&plan, planned.recording.clone())?;
        let endless = recipe.objective.trains() && config.optim.schedule == Schedule::Constant;
        let name = name.to_owned();
        let [title, setting, about] = [(); 3].map(|()| String::new());
        let files = Files { plan, files };
        Ok(Entry { name, title, setting, about, files, sprites: None, clock: planned.clock(from), variance, endless })
    }

    /// The plan that draws sprites as a data set has them.
    fn sprites(&mut self, name: &str, data: &Dataset) -> Result<Files, WebError> {
        let (recording, glyphs) = recorded_sprites(data.train.shape, [data.train.len(), data.test.len()])?;
        let plan = format!("{PLANS}/draw-{name}.json.gz");
        self.pack(&plan, recording.clone())?;
        let file = &recording.files[0];
        let bytes = recording.file_bytes(file, &[(0, bytemuck::cast_slice(&glyphs))].into())?;
        Ok(Files { plan, files: [(file.name.clone(), self.weights(bytes))].into() })
    }

    /// Keeps the bytes of weights under a name that says what they are: methods with the same networks begin with the same.
    fn weights(&mut self, bytes: Vec<u8>) -> String {
        let name = named(&blake3::hash(&bytes));
        self.files.insert(name.clone(), bytes);
        name
    }

    /// A plan, without the comments of its shaders: every visit loads it.
    fn pack(&mut self, name: &str, mut plan: Recording) -> Result<(), WebError> {
        for text in &mut plan.texts {
            let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
            *text = code.collect::<Vec<_>>().join("\n");
        }
        let mut packed = GzEncoder::new(Vec::new(), Compression::best());
        let written = packed.write_all(&plan.json()?).and_then(|()| packed.finish());
        self.files.insert(name.to_owned(), written.map_err(packing(name))?);
        Ok(())
    }
}

impl Site for Page {
    fn file(&self, name: &str) -> Option<&[u8]> {
        self.files.get(name).map(Vec::as_slice)
    }
}

/// Whether a browser can draw the images itself.
fn is_sprites(data: &Dataset) -> bool {
    CHOICES.iter().any(|choice| choice.data == data.name)
}

fn packing(name: &str) -> impl Fn(std::io::Error) -> WebError {
    move |source| WebError::Packing { name: name.to_owned(), source }
}
