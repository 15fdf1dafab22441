//! What `plan.json` holds, field by field: the format of `docs/plan-format.md`.

use crate::kernels::DType;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What the file calls itself.
pub const FORMAT: &str = "wgpu-simvae plan";
/// The version of the format that this program writes and reads.
pub const VERSION: u32 = 1;
/// The file's name in its folder.
pub const PLAN: &str = "plan.json";

/// Plans over one set of regions, and what the regions begin with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recording {
    /// [`FORMAT`].
    pub format: String,
    /// [`VERSION`].
    pub version: u32,
    /// The version of the program that wrote it.
    pub program: String,
    /// What is trained, for whoever shows it; none where the plans are of no model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<Model>,
    /// The loops that products are recorded for, in the order of [`Dispatch::launches`].
    pub loops: Vec<String>,
    /// Memory that all plans share, zero before anything is written.
    pub regions: Vec<Region>,
    /// Tensors in regions that a host reads or writes.
    pub tensors: BTreeMap<String, Named>,
    /// The safetensors files beside this one, and where their tensors go.
    pub files: Vec<File>,
    /// Pieces of WGSL.
    pub texts: Vec<String>,
    /// The compute shaders.
    pub shaders: Vec<Shader>,
    /// The plans.
    pub plans: Vec<Plan>,
}

/// What is trained.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Model {
    /// The method.
    pub method: String,
    /// The data set.
    pub data: String,
    /// The networks.
    pub networks: String,
    /// All settings, as the command line reads them from a file.
    pub settings: String,
    /// Steps that the weights have been trained for.
    pub step: u64,
    /// Steps of the whole run.
    pub total_steps: u64,
    /// Images of a step.
    pub batch: usize,
    /// Views of an image.
    pub views: usize,
    /// Training images.
    pub images: usize,
    /// Test images.
    pub test_images: usize,
    /// Channels, height and width of a view.
    pub image: [usize; 3],
    /// Channels, height and width of an image in its region.
    pub stored: [usize; 3],
    /// Names of the classes.
    pub classes: Vec<String>,
    /// Length of a representation.
    pub latent: usize,
    /// Columns of the encoder's output: the representation, then what else there is.
    pub encoded: usize,
    /// Whether it draws pictures.
    pub generative: bool,
    /// Columns of the loss log: `total`, then the terms.
    pub losses: Vec<String>,
}

/// What an element is; four bytes in either case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Element {
    /// A number of single precision.
    F32,
    /// A word.
    U32,
}

impl From<DType> for Element {
    fn from(dtype: DType) -> Self {
        match dtype {
            DType::Real => Self::F32,
            DType::Uint => Self::U32,
        }
    }
}

/// A buffer that all plans share.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Region {
    /// What it is, for messages; two may have one name.
    pub name: String,
    /// Its elements.
    #[serde(rename = "type")]
    pub element: Element,
    /// How many.
    pub len: usize,
}

/// A buffer of one plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Slot {
    /// Its elements.
    #[serde(rename = "type")]
    pub element: Element,
    /// How many.
    pub len: usize,
}

/// Where elements lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Place {
    /// In a region, from an element on.
    Region {
        /// The region's number.
        region: usize,
        /// First element.
        offset: usize,
        /// Elements.
        len: usize,
    },
    /// At the beginning of a slot of the plan.
    Slot {
        /// The slot's number.
        slot: usize,
        /// Elements.
        len: usize,
    },
}

/// A tensor that a host reads or writes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Named {
    /// Where it lies.
    #[serde(flatten)]
    pub place: Place,
    /// Its elements.
    #[serde(rename = "type")]
    pub element: Element,
    /// Its dimensions, outermost first.
    pub shape: Vec<usize>,
}

/// A safetensors file beside the plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    /// Its name.
    pub name: String,
    /// Whether it may be missing: its regions stay zero then.
    pub optional: bool,
    /// Its tensors, all of them.
    pub tensors: Vec<Stored>,
}

