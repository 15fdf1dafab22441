//! A golden case as its two files hold it.

use super::{GoldenError, unread};
use crate::methods::Facts;
use safetensors::SafeTensors;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What a case's JSON file holds beside the settings of a method.
#[derive(Debug, Deserialize)]
struct Header {
    #[serde(flatten)]
    facts: Facts,
    module: Option<String>,
    #[serde(default)]
    losses: BTreeMap<String, serde_json::Value>,
}

/// `NAME.json` and `NAME.safetensors`.
pub(super) struct Case {
    pub facts: Facts,
    /// The layer of a case of a single layer, as PyTorch prints it.
    pub module: Option<String>,
    losses: BTreeMap<String, serde_json::Value>,
    path: PathBuf,
    tensors: BTreeMap<String, (Vec<usize>, Vec<f32>)>,
}

impl Case {
    /// Reads both files.
    pub fn read(path: &Path) -> Result<Self, GoldenError> {
        let format = |path: &Path, problem: String| GoldenError::Format { path: path.to_owned(), problem };
        let json = std::fs::read(path).map_err(|error| unread(path, error))?;
        let Header { facts, module, losses } =
            serde_json::from_slice(&json).map_err(|error| format(path, error.to_string()))?;
        if module.is_none() && losses.is_empty() {
            return Err(format(path, "it has neither `losses` nor a `module`".to_owned()));
        }
        let data = path.with_extension("safetensors");
        let bytes = std::fs::read(&data).map_err(|error| unread(&data, error))?;
        let file = SafeTensors::deserialize(&bytes).map_err(|error| format(&data, error.to_string()))?;
        let mut tensors = BTreeMap::new();
        for (name, view) in file.tensors() {
            if view.dtype() != safetensors::Dtype::F32 {
                return Err(format(&data, format!("tensor `{name}` is {:?}, F32 is expected", view.dtype())));
            }
            tensors.insert(name, (view.shape().to_vec(), bytemuck::pod_collect_to_vec(view.data())));
        }
        Ok(Self { facts, module, losses, path: data, tensors })
    }

    /// An error about the case's tensors.
    pub fn problem(&self, problem: impl Into<String>) -> GoldenError {
        GoldenError::Format { path: self.path.clone(), problem: problem.into() }
    }

    /// Whether there is a tensor of this name.
    pub fn has(&self, name: &str) -> bool {
        self.tensors.contains_key(name)
    }

    /// A tensor's shape as a matrix, `[rows, columns]`, neither of them zero.
    pub fn shape(&self, name: &str) -> Result<[usize; 2], GoldenError> {
        match self.tensors.get(name).map(|(shape, _)| shape.as_slice()) {
            Some(&[rows, columns]) if rows > 0 && columns > 0 => Ok([rows, columns]),
            Some(shape) => Err(self.problem(format!("tensor `{name}` is {shape:?}, a matrix is expected"))),
            None => Err(self.problem(format!("tensor `{name}` is missing"))),
        }
    }

    /// A tensor's dimensions.
    pub fn dims(&self, name: &str) -> Result<&[usize], GoldenError> {
        let tensor = self.tensors.get(name).ok_or_else(|| self.problem(format!("tensor `{name}` is missing")))?;
        Ok(&tensor.0)
    }

    /// A tensor's values.
    pub fn tensor(&self, name: &str, len: usize) -> Result<&[f32], GoldenError> {
        match self.tensors.get(name) {
            Some((_, values)) if values.len() == len => Ok(values),
            Some((shape, _)) => Err(self.problem(format!("tensor `{name}` is {shape:?}, {len} elements are expected"))),
            None => Err(self.problem(format!("tensor `{name}` is missing"))),
        }
    }

    /// The rows of a tensor `[rows, columns]`; where there is a `NAME_aug`, its rows in between.
    pub fn with_views(&self, name: &str, rows: usize, columns: usize) -> Result<Vec<f32>, GoldenError> {
        let augmented = format!("{name}_aug");
        if !self.has(&augmented) {
            return Ok(self.tensor(name, rows * columns)?.to_vec());
        }
        let [plain, augmented] = [name, &augmented].map(|name| self.tensor(name, rows / 2 * columns));
        let pairs = plain?.chunks_exact(columns).zip(augmented?.chunks_exact(columns));
        Ok(pairs.flat_map(|(plain, augmented)| [plain, augmented]).flatten().copied().collect())
    }

    /// Widths of the encoder's layers, the pixels first.
    pub fn widths(&self) -> Result<Vec<usize>, GoldenError> {
        let mut widths = vec![self.shape("enc.0.weight")?[1]];
        for i in (0..).map(|i| format!("enc.{}.weight", 2 * i)).take_while(|name| self.has(name)) {
            widths.push(self.shape(&i)?[0]);
        }
        Ok(widths)
    }

    /// A loss of the JSON file.
    pub fn loss(&self, name: &str) -> Result<f64, GoldenError> {
        self.losses.get(name).and_then(serde_json::Value::as_f64).ok_or_else(|| GoldenError::Format {
            path: self.path.with_extension("json"),
            problem: format!("losses.{name} is not a number"),
        })
    }

    /// The losses of a trajectory, one for each step.
    pub fn trajectory(&self) -> Result<Vec<f64>, GoldenError> {
        let steps = self.losses.get("steps").and_then(serde_json::Value::as_array);
        let numbers = steps.map(|steps| steps.iter().map(serde_json::Value::as_f64).collect::<Option<Vec<f64>>>());
        numbers.flatten().filter(|steps| !steps.is_empty()).ok_or_else(|| GoldenError::Format {
            path: self.path.with_extension("json"),
            problem: "losses.steps is not a list of numbers".to_owned(),
        })
    }
}
