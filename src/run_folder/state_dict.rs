//! The state dict of a PyTorch model as people save it: names that a wrapper put a prefix before, numbers of half or double precision.

use super::checkpoint::not_finite;
use crate::console::name;
use crate::nn::ParamSpec;
use half::{bf16, f16};
use safetensors::tensor::{Dtype, TensorView};
use safetensors::{SafeTensorError, SafeTensors};
use std::collections::BTreeSet;

/// What PyTorch's batch normalisation counts beside its statistics; here the number of steps.
pub const COUNTER: &str = "num_batches_tracked";
/// The buffer that every batch normalisation has.
pub const VARIANCE: &str = "running_var";

/// A state dict that is read.
pub struct StateDict<'a> {
    file: SafeTensors<'a>,
    /// What every name begins with, beside the name that is looked for.
    pub prefix: String,
}

impl<'a> StateDict<'a> {
    /// Reads a file's header. Of the prefixes that all names share, and none, the one is taken off that leaves the most wanted names.
    ///
    /// # Errors
    /// When the bytes are not a whole safetensors file.
    pub fn open(bytes: &'a [u8], wanted: &[&str]) -> Result<Self, SafeTensorError> {
        let file = SafeTensors::deserialize(bytes)?;
        let found: BTreeSet<&str> = file.names().into_iter().collect();
        let fits =
            |prefix: &str| wanted.iter().filter(|name| found.contains(format!("{prefix}{name}").as_str())).count();
        let first = found.first().copied().unwrap_or_default();
        let prefixes = first.match_indices('.').map(|(at, _)| &first[..=at]);
        let shared = prefixes.take_while(|prefix| found.iter().all(|name| name.starts_with(prefix)));
        let longer = |best, prefix| if fits(prefix) > fits(best) { prefix } else { best };
        let prefix = shared.fold("", longer).to_owned();
        Ok(Self { file, prefix })
    }

    /// Copies the named tensors into a flat layout, and tells what is wrong with each that cannot be taken.
    pub fn flatten(&self, specs: &[ParamSpec], len: usize, problems: &mut Vec<String>) -> Vec<f32> {
        let mut flat = vec![0.0; len];
        for spec in specs {
            match self.tensor(spec) {
                Ok(numbers) => flat[spec.param.offset..][..numbers.len()].copy_from_slice(&numbers),
                Err(problem) => problems.push(problem),
            }
        }
        flat
    }

    /// The numbers of a tensor.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn tensor(&self, spec: &ParamSpec) -> Result<Vec<f32>, String> {
        let wanted = spec.param.shape;
        let Ok(found) = self.file.tensor(&format!("{}{}", self.prefix, spec.name)) else {
            return Err(format!("missing: `{}` {wanted:?}", spec.name));
        };
        let numbers = numbers(&found).filter(|_| found.shape() == wanted.dims()).ok_or_else(|| {
            format!("`{}` is {:?} {:?} there and F32 {wanted:?} here", spec.name, found.dtype(), found.shape())
        })?;
        if let Some(problem) = not_finite(&numbers) {
            return Err(format!("`{}`: {problem}", spec.name));
        }
        if spec.name.ends_with(VARIANCE) && numbers.iter().any(|&x| x < 0.0) {
            return Err(format!("`{}`: a variance is negative", spec.name));
        }
        Ok(numbers)
    }

    /// The names in the file that nobody wants, without their prefix.
    pub fn unknown(&self, wanted: &[&str]) -> Vec<String> {
        let known = |name: &str| name.ends_with(COUNTER) || wanted.contains(&name);
        let names = self.file.names().into_iter().map(|name| name.strip_prefix(self.prefix.as_str()).unwrap_or(name));
        names.filter(|name| !known(name)).map(|found| format!("unknown: `{}`", name(found))).collect()
    }
}

/// The numbers of a tensor in single precision, which has every number of half precision; none of other kinds. Of double precision the
/// nearest are taken.
fn numbers(tensor: &TensorView<'_>) -> Option<Vec<f32>> {
    let bytes = tensor.data();
    let words = || bytes.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
    match tensor.dtype() {
        Dtype::F32 => Some(bytemuck::pod_collect_to_vec(bytes)),
        Dtype::F16 => Some(words().map(|bits| f16::from_bits(bits).to_f32()).collect()),
        Dtype::BF16 => Some(words().map(|bits| bf16::from_bits(bits).to_f32()).collect()),
        Dtype::F64 => Some(bytemuck::pod_collect_to_vec::<u8, f64>(bytes).into_iter().map(|x| x as f32).collect()),
        _ => None,
    }
}