/// A tensor of a file, and where it goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stored {
    /// Its name in the file.
    pub name: String,
    /// How the file has it.
    #[serde(rename = "type")]
    pub stored_as: StoredAs,
    /// Its dimensions.
    pub shape: Vec<usize>,
    /// The region that its bytes go to.
    pub region: usize,
    /// The element that it begins at.
    pub offset: usize,
}

/// The element types of safetensors that occur.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum StoredAs {
    /// Numbers.
    F32,
    /// Words.
    U32,
    /// Bytes: four to a word of the region, the first lowest; the last word is filled up with zeros.
    U8,
}

/// A compute shader; its entry point is `main`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shader {
    /// Its kernel and permutation.
    pub name: String,
    /// The pieces of its text, joined by line ends.
    pub texts: Vec<usize>,
    /// Its storage buffers, from binding 1 of group 0 on. Binding 0 is the uniform block.
    pub bindings: Vec<ShaderBinding>,
}

/// A storage buffer of a shader.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShaderBinding {
    /// Its variable.
    pub name: String,
    /// Its elements.
    #[serde(rename = "type")]
    pub element: Element,
    /// What is done to it.
    pub access: Access,
}

/// What a shader does to a storage buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Access {
    /// `var<storage, read>`
    Read,
    /// `var<storage, read_write>`
    ReadWrite,
}

/// A list of dispatches.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// What it is called by.
    pub name: String,
    /// Its own buffers, zero before its first replay.
    pub slots: Vec<Slot>,
    /// Tensors in its slots that a host reads or writes.
    pub tensors: BTreeMap<String, Named>,
    /// The dispatches, in order.
    pub dispatches: Vec<Dispatch>,
}

/// One kernel on its tensors.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dispatch {
    /// What it is for.
    pub label: String,
    /// The words of its uniform block.
    pub uniform: Vec<u32>,
    /// Its storage buffers, in the order of the shader's bindings.
    pub bindings: Vec<Place>,
    /// What is started: one for all loops, or one for each of [`Recording::loops`].
    pub launches: Vec<Start>,
    /// Multiply-adds of the product that it is; 0 where it is none.
    pub multiply_adds: u64,
    /// Bytes that it reads and writes.
    pub bytes: u64,
}

/// A shader and how many workgroups of it to start.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Start {
    /// The shader's number.
    pub shader: usize,
    /// Workgroups along x, y and z.
    pub workgroups: [u32; 3],
}

impl Place {
    /// Elements.
    pub fn len(&self) -> usize {
        match *self {
            Self::Region { len, .. } | Self::Slot { len, .. } => len,
        }
    }

    /// Whether there is no element.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl StoredAs {
    /// Bytes of an element in the file.
    pub fn size(self) -> usize {
        match self {
            Self::F32 | Self::U32 => 4,
            Self::U8 => 1,
        }
    }
}

impl Stored {
    /// Bytes in the file; none where their number is beyond counting.
    pub fn bytes(&self) -> Option<usize> {
        self.shape.iter().try_fold(self.stored_as.size(), |bytes, &n| bytes.checked_mul(n))
    }

    /// Elements of the region that it covers.
    pub fn words(&self) -> Option<usize> {
        self.bytes().map(|bytes| bytes.div_ceil(4))
    }
}

impl Recording {
    /// A plan by its name.
    pub fn plan(&self, name: &str) -> Option<&Plan> {
        self.plans.iter().find(|plan| plan.name == name)
    }

    /// A file by its name.
    pub fn file(&self, name: &str) -> Option<&File> {
        self.files.iter().find(|file| file.name == name)
    }

    /// The text of a shader.
    pub fn wgsl(&self, shader: &Shader) -> String {
        shader.texts.iter().map(|&text| self.texts[text].as_str()).collect::<Vec<_>>().join("\n")
    }
}
