//! Plans of this program as what goes into the file.

use super::file::{
    Access, Dispatch, Element, FORMAT, File, Named, Place, Plan, Recording, Region, Shader, ShaderBinding, Slot, Start,
    VERSION,
};
use crate::device::words_of;
use crate::kernels::product::Variant;
use crate::kernels::{self, Tuning};
use crate::plan::{self, Layout, PlanError, Tensor};
use std::collections::{BTreeMap, HashMap};

/// A loop by the name that a host chooses it by.
fn loop_name(tuning: &Tuning) -> &'static str {
    match tuning.matmul {
        Variant::Tile => "tile",
        Variant::Light => "light",
        Variant::Strip => "strip",
    }
}

/// Collects plans over a layout, each text and shader once.
pub struct Recorder<'a> {
    layout: &'a Layout,
    recording: Recording,
    texts: HashMap<String, usize>,
    shaders: HashMap<kernels::Shader, usize>,
}

impl<'a> Recorder<'a> {
    /// The regions of a layout, and nothing else yet.
    pub fn new(layout: &'a Layout) -> Self {
        let region =
            |region: &plan::Region| Region { name: region.name.clone(), element: region.dtype.into(), len: region.len };
        let recording = Recording {
            format: FORMAT.to_owned(),
            version: VERSION,
            program: env!("CARGO_PKG_VERSION").to_owned(),
            model: None,
            loops: Tuning::ALL.iter().map(|tuning| loop_name(tuning).to_owned()).collect(),
            regions: layout.regions().iter().map(region).collect(),
            tensors: BTreeMap::new(),
            files: Vec::new(),
            texts: Vec::new(),
            shaders: Vec::new(),
            plans: Vec::new(),
        };
        Self { layout, recording, texts: HashMap::new(), shaders: HashMap::new() }
    }

    /// Gives a tensor in a region a name for the host.
    ///
    /// # Errors
    /// When it lies in no region of the layout.
    pub fn name(&mut self, name: &str, tensor: Tensor) -> Result<(), PlanError> {
        let named = self.named(None, tensor, name)?;
        self.recording.tensors.insert(name.to_owned(), named);
        Ok(())
    }

    /// Says which tensors a file beside the plan has, and where they go.
    pub fn file(&mut self, file: File) {
        self.recording.files.push(file);
    }

    /// Adds a plan, and names for those of its tensors that the host reads or writes.
    ///
    /// # Errors
    /// When a tensor lies elsewhere.
    pub fn plan(&mut self, name: &str, plan: &plan::Plan, named: &[(&str, Tensor)]) -> Result<(), PlanError> {
        plan.check_places(self.layout)?;
        let mut dispatches = Vec::with_capacity(plan.dispatches.len());
        for dispatch in &plan.dispatches {
            dispatches.push(self.dispatch(plan, dispatch)?);
        }
        let mut tensors = BTreeMap::new();
        for &(name, tensor) in named {
            tensors.insert(name.to_owned(), self.named(Some(plan), tensor, name)?);
        }
        let slots = plan.arena.slots.iter().map(|slot| Slot { element: slot.dtype.into(), len: slot.len });
        self.recording.plans.push(Plan { name: name.to_owned(), slots: slots.collect(), tensors, dispatches });
        Ok(())
    }

    /// What was collected.
    pub fn finish(self) -> Recording {
        self.recording
    }

    fn dispatch(&mut self, plan: &plan::Plan, dispatch: &plan::Dispatch) -> Result<Dispatch, PlanError> {
        let kernel = &dispatch.kernel;
        let bindings: Vec<ShaderBinding> = kernel
            .bindings()
            .iter()
            .map(|binding| ShaderBinding {
                name: binding.name.to_owned(),
                element: binding.dtype.into(),
                access: if binding.access == kernels::Access::Read { Access::Read } else { Access::ReadWrite },
            })
            .collect();
        let mut launches: Vec<Start> = Vec::new();
        for tuning in &Tuning::ALL {
            let launch = kernel.launch(tuning);
            let shader = self.shader(launch.shader, &bindings);
            launches.push(Start { shader, workgroups: launch.workgroups });
        }
        if launches.iter().all(|launch| *launch == launches[0]) {
            launches.truncate(1);
        }
        let places = dispatch.tensors.iter().map(|&tensor| place(Some(plan), self.layout, tensor, &dispatch.label));
        let work = kernel.work(&Tuning::ALL[0]);
        Ok(Dispatch {
            label: dispatch.label.clone(),
            uniform: words_of(&kernel.uniform()),
            bindings: places.collect::<Result<_, _>>()?,
            launches,
            multiply_adds: work.multiply_adds,
            bytes: work.bytes,
        })
    }

    /// The number of a shader. Those of a loop that no dispatch needs in another form stand here once.
    fn shader(&mut self, shader: kernels::Shader, bindings: &[ShaderBinding]) -> usize {
        if let Some(&known) = self.shaders.get(&shader) {
            return known;
        }
        let Self { recording, texts, shaders, .. } = self;
        let mut text = |piece: String| {
            *texts.entry(piece).or_insert_with_key(|piece| {
                recording.texts.push(piece.clone());
                recording.texts.len() - 1
            })
        };
        let pieces = shader.pieces().into_iter().map(|piece| text(piece.into_owned())).collect();
        let number = recording.shaders.len();
        recording.shaders.push(Shader { name: shader.label(), texts: pieces, bindings: bindings.to_vec() });
        shaders.insert(shader, number);
        number
    }

    fn named(&self, plan: Option<&plan::Plan>, tensor: Tensor, name: &str) -> Result<Named, PlanError> {
        let element = Element::from(tensor.dtype);
        Ok(Named { place: place(plan, self.layout, tensor, name)?, element, shape: tensor.shape.dims().to_vec() })
    }
}

fn place(plan: Option<&plan::Plan>, layout: &Layout, tensor: Tensor, label: &str) -> Result<Place, PlanError> {
    let len = tensor.len();
    let known = match tensor.place {
        plan::Place::Region { id, offset } => {
            let whole = layout.regions().get(id.0).is_some_and(|region| offset + len <= region.len);
            whole.then_some(Place::Region { region: id.0, offset, len })
        }
        plan::Place::Arena { plan: id, index } => {
            let slot = plan.filter(|plan| plan.id == id).and_then(|plan| plan.arena.slot_of.get(index));
            slot.map(|&slot| Place::Slot { slot, len })
        }
    };
    known.ok_or_else(|| PlanError::Foreign { label: label.to_owned(), shape: tensor.shape })
}
