//! Reading a plan's file, writing it, and what must hold before anything of it is trusted.

use super::error::RecordingError;
use super::file::{Dispatch, Element, FORMAT, Named, PLAN, Place, Plan, Recording, Slot, Start, VERSION};
use crate::files::{FileError, write_atomically};
use serde::Deserialize;
use std::path::Path;

/// Bindings begin at multiples of so many elements: 256 bytes, WebGPU's default alignment.
const ALIGNMENT: usize = 64;
/// Workgroups along an axis, at most: WebGPU's default limit.
const MOST_WORKGROUPS: u32 = 65_535;
/// Storage buffers of a shader, at most: WebGPU's default limit.
const MOST_BINDINGS: usize = 8;

/// What every version has.
#[derive(Deserialize)]
struct Header {
    format: String,
    version: u64,
}

impl Recording {
    /// Reads the plan of a folder, and checks it. Its safetensors files are read by [`Recording::contents`].
    ///
    /// # Errors
    /// When there is none, or it is of another version, damaged or inconsistent.
    pub fn read(folder: &Path) -> Result<Self, RecordingError> {
        let path = folder.join(PLAN);
        Self::parse(&path, &std::fs::read(&path).map_err(FileError::reading(&path))?)
    }

    /// [`Recording::read`] of the bytes of a file; `path` is for messages.
    ///
    /// # Errors
    /// As there.
    pub fn parse(path: &Path, bytes: &[u8]) -> Result<Self, RecordingError> {
        let damaged = |problem: String| RecordingError::Damaged { path: path.to_owned(), problem };
        let header: Header = serde_json::from_slice(bytes).map_err(|error| damaged(error.to_string()))?;
        if header.format != FORMAT {
            return Err(damaged(format!("its format is not `{FORMAT}`")));
        }
        if header.version != u64::from(VERSION) {
            return Err(RecordingError::Version { path: path.to_owned(), found: header.version });
        }
        let recording: Self = serde_json::from_slice(bytes).map_err(|error| damaged(error.to_string()))?;
        recording.check().map_err(damaged)?;
        Ok(recording)
    }

    /// Writes `plan.json` into a folder.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, folder: &Path) -> Result<(), RecordingError> {
        Ok(write_atomically(&folder.join(PLAN), &self.json()?)?)
    }

    /// What `plan.json` holds.
    ///
    /// # Errors
    /// When it has a number that JSON has no word for.
    pub fn json(&self) -> Result<Vec<u8>, RecordingError> {
        let mut text = serde_json::to_vec(self).map_err(|error| FileError::writing(Path::new(PLAN))(error.into()))?;
        text.push(b'\n');
        Ok(text)
    }

    /// Whether every number in it leads somewhere. The error says what does not, in words.
    fn check(&self) -> Result<(), String> {
        let whole = |len: usize| len.checked_mul(4).is_some();
        if let Some(region) = self.regions.iter().find(|region| !whole(region.len)) {
            return Err(format!("region `{}` has more elements than can be counted", region.name));
        }
        for shader in &self.shaders {
            if shader.texts.iter().any(|&text| text >= self.texts.len()) {
                return Err(format!("shader `{}` has a text that is not there", shader.name));
            }
            if shader.bindings.len() > MOST_BINDINGS {
                return Err(format!("shader `{}` has more than {MOST_BINDINGS} storage buffers", shader.name));
            }
        }
        for (name, named) in &self.tensors {
            self.check_named(&[], named).map_err(|problem| format!("tensor `{name}` {problem}"))?;
        }
        for file in &self.files {
            if file.name.is_empty() || file.name.contains(['/', '\\']) {
                return Err(format!("`{}` is no name of a file beside the plan", file.name));
            }
            for stored in &file.tensors {
                let fits = self.regions.get(stored.region).zip(stored.words()).is_some_and(|(region, words)| {
                    stored.offset.checked_add(words).is_some_and(|end| end <= region.len)
                });
                if !fits {
                    return Err(format!("`{}` of {} does not fit its region", stored.name, file.name));
                }
            }
        }
        for plan in &self.plans {
            if let Some(slot) = plan.slots.iter().position(|slot| !whole(slot.len)) {
                return Err(format!("slot {slot} of plan `{}` has more elements than can be counted", plan.name));
            }
            for (name, named) in &plan.tensors {
                self.check_named(&plan.slots, named).map_err(|problem| format!("tensor `{name}` {problem}"))?;
            }
            for dispatch in &plan.dispatches {
                let problem = |problem| format!("`{}` of plan `{}` {problem}", dispatch.label, plan.name);
                self.check_dispatch(plan, dispatch).map_err(problem)?;
            }
        }
        Ok(())
    }

    fn check_named(&self, slots: &[Slot], named: &Named) -> Result<(), String> {
        let len = named.shape.iter().try_fold(1, |len: usize, &n| len.checked_mul(n));
        if len != Some(named.place.len()) {
            return Err("has another number of elements than its shape".to_owned());
        }
        self.check_place(slots, named.place, named.element)
    }

    fn check_dispatch(&self, plan: &Plan, dispatch: &Dispatch) -> Result<(), String> {
        if dispatch.launches.is_empty() || ![1, self.loops.len()].contains(&dispatch.launches.len()) {
            return Err(format!("has {} launches for {} loops", dispatch.launches.len(), self.loops.len()));
        }
        for Start { shader, workgroups } in &dispatch.launches {
            let shader = self.shaders.get(*shader).ok_or("has a shader that is not there")?;
            if shader.bindings.len() != dispatch.bindings.len() {
                return Err(format!("binds other buffers than shader `{}` has", shader.name));
            }
            if workgroups.iter().any(|count| !(1..=MOST_WORKGROUPS).contains(count)) {
                return Err(format!("starts {workgroups:?} workgroups, of 1 to {MOST_WORKGROUPS} along each axis"));
            }
            for (binding, &place) in shader.bindings.iter().zip(&dispatch.bindings) {
                let problem = |problem| format!("binds `{}`, which {problem}", binding.name);
                self.check_place(&plan.slots, place, binding.element).map_err(problem)?;
            }
        }
        if dispatch.uniform.is_empty() {
            return Err("has no uniform block".to_owned());
        }
        Ok(())
    }

    fn check_place(&self, slots: &[Slot], place: Place, wanted: Element) -> Result<(), String> {
        let (element, available, end) = match place {
            Place::Region { region, offset, len } => {
                let region = self.regions.get(region).ok_or("lies in a region that is not there")?;
                if !offset.is_multiple_of(ALIGNMENT) {
                    return Err(format!("begins at element {offset}, no multiple of {ALIGNMENT}"));
                }
                (region.element, region.len, offset.checked_add(len))
            }
            Place::Slot { slot, len } => {
                let slot = slots.get(slot).ok_or("lies in a slot that is not there")?;
                (slot.element, slot.len, Some(len))
            }
        };
        match end {
            _ if element != wanted => Err("holds elements of another type".to_owned()),
            Some(end) if end <= available => Ok(()),
            _ => Err(format!("reaches beyond its {available} elements")),
        }
    }
}
