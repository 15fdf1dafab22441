//! The browser as an executor that runs once: what is written before goes along with the plan, and all memory comes back.

use super::driver::drive;
use serde_json::json;
use std::collections::BTreeMap;
use std::ops::Range;
use wgpu_simvae::device::{DeviceError, Executor, Ticket, Values};
use wgpu_simvae::kernels::DType;
use wgpu_simvae::plan::{Layout, Place, Plan, PlanId, Region, Tensor};
use wgpu_simvae::recording::{self, File, Recorder, Stored, StoredAs};

/// The file of all regions, before and after.
const MEMORY: &str = "memory.safetensors";

/// Replays one plan once. Its host reads and writes regions only.
pub struct Once {
    layout: Layout,
    regions: Vec<Vec<u8>>,
    plan: Option<Plan>,
    /// The loop of its products.
    variant: &'static str,
}

impl Once {
    /// Memory of a layout, and a loop by its name.
    pub fn new(layout: &Layout, variant: &'static str) -> Self {
        let regions = layout.regions().iter().map(|region| vec![0; region.len * 4]).collect();
        Self { layout: layout.clone(), regions, plan: None, variant }
    }

    fn refused(problem: &str) -> DeviceError {
        DeviceError::Failed { device: "a browser".to_owned(), message: problem.to_owned() }
    }

    fn bytes(&mut self, tensor: Tensor) -> Result<&mut [u8], DeviceError> {
        match tensor.place {
            Place::Region { id, offset } => Ok(&mut self.regions[id.index()][offset * 4..][..tensor.len() * 4]),
            Place::Arena { .. } => Err(Self::refused("only regions are read and written")),
        }
    }
}

impl Executor for Once {
    fn device(&self) -> &str {
        "a browser"
    }

    fn layout(&self) -> &Layout {
        &self.layout
    }

    fn load(&mut self, plan: Plan) -> Result<PlanId, DeviceError> {
        Ok(self.plan.insert(plan).id)
    }

    fn plan(&self, id: PlanId) -> Result<&Plan, DeviceError> {
        self.plan.as_ref().filter(|plan| plan.id == id).ok_or_else(|| Self::refused("no such plan"))
    }

    fn unload(&mut self, _: PlanId) {
        self.plan = None;
    }

    fn run(&mut self, id: PlanId, times: u32) -> Result<(), DeviceError> {
        let mut recorder = Recorder::new(&self.layout);
        recorder.plan("once", self.plan(id)?, &[])?;
        let regions = self.layout.regions().iter().enumerate();
        let tensors = regions.map(|(region, Region { len, .. })| Stored {
            name: format!("region {region}"),
            stored_as: StoredAs::U32,
            shape: vec![*len],
            region,
            offset: 0,
        });
        recorder.file(File { name: MEMORY.to_owned(), optional: false, tensors: tensors.collect() });
        let recording = recorder.finish();
        let folder = tempfile::tempdir().expect("a folder");
        let [case, saved] = ["once", "once/saved"].map(|name| folder.path().join(name));
        let memory: BTreeMap<usize, &[u8]> = self.regions.iter().map(Vec::as_slice).enumerate().collect();
        recording.write(&case).expect("the plan is written");
        let bytes = recording.file_bytes(&recording.files[0], &memory).expect("it is whole");
        std::fs::write(case.join(MEMORY), bytes).expect("the memory is written");
        let job = json!({ "folder": "once", "loop": self.variant, "runs": [["once", times]], "save": [MEMORY] });
        for result in drive(folder.path(), &[job]).unwrap_or_default() {
            assert!(result["error"].is_null(), "{result}");
        }
        for (place, values) in recording.contents(&saved).expect("the memory comes back") {
            if let recording::Place::Region { region, .. } = place {
                self.regions[region] = bytes_of(&values);
            }
        }
        Ok(())
    }

    fn run_part(&mut self, _: PlanId, _: Range<usize>) -> Result<(), DeviceError> {
        Err(Self::refused("whole plans only"))
    }

    fn write(&mut self, tensor: Tensor, values: &Values) -> Result<(), DeviceError> {
        self.bytes(tensor)?.copy_from_slice(&bytes_of(values));
        Ok(())
    }

    fn read(&mut self, tensor: Tensor) -> Result<Values, DeviceError> {
        let bytes = self.bytes(tensor)?;
        let words = bytes.chunks_exact(4).map(|word| u32::from_le_bytes(word.try_into().expect("four bytes")));
        Ok(match tensor.dtype {
            DType::Real => Values::F32(words.map(f32::from_bits).collect()),
            DType::Uint => Values::U32(words.collect()),
        })
    }

    fn request(&mut self, _: Tensor) -> Result<Ticket, DeviceError> {
        Err(Self::refused("read it"))
    }

    fn arrived(&mut self, _: Ticket, _: bool) -> Result<Option<Values>, DeviceError> {
        Err(Self::refused("read it"))
    }
}

fn bytes_of(values: &Values) -> Vec<u8> {
    match values {
        Values::U32(words) => words.iter().flat_map(|word| word.to_le_bytes()).collect(),
        reals => reals.to_f32().iter().flat_map(|x| x.to_le_bytes()).collect(),
    }
}
